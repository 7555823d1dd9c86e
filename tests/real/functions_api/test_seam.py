"""The seam in the real runtime: our clients inside requests, the person's `RuntimeCache` official.

These tests name what moved when a new `vercel_runtime` or `vercel` no longer fits.
"""

from __future__ import annotations

import asyncio
import contextvars
import json
import socket
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import uvicorn
import vercel_runtime.cache as runtime

from vercel_emu.guest import cache_client
from vercel_emu.runtime_cache import Scope
from vercel_emu.runtime_cache.http_api import RuntimeCacheAPI
from vercel_emu.runtime_cache.memory_store import MemoryStore

official = pytest.importorskip("vercel.cache")
official_context = pytest.importorskip("vercel.cache.context")
official_clients = pytest.importorskip("vercel.cache.cache_build")

TOKEN = "t"


@pytest.fixture(scope="module")
def cache_port() -> Iterator[int]:
    """The emulator's own runtime cache on a real server."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        api = RuntimeCacheAPI(MemoryStore(), Scope("p"), TOKEN, lambda event: None)
        api.port = port
        config = uvicorn.Config(api, lifespan="off", log_level="error")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        yield port
        server.should_exit = True
        thread.join()


@pytest.fixture
def seam(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up = runtime._load_vercel_cache_modules
    monkeypatch.setattr(runtime, "_load_vercel_cache_modules", looked_up)  # undone afterwards
    assert cache_client.install_cache_client_seam()


def in_a_request(port: int, deed: Callable[[], Any], protocol: str = "http") -> Any:
    """What the runtime does around the app, for one request."""
    pairs = {
        "x-vercel-sc-host": f"127.0.0.1:{port}",
        "x-vercel-sc-protocol": protocol,
        "x-vercel-sc-headers": json.dumps({"authorization": f"Bearer {TOKEN}"}),
    }

    def request() -> Any:
        runtime.set_runtime_cache_from_asgi_pairs(
            [(name.encode(), value.encode()) for name, value in pairs.items()]
        )
        try:
            return deed()
        finally:
            runtime.clear_runtime_cache_context()
            assert official_context.get_context().cache is None

    return contextvars.copy_context().run(request)


@pytest.mark.usefixtures("seam")
def test_the_runtime_takes_our_clients_and_the_official_context(cache_port: int) -> None:
    context = in_a_request(cache_port, official_context.get_context)
    assert isinstance(context.cache, cache_client.BuildCache)
    assert isinstance(context.async_cache, cache_client.AsyncBuildCache)
    assert context.cache._error is official_clients.RuntimeCacheError


@pytest.mark.usefixtures("seam")
def test_the_official_api_works_through_them(cache_port: int) -> None:
    def sync() -> Any:
        cache = official.RuntimeCache(namespace="n")
        cache.set("k", {"é": [1]}, {"ttl": 60, "tags": ["a", "b"], "name": "N"})
        return [cache.get("k"), "k" in cache, cache["k"], cache.get("missing")]

    async def coroutine() -> Any:
        cache = official.AsyncRuntimeCache(namespace="n")
        found = [await cache.get("k"), await cache.contains("k")]
        await cache.expire_tag(["b"])
        return [*found, await cache.get("k")]

    value = {"é": [1]}
    assert in_a_request(cache_port, sync) == [value, True, value, None]
    assert in_a_request(cache_port, lambda: asyncio.run(coroutine())) == [value, True, None]


@pytest.mark.usefixtures("seam")
def test_a_cache_elsewhere_keeps_the_official_clients(cache_port: int) -> None:
    context = in_a_request(cache_port, official_context.get_context, protocol="https")
    assert isinstance(context.cache, official_clients.BuildCache)
    assert isinstance(context.async_cache, official_clients.AsyncBuildCache)


@pytest.mark.usefixtures("seam")
def test_a_value_that_is_too_large_is_refused_in_silence(cache_port: int) -> None:
    def store() -> Any:
        cache = official.RuntimeCache()
        cache.set("big", "small")
        cache.set("big", "x" * (2 * 1024 * 1024))
        return cache.get("big")

    assert in_a_request(cache_port, store) == "small"


def test_a_runtime_without_that_function_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(runtime, "_load_vercel_cache_modules")
    assert cache_client.install_cache_client_seam() is False
    assert not hasattr(runtime, "_load_vercel_cache_modules")


def test_without_any_vercel_package_nothing_is_replaced() -> None:
    assert cache_client._faster(lambda: None)() is None


def test_the_built_in_clients_are_not_wrapped_again() -> None:
    built_in = SimpleNamespace(__vercel_emu__=True)
    assert cache_client._faster(lambda: (built_in, "context"))() == (built_in, "context")

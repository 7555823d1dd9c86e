"""The purge API: what it asks of the emulator, and how it comes into a request's context."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from typing import Any

import pytest

from vercel_emu.guest import purge_api


class Control:
    """What a control listener was asked, and what it answers."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[tuple[str, str | None, dict[str, Any]]] = []
        self.status = 200


@pytest.fixture
def control() -> Iterator[Control]:
    heard = Control()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            heard.asked.append((self.path, self.headers["authorization"], body))
            self.send_response(heard.status)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        heard.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield heard
        server.shutdown()
        thread.join()


def test_requests_and_answers(control: Control) -> None:
    api = purge_api.PurgeAPI(control.url, "Bearer t")
    api.invalidate_by_tag("a")
    api.dangerously_delete_by_tag(["a", "b"], revalidation_deadline_seconds=5)

    async def awaited() -> None:
        await api.invalidate_by_tag(["c"])

    asyncio.run(awaited())
    assert {one[:2] for one in control.asked} == {("/emu/v1/cdn/purge", "Bearer t")}
    assert [one[2] for one in control.asked] == [
        {"tags": ["a"], "delete": False, "deadline": None},
        {"tags": ["a", "b"], "delete": True, "deadline": 5},
        {"tags": ["c"], "delete": False, "deadline": None},
    ]


def test_a_refusal_is_an_error(control: Control) -> None:
    control.status = 400
    api = purge_api.PurgeAPI(control.url, "Bearer t")
    with pytest.raises(RuntimeError, match="purging a failed"):
        api.invalidate_by_tag("a")


def contexts(monkeypatch: pytest.MonkeyPatch, set_context: Any) -> Any:
    """What the runtime gets to work with, once the API is installed."""
    from vercel_runtime import cache

    modules = ("clients", SimpleNamespace(set_context=set_context))
    monkeypatch.setattr(cache, "_load_vercel_cache_modules", lambda: modules)
    assert purge_api.install("http://127.0.0.1:9", "Bearer t")
    clients, context = cache._load_vercel_cache_modules()  # type: ignore[misc]
    assert clients == "clients"
    return context


def test_the_context_gets_it_with_the_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, Any]] = []

    def set_context(*, cache: Any = None, async_cache: Any = None, purge: Any = None) -> None:
        seen.append({"cache": cache, "async_cache": async_cache, "purge": purge})

    context = contexts(monkeypatch, set_context)
    context.set_context(cache=1, async_cache=2)
    context.set_context(cache=None, async_cache=None)
    assert isinstance(seen[0]["purge"], purge_api.PurgeAPI)
    assert seen[1] == {"cache": None, "async_cache": None, "purge": None}


def test_an_sdk_without_purging_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def set_context(*, cache: Any = None) -> None:
        pass

    assert contexts(monkeypatch, set_context).set_context is set_context

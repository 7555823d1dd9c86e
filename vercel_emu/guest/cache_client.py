"""The cache client seam: hands `vercel_runtime` our cache clients instead of the official ones.

The runtime builds both clients anew for every request. With the official classes that is an HTTP
client with a TLS context each time (36 ms a request, measured); our endpoint is plain HTTP on
loopback, and ours cost microseconds. The person's `RuntimeCache` stays the official one.

Runs in the user's process: standard library only, nothing of `vercel_emu`.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

_CLIENT_FOLDER = os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "functions_api", "vercel", "cache", "_client"
)
_CLIENT_NAME = "_vercel_emu_cache_client"


def _load_client() -> Any:
    """Load the client package by its place, so that it needs no room in the `vercel` namespace."""
    if _CLIENT_NAME in sys.modules:
        return sys.modules[_CLIENT_NAME]
    spec = importlib.util.spec_from_file_location(
        _CLIENT_NAME,
        os.path.join(_CLIENT_FOLDER, "__init__.py"),
        submodule_search_locations=[_CLIENT_FOLDER],
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[_CLIENT_NAME] = module
    spec.loader.exec_module(module)
    return module


_client = _load_client()
BuildCache: Any = _client.BuildCache
AsyncBuildCache: Any = _client.AsyncBuildCache


def install_cache_client_seam() -> bool:
    """Replace the cache clients where the runtime looks them up; False if it no longer does.

    Without the seam everything still works, only slower. With the built-in `vercel.cache` there is
    nothing to replace: its classes are these.
    """
    try:
        runtime_cache = importlib.import_module("vercel_runtime.cache")
    except ImportError:
        return False
    load = getattr(runtime_cache, "_load_vercel_cache_modules", None)
    if not callable(load):
        return False
    runtime_cache._load_vercel_cache_modules = _faster(load)  # type: ignore[attr-defined]
    return True


def _faster(load: Callable[[], Any]) -> Callable[[], Any]:
    """Wrap the runtime's lookup: the official context, our clients; decided once."""
    found: list[Any] = []

    def load_vercel_cache_modules() -> Any:
        if found:
            return found[0]
        modules = load()
        if modules is None:
            return None
        cache_build, context = modules
        found.append((_clients_for(cache_build), context))
        return found[0]

    return load_vercel_cache_modules


def _clients_for(cache_build: ModuleType) -> Any:
    """What the runtime uses of `cache_build`; the official classes where ours don't reach."""
    if getattr(cache_build, "__vercel_emu__", False):
        return cache_build
    error = getattr(cache_build, "RuntimeCacheError", RuntimeError)
    ours = type("BuildCache", (BuildCache,), {"_error": error})
    official_async = getattr(cache_build, "AsyncBuildCache", AsyncBuildCache)
    return SimpleNamespace(
        BuildCache=_by_endpoint(ours, cache_build.BuildCache),
        AsyncBuildCache=_by_endpoint(AsyncBuildCache, official_async),
        RuntimeCacheError=error,
    )


def _by_endpoint(ours: Any, official: Any) -> Callable[..., Any]:
    """Ours for plain HTTP on this machine, the official class for every other address."""
    is_loopback = _client.is_loopback

    def build(*, endpoint: str, **options: Any) -> Any:
        chosen = ours if is_loopback(endpoint) else official
        return chosen(endpoint=endpoint, **options)

    return build

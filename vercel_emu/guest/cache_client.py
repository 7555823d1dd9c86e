"""The cache client seam: hands `vercel_runtime` our cache clients instead of the official ones.

The runtime builds both clients anew for every request. With the official classes that is an HTTP
client with a TLS context each time (36 ms a request, measured); our endpoint is plain HTTP on
loopback, and ours cost microseconds. The person's `RuntimeCache` stays the official one.

Our clients can be observed, so the emulator hears what the cache drops or changes in silence.

Runs in the user's process: standard library only, nothing of `vercel_emu`.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable
from types import FrameType, ModuleType, SimpleNamespace
from typing import Any

_CLIENT_FOLDER = os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "functions_api", "vercel", "cache", "_client"
)
_CLIENT_NAME = "_vercel_emu_cache_client"
_MOST_TOLD = 1000
_LONGEST_TEXT = 300


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


class SetReports:
    """Reports what is odd about a `set`: each key and reason once.

    `report` is `Control.report`; `root` is the project's folder, for the line of user code.
    """

    def __init__(self, report: Callable[..., None], root: str) -> None:
        self._report = report
        self._root = os.path.join(os.path.realpath(root), "")
        self._told: set[tuple[str, str]] = set()

    def observe(self, key: str, value: object, options: Any, outcome: Any) -> None:
        """Called after every `set`; never raises, for the app knows nothing of it."""
        try:
            for oddity in _client.oddities(value, options, outcome):
                self._tell(key, options, oddity)
        except Exception:  # a value may be of any class
            pass

    def _tell(self, key: str, options: Any, oddity: Any) -> None:
        if (key, oddity.reason) in self._told or len(self._told) >= _MOST_TOLD:
            return
        self._told.add((key, oddity.reason))
        name = options.get("name") if hasattr(options, "get") else None
        self._report(
            "emu-cache-set",
            key=_short(_plain_key() or key),
            stored_key=_short(key),
            name=_short(name or ""),
            place=self._place(),
            code=oddity.code,
            reason=_short(oddity.reason),
            stored=oddity.stored,
        )

    def _place(self) -> str:
        # Late: hardly any app has something to tell.
        from .file_system.callers import Callers

        return Callers(self._root).users_line()


def _plain_key() -> str:
    """The key as the app gave it to `RuntimeCache.set`, which has hashed it; empty if unknown."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        module = str(frame.f_globals.get("__name__"))
        if frame.f_code.co_name == "set" and module == "vercel.cache.runtime_cache":
            return str(frame.f_locals.get("key", ""))
        frame = frame.f_back
    return ""


def _short(text: object) -> str:
    """At most so many characters, and only such as UTF-8 has."""
    return str(text)[:_LONGEST_TEXT].encode(errors="backslashreplace").decode()


def install_cache_client_seam(observe: Callable[..., None] | None = None) -> bool:
    """Replace the cache clients where the runtime looks them up; False if it no longer does.

    `observe` is called after every `set`, as `_observe` of the clients is.

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
    runtime_cache._load_vercel_cache_modules = _faster(load, observe)  # type: ignore[attr-defined]
    return True


def _faster(
    load: Callable[[], Any], observe: Callable[..., None] | None = None
) -> Callable[[], Any]:
    """Wrap the runtime's lookup: the official context, our clients; decided once."""
    found: list[Any] = []

    def load_vercel_cache_modules() -> Any:
        if found:
            return found[0]
        modules = load()
        if modules is None:
            return None
        cache_build, context = modules
        found.append((_clients_for(cache_build, observe), context))
        return found[0]

    return load_vercel_cache_modules


def _clients_for(cache_build: ModuleType, observe: Callable[..., None] | None) -> Any:
    """What the runtime uses of `cache_build`; the official classes where ours don't reach."""
    more: dict[str, Any] = {}
    if observe is not None:
        more = {"_observe": staticmethod(observe), "_marks": {_client.OBSERVED: "1"}}
    if getattr(cache_build, "__vercel_emu__", False):
        for name, value in more.items():
            setattr(cache_build.BuildCache, name, value)
            setattr(cache_build.AsyncBuildCache, name, value)
        return cache_build
    error = getattr(cache_build, "RuntimeCacheError", RuntimeError)
    ours = type("BuildCache", (BuildCache,), {"_error": error, **more})
    ours_async = type("AsyncBuildCache", (AsyncBuildCache,), more)
    official_async = getattr(cache_build, "AsyncBuildCache", AsyncBuildCache)
    return SimpleNamespace(
        BuildCache=_by_endpoint(ours, cache_build.BuildCache),
        AsyncBuildCache=_by_endpoint(ours_async, official_async),
        RuntimeCacheError=error,
    )


def _by_endpoint(ours: Any, official: Any) -> Callable[..., Any]:
    """Ours for plain HTTP on this machine, the official class for every other address."""
    is_loopback = _client.is_loopback

    def build(*, endpoint: str, **options: Any) -> Any:
        chosen = ours if is_loopback(endpoint) else official
        return chosen(endpoint=endpoint, **options)

    return build

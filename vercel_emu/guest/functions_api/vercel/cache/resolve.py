"""Which cache serves a call: the request's, else the environment's, else this process's memory.

A thread that outlives its request has neither its context nor, on the platform, the environment
variables; it gets the cache that a request used last (`remember_cache`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any, Literal, overload

from .cache_build import AsyncBuildCache, BuildCache, RuntimeCacheError
from .cache_in_memory import AsyncInMemoryCache, InMemoryCache
from .context import get_context
from .types import AsyncCache, Cache

_warned: set[str] = set()


class _Kind:
    """The caches of one kind, sync or async, that this process has for calls outside a request."""

    def __init__(self, client: Callable[..., Any], strict_client: Any, memory: Any) -> None:
        self._client = client
        self._strict_client = strict_client
        self._memory = memory
        self._from_environment: Any = None
        self.remembered: Any = None

    def outside_a_request(self, strict: bool) -> Any:
        debug = os.getenv("SUSPENSE_CACHE_DEBUG") == "true"
        if os.getenv("RUNTIME_CACHE_DISABLE_BUILD_CACHE") == "true":
            if debug:
                print("Using InMemoryCache as build cache is disabled")
            return self._in_memory(strict, "build cache is disabled")

        endpoint = os.getenv("RUNTIME_CACHE_ENDPOINT")
        headers = os.getenv("RUNTIME_CACHE_HEADERS")
        if debug:
            given = {"RUNTIME_CACHE_ENDPOINT": endpoint, "RUNTIME_CACHE_HEADERS": headers}
            print("Runtime cache environment variables:", given)
        if endpoint and headers:
            return self._at(endpoint, headers, strict)
        if self.remembered is not None:
            return self.remembered
        cache = self._in_memory(strict, "no request cache context or runtime cache environment")
        _warn("Runtime Cache unavailable in this environment. Falling back to in-memory cache.")
        return cache

    def _at(self, endpoint: str, headers: str, strict: bool) -> Any:
        try:
            parsed = json.loads(headers)
            if not isinstance(parsed, dict):
                raise ValueError("RUNTIME_CACHE_HEADERS must be a JSON object")  # noqa: TRY004, TRY301
        except Exception as error:
            print("Failed to parse RUNTIME_CACHE_HEADERS:", error)
            return self._in_memory(strict, "invalid RUNTIME_CACHE_HEADERS", error)

        if self._from_environment is None:  # once: later changes of the variables aren't seen
            self._from_environment = self._client(
                endpoint=endpoint, headers=parsed, on_error=lambda error: print(error)
            )
        self.remembered = self._from_environment
        if strict and self._strict_client is not None:
            self.remembered = self._strict_client(endpoint=endpoint, headers=parsed, strict=True)
        return self.remembered

    def _in_memory(self, strict: bool, reason: str, cause: Exception | None = None) -> Any:
        if strict:
            raise RuntimeCacheError(f"Runtime Cache unavailable: {reason}") from cause
        return self._memory


_memory = InMemoryCache()
_kinds = {
    True: _Kind(BuildCache, BuildCache, _memory),
    False: _Kind(AsyncBuildCache, None, AsyncInMemoryCache(delegate=_memory)),
}


@overload
def resolve_cache(sync: Literal[True] = ..., strict: bool = ...) -> Cache: ...


@overload
def resolve_cache(sync: Literal[False], strict: bool = ...) -> AsyncCache: ...


def resolve_cache(sync: bool = True, strict: bool = False) -> Cache | AsyncCache:
    """The cache for a call made here and now; strict raises rather than use memory."""
    kind, context = _kinds[bool(sync)], get_context()
    cache: Any = context.cache if sync else context.async_cache
    if cache is None:
        cache = kind.outside_a_request(strict)
    else:
        kind.remembered = cache
    found: Cache | AsyncCache = cache
    return found


def remember_cache(cache: Cache | AsyncCache, *, sync: bool) -> None:
    """Keep `cache` for threads that will have no request of their own."""
    _kinds[bool(sync)].remembered = cache


def prime_runtime_cache() -> None:
    """Remember this request's cache now, for threads that will ask later; never raises."""
    try:
        resolve_cache(sync=True, strict=True)
    except RuntimeCacheError:
        return


def _warn(text: str) -> None:
    if text not in _warned:
        _warned.add(text)
        print(text)

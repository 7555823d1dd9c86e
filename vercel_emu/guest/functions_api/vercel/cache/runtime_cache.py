"""`RuntimeCache` and `AsyncRuntimeCache`: the cache that a function sees.

Neither holds a connection. Each call finds the cache that serves it (`resolve_cache`), so one
object made when a module is imported works in every request, thread and event loop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, overload

from .resolve import prime_runtime_cache, remember_cache, resolve_cache
from .types import AsyncCache, Cache
from .utils import create_key_transformer

__all__ = [
    "AsyncRuntimeCache",
    "RuntimeCache",
    "get_cache",
    "prime_runtime_cache",
    "remember_cache",
    "resolve_cache",
]


class RuntimeCache(Cache):
    """The runtime cache, for blocking code.

    Values are anything JSON can hold, at most 2 MB an item. Keys of any length are hashed
    (`key_hash_function`) and prefixed with `namespace` and `namespace_separator` (`$`).
    Errors of the cache are swallowed: a `get` then gives None, a `set` does nothing. With
    `strict=True` it raises `RuntimeCacheError` where there is no real cache, instead of falling
    back to this process's memory.
    """

    def __init__(
        self,
        *,
        key_hash_function: Callable[[str], str] | None = None,
        namespace: str | None = None,
        namespace_separator: str | None = None,
        strict: bool = False,
    ) -> None:
        self._make_key = create_key_transformer(key_hash_function, namespace, namespace_separator)
        self._strict = strict

    def get(self, key: str) -> Any:
        """The item under `key`; None if there is none, or if it is expired."""
        return self._cache().get(self._make_key(key))

    def set(self, key: str, value: object, options: dict[str, Any] | None = None) -> None:
        """Store `value`. Options: `ttl` (whole seconds; absent or 0: no end), `tags` (at most 128,
        of 256 bytes each), `name` (shown in dashboards)."""
        return self._cache().set(self._make_key(key), value, options)

    def delete(self, key: str) -> None:
        """Remove the item under `key`, if there is one."""
        return self._cache().delete(self._make_key(key))

    def expire_tag(self, tag: str | Sequence[str]) -> None:
        """Expire every item with this tag, or with one of these. Tags know no namespace.

        On the platform it is seen everywhere within 300 milliseconds.
        """
        return self._cache().expire_tag(tag)

    def __contains__(self, key: str) -> bool:
        return self._make_key(key) in self._cache()

    def __getitem__(self, key: str) -> Any:
        if key in self:
            return self.get(key)
        raise KeyError(key)

    def _cache(self) -> Cache:
        return resolve_cache(sync=True, strict=self._strict)


class AsyncRuntimeCache(AsyncCache):
    """The runtime cache, for coroutines; see `RuntimeCache` for keys, values and limits."""

    def __init__(
        self,
        *,
        key_hash_function: Callable[[str], str] | None = None,
        namespace: str | None = None,
        namespace_separator: str | None = None,
    ) -> None:
        self._make_key = create_key_transformer(key_hash_function, namespace, namespace_separator)

    async def get(self, key: str) -> Any:
        """The item under `key`; None if there is none, or if it is expired."""
        return await self._cache().get(self._make_key(key))

    async def set(self, key: str, value: object, options: dict[str, Any] | None = None) -> None:
        """Store `value`; options `ttl` (whole seconds), `tags`, `name` as for `RuntimeCache`."""
        return await self._cache().set(self._make_key(key), value, options)

    async def delete(self, key: str) -> None:
        """Remove the item under `key`, if there is one."""
        return await self._cache().delete(self._make_key(key))

    async def expire_tag(self, tag: str | Sequence[str]) -> None:
        """Expire every item with this tag, or with one of these. Tags know no namespace."""
        return await self._cache().expire_tag(tag)

    async def contains(self, key: str) -> bool:
        """Whether there is a fresh item under `key`."""
        return await self._cache().contains(self._make_key(key))

    def _cache(self) -> AsyncCache:
        return resolve_cache(sync=False)


@overload
def get_cache(
    *,
    key_hash_function: Callable[[str], str] | None = ...,
    namespace: str | None = ...,
    namespace_separator: str | None = ...,
    sync: Literal[True] = ...,
) -> RuntimeCache: ...


@overload
def get_cache(
    *,
    key_hash_function: Callable[[str], str] | None = ...,
    namespace: str | None = ...,
    namespace_separator: str | None = ...,
    sync: Literal[False],
) -> AsyncRuntimeCache: ...


def get_cache(
    *,
    key_hash_function: Callable[[str], str] | None = None,
    namespace: str | None = None,
    namespace_separator: str | None = None,
    sync: bool = True,
) -> RuntimeCache | AsyncRuntimeCache:
    """A `RuntimeCache`, or with `sync=False` an `AsyncRuntimeCache`."""
    kind = RuntimeCache if sync else AsyncRuntimeCache
    return kind(
        key_hash_function=key_hash_function,
        namespace=namespace,
        namespace_separator=namespace_separator,
    )

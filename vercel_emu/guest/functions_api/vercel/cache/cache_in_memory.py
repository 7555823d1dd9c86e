"""The cache of last resort: this process's memory, forgotten with it.

Unlike the real one it keeps the object itself, not its JSON, and a `ttl` of 0 expires at once;
both as in the official package.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import time
from typing import Any, NamedTuple

from .types import AsyncCache, Cache


class _Entry(NamedTuple):
    value: object
    tags: set[str]
    stored_at: int  # milliseconds
    ttl: Any  # seconds, or None: for good

    @property
    def expired(self) -> bool:
        return self.ttl is not None and bool(self.stored_at + self.ttl * 1000 < time() * 1000)


class InMemoryCache(Cache):
    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}

    def get(self, key: str) -> Any:
        entry = self._fresh(key)
        return None if entry is None else entry.value

    def set(self, key: str, value: object, options: dict[str, Any] | None = None) -> None:
        given = options or {}
        tags = set(given.get("tags", []))
        self._entries[key] = _Entry(value, tags, int(time() * 1000), given.get("ttl"))

    def delete(self, key: str) -> None:
        self._entries.pop(key, None)

    def expire_tag(self, tag: str | Sequence[str]) -> None:
        expired = {tag} if isinstance(tag, str) else set(tag)
        for key in [key for key, entry in self._entries.items() if entry.tags & expired]:
            self._entries.pop(key, None)

    def __contains__(self, key: str) -> bool:
        return self._fresh(key) is not None

    def __getitem__(self, key: str) -> Any:
        if key in self:
            return self.get(key)
        raise KeyError(key)

    def _fresh(self, key: str) -> _Entry | None:
        entry = self._entries.get(key)
        if entry is not None and entry.expired:
            self.delete(key)
            return None
        return entry


class AsyncInMemoryCache(AsyncCache):
    """The same store behind coroutines, so that both kinds see each other's items."""

    def __init__(self, delegate: InMemoryCache | None = None) -> None:
        self.cache = delegate or InMemoryCache()

    async def get(self, key: str) -> Any:
        return self.cache.get(key)

    async def set(self, key: str, value: object, options: dict[str, Any] | None = None) -> None:
        self.cache.set(key, value, options)

    async def delete(self, key: str) -> None:
        self.cache.delete(key)

    async def expire_tag(self, tag: str | Sequence[str]) -> None:
        self.cache.expire_tag(tag)

    async def contains(self, key: str) -> bool:
        return key in self.cache

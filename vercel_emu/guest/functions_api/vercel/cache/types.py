"""The shapes of a cache and of the purge API, for type checkers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol


class Cache(Protocol):
    """A cache for blocking code."""

    def delete(self, key: str) -> None: ...

    def get(self, key: str) -> Any: ...

    def __contains__(self, key: str) -> bool: ...

    def set(self, key: str, value: object, options: dict[str, Any] | None = None) -> None: ...

    def expire_tag(self, tag: str | Sequence[str]) -> None: ...


class AsyncCache(Protocol):
    """A cache for coroutines."""

    async def delete(self, key: str) -> None: ...

    async def get(self, key: str) -> Any: ...

    async def set(self, key: str, value: object, options: dict[str, Any] | None = None) -> None: ...

    async def expire_tag(self, tag: str | Sequence[str]) -> None: ...

    async def contains(self, key: str) -> bool: ...


class PurgeAPI(Protocol):
    """What the platform puts into the context for `vercel.cache.purge`."""

    def invalidate_by_tag(self, tag: str | list[str]) -> Any: ...

    def dangerously_delete_by_tag(
        self, tag: str | list[str], *, revalidation_deadline_seconds: int | None = None
    ) -> Any: ...


class AsyncPurgeAPI(Protocol):
    """The same with coroutines."""

    async def invalidate_by_tag(self, tag: str | list[str]) -> Any: ...

    async def dangerously_delete_by_tag(
        self, tag: str | list[str], *, revalidation_deadline_seconds: int | None = None
    ) -> Any: ...

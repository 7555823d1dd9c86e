"""What belongs to the request in progress; the runtime fills it in, per task and per thread."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass

from ..headers import get_headers, set_headers
from .types import PurgeAPI

__all__ = ["UNSET", "get_context", "get_headers", "set_context", "set_headers"]

_WaitUntil = Callable[[Awaitable[object]], None]

_wait_until: ContextVar[_WaitUntil | None] = ContextVar("vercel_wait_until", default=None)
_cache: ContextVar[object | None] = ContextVar("vercel_cache", default=None)
_async_cache: ContextVar[object | None] = ContextVar("vercel_async_cache", default=None)
_purge: ContextVar[PurgeAPI | None] = ContextVar("vercel_purge", default=None)


class _Unset:
    """Tells "not given" from None, which clears."""


UNSET = _Unset()


@dataclass
class _ContextSnapshot:
    wait_until: _WaitUntil | None
    cache: object | None
    async_cache: object | None
    purge: PurgeAPI | None
    headers: Mapping[str, str] | None


def get_context() -> _ContextSnapshot:
    """Everything about the request in progress, as it is now."""
    return _ContextSnapshot(
        wait_until=_wait_until.get(),
        cache=_cache.get(),
        async_cache=_async_cache.get(),
        purge=_purge.get(),
        headers=get_headers(),
    )


def set_context(
    *,
    wait_until: _WaitUntil | _Unset | None = UNSET,
    cache: object | _Unset | None = UNSET,
    async_cache: object | _Unset | None = UNSET,
    purge: PurgeAPI | _Unset | None = UNSET,
    headers: Mapping[str, str] | _Unset | None = UNSET,
) -> None:
    """Set what is given, leave the rest; None clears."""
    if not isinstance(wait_until, _Unset):
        _wait_until.set(wait_until)
    if not isinstance(cache, _Unset):
        _cache.set(cache)
    if not isinstance(async_cache, _Unset):
        _async_cache.set(async_cache)
    if not isinstance(purge, _Unset):
        _purge.set(purge)
    if not isinstance(headers, _Unset):
        set_headers(headers)

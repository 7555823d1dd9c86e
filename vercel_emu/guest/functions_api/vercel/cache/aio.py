"""The same as `vercel.cache`, with coroutines only."""

from __future__ import annotations

from collections.abc import Callable

from .runtime_cache import AsyncRuntimeCache

__all__ = ["AsyncRuntimeCache", "get_cache"]


def get_cache(
    *,
    key_hash_function: Callable[[str], str] | None = None,
    namespace: str | None = None,
    namespace_separator: str | None = None,
) -> AsyncRuntimeCache:
    """A runtime cache for coroutines; see `AsyncRuntimeCache`."""
    return AsyncRuntimeCache(
        key_hash_function=key_hash_function,
        namespace=namespace,
        namespace_separator=namespace_separator,
    )

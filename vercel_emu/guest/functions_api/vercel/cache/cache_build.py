"""The clients of a runtime cache behind an HTTP endpoint, under the name where they are sought."""

from __future__ import annotations

from ._client.caches import AsyncBuildCache, BuildCache
from ._client.protocol import (
    HEADERS_VERCEL_CACHE_ITEM_NAME,
    HEADERS_VERCEL_CACHE_STATE,
    HEADERS_VERCEL_CACHE_TAGS,
    HEADERS_VERCEL_REVALIDATE,
    RuntimeCacheError,
)

__all__ = [
    "HEADERS_VERCEL_CACHE_ITEM_NAME",
    "HEADERS_VERCEL_CACHE_STATE",
    "HEADERS_VERCEL_CACHE_TAGS",
    "HEADERS_VERCEL_REVALIDATE",
    "AsyncBuildCache",
    "BuildCache",
    "RuntimeCacheError",
]

# Tells the emulator's seam that there is nothing to replace here.
__vercel_emu__ = True

"""The runtime cache: small JSON values kept between requests, shared by all instances.

Limits of the platform: an item 2 MB, 128 tags an item, 256 bytes a tag; `ttl` in whole seconds.
"""

from __future__ import annotations

from .cache_build import RuntimeCacheError
from .purge import dangerously_delete_by_tag, invalidate_by_tag
from .runtime_cache import AsyncRuntimeCache, RuntimeCache, get_cache, prime_runtime_cache

__all__ = [
    "AsyncRuntimeCache",
    "RuntimeCache",
    "RuntimeCacheError",
    "dangerously_delete_by_tag",
    "get_cache",
    "invalidate_by_tag",
    "prime_runtime_cache",
]

"""The runtime cache: the platform's semantics (policy), where items live (stores), and the
HTTP protocol that the official SDK speaks (http_api)."""

from vercel_emu.runtime_cache.model import (
    DEFAULT_MAX_BYTES,
    Item,
    ItemInfo,
    Page,
    Query,
    Scope,
    Stats,
    StoreUnavailableError,
)
from vercel_emu.runtime_cache.open_store import open_store
from vercel_emu.runtime_cache.store import Store

__all__ = [
    "DEFAULT_MAX_BYTES",
    "Item",
    "ItemInfo",
    "Page",
    "Query",
    "Scope",
    "Stats",
    "Store",
    "StoreUnavailableError",
    "open_store",
]

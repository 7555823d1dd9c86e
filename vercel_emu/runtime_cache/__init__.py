"""The runtime cache: the platform's semantics (policy), where items live (stores), and the HTTP
protocol that the official SDK speaks (http_api).

In come requests of the SDK, on the control listener, and operations of the `cache` commands. Out
go items, and the statuses and bodies of the platform. Time is a clock that is handed in; what
counts as expired is decided in one place.

Start with `policy.py` (the rules, plain functions), `store.py` (the small interface of a store)
and `http_api.py` (the protocol). `memory_store.py` is the simplest store, `sqlite/` the default,
`redis/` the shared one. `operations.py` is what commands can ask, `exchange.py` the lines of
export and import, `identity.py` whose items they are, `sdk_keys.py` how the SDK makes a
key, `model.py` the values.
"""

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

"""The runtime cache's client: keep-alive HTTP/1.1 over plain sockets, for threads and event loops.

Self-contained (relative imports, standard library), because two parties load it: the built-in
`vercel.cache`, and the emulator's seam, which hands these classes to the runtime where the
official package would build a new HTTP client with a TLS context for every request.

Read in this order: `caches` (the two classes), `protocol` (what is asked and what an answer
means), `exchange` (one question, one answer, on a socket), `pool`, `wire`, `address`, `fallback`,
and `oddities` (what is dropped or changed without a word).
"""

from .address import is_loopback
from .caches import AsyncBuildCache, BuildCache
from .oddities import OBSERVED, oddities
from .protocol import RuntimeCacheError

__all__ = [
    "OBSERVED",
    "AsyncBuildCache",
    "BuildCache",
    "RuntimeCacheError",
    "is_loopback",
    "oddities",
]

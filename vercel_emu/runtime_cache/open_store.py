"""Picks the store that `--cache` names; only that one is imported."""

from __future__ import annotations

import time
from pathlib import Path

from vercel_emu.errors import EmuError
from vercel_emu.events import Emit
from vercel_emu.runtime_cache.model import DEFAULT_MAX_BYTES
from vercel_emu.runtime_cache.store import Clock, Store, ignore


def open_store(
    spec: str = "file",
    *,
    path: Path,
    max_bytes: int = DEFAULT_MAX_BYTES,
    clock: Clock = time.time,
    emit: Emit = ignore,
) -> Store:
    """Open the store that `--cache` names; `path` is used by `file` alone."""
    if spec == "file":
        from vercel_emu.runtime_cache.sqlite.store import SQLiteStore

        return SQLiteStore(path, max_bytes=max_bytes, clock=clock, emit=emit)
    if spec == "memory":
        from vercel_emu.runtime_cache.memory_store import MemoryStore

        return MemoryStore(max_bytes=max_bytes, clock=clock)
    if spec.startswith(("redis://", "rediss://", "valkey://", "valkeys://", "unix://")):
        from vercel_emu.runtime_cache.redis.connect import open_redis

        return open_redis(spec, clock=clock, emit=emit)
    raise EmuError(
        "INVALID_CACHE",
        f"The runtime cache can't be {spec!r}.",
        "Use `file`, `memory`, or the address of a server: redis://HOST:PORT/DB, rediss://..., valkey://...",
    )

"""What SQLite's error codes mean for a cache, as plain functions."""

from __future__ import annotations

import sqlite3
from enum import Enum
from pathlib import Path

_READONLY_MOVED = 1032  # SQLITE_READONLY_DBMOVED: somebody removed or replaced the file


class Fault(Enum):
    BUSY = "busy"
    CORRUPT = "corrupt"
    MOVED = "moved"
    FULL = "full"
    READ_ONLY = "read-only"
    CANNOT_OPEN = "cannot open"
    BROKEN = "broken"


WRITE_FAULTS = frozenset({Fault.BUSY, Fault.FULL, Fault.READ_ONLY, Fault.BROKEN})
"""Faults that only writes meet: reads may go on meanwhile."""

_BY_CODE = {
    sqlite3.SQLITE_BUSY: Fault.BUSY,
    sqlite3.SQLITE_LOCKED: Fault.BUSY,
    sqlite3.SQLITE_CORRUPT: Fault.CORRUPT,
    sqlite3.SQLITE_NOTADB: Fault.CORRUPT,
    sqlite3.SQLITE_FULL: Fault.FULL,
    sqlite3.SQLITE_READONLY: Fault.READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: Fault.CANNOT_OPEN,
}


def classify(error: Exception) -> Fault:
    """The fault behind an exception of `sqlite3` or of the file system."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return Fault.CANNOT_OPEN if isinstance(error, OSError) else Fault.BROKEN
    if code == _READONLY_MOVED:
        return Fault.MOVED
    return _BY_CODE.get(code & 0xFF, Fault.BROKEN)


_NEXT_STEPS = {
    Fault.BUSY: "Another process holds a lock on it; end that process, or wait until it is done.",
    Fault.FULL: "Free some disk space; the cache goes on by itself.",
    Fault.READ_ONLY: "Make the file and its folder writable, or use `--cache memory`.",
    Fault.CANNOT_OPEN: "Make its folder writable, or use `--cache memory`.",
}


def explain(fault: Fault, path: Path, error: Exception) -> tuple[str, str, str]:
    """Code, message and next step for a person."""
    message = f"The runtime cache {path} can't be used ({fault.value}: {error})."
    step = _NEXT_STEPS.get(fault, "Remove the file to begin an empty cache.")
    return f"CACHE_{fault.name}", message, step

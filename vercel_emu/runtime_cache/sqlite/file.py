"""Opening the cache file: creating it, judging what is there, setting a bad one aside."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from vercel_emu.emu_folder import PRIVATE_FILE, make_folder
from vercel_emu.events import Emit, Notice
from vercel_emu.runtime_cache.sqlite.faults import Fault, classify
from vercel_emu.runtime_cache.sqlite.schema import APPLICATION_ID, migrate

type FileId = tuple[int, int]

_MAGIC = b"SQLite format 3\x00"
_SIDE_FILES = ("-wal", "-shm", "-journal")


def connect(path: Path, *, busy_timeout_ms: int, cache_kb: int) -> sqlite3.Connection:
    """A connection set up for the cache. It is used by one thread at a time.

    WAL with `synchronous = NORMAL`: a committed write survives the end of the process, however
    it ends; a power cut may lose the last writes but never damages the file. Checkpoints
    are ours to start (`wal_autocheckpoint = 0`), so that none ever runs inside a request.
    """
    connection = sqlite3.connect(
        path, timeout=busy_timeout_ms / 1000, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute(f"PRAGMA cache_size = -{cache_kb}")
    except BaseException:
        connection.close()
        raise
    return connection


def prepare(path: Path, emit: Emit) -> None:
    """Make sure that a sound file of our schema is at `path`.

    A corrupt or foreign file there is set aside under a new name, never deleted. Emulators that
    open, or set aside, at the same moment take turns.
    """
    make_folder(path.parent)
    with _turn(path):
        reason = _judge(path)
        if reason:
            _set_aside(path, reason, emit)
            _judge(path)


def replace(path: Path, opened: FileId | None, reason: str, emit: Emit) -> None:
    """Set aside the file that `opened` identified, unless somebody has done so already."""
    with _turn(path):
        if opened is not None and file_id(path) == opened:
            _set_aside(path, reason, emit)
    prepare(path, emit)


def file_id(path: Path) -> FileId | None:
    """Which file is at `path` now; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def wal_size(path: Path) -> int:
    """Bytes that wait for a checkpoint."""
    try:
        return path.with_name(path.name + "-wal").stat().st_size
    except OSError:
        return 0


def _judge(path: Path) -> str:
    """Why the file can't be ours, else "" with the file created and migrated."""
    if path.is_file() and path.stat().st_size >= 100:
        with path.open("rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                return "it is not an SQLite database"
    connection: sqlite3.Connection | None = None
    if not path.exists():
        # SQLite's own files beside it get its mode.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE))
    try:
        connection = connect(path, busy_timeout_ms=3000, cache_kb=256)
        owner = connection.execute("PRAGMA application_id").fetchone()[0]
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if owner != APPLICATION_ID and tables:
            return "it is the database of another program"
        connection.execute("PRAGMA journal_mode = WAL")
        migrate(connection)
    except sqlite3.Error as error:
        if classify(error) is not Fault.CORRUPT:
            raise
        return f"it is damaged ({error})"
    finally:
        if connection is not None:
            connection.close()
    return ""


def _set_aside(path: Path, reason: str, emit: Emit) -> None:
    stamp = time.strftime("%Y%m%d-%H%M%S")
    aside = path.with_name(f"{path.name}.set-aside-{stamp}")
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.set-aside-{stamp}-{number}")
    for suffix in ("", *_SIDE_FILES):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
    emit(
        Notice(
            level="warn",
            code="CACHE_SET_ASIDE",
            message=f"The runtime cache {path} was set aside: {reason}. A new one begins empty.",
            hint=f"The old file is now {aside.name}, in the same folder; remove it "
            "if nothing in it matters.",
        )
    )


@contextlib.contextmanager
def _turn(path: Path) -> Iterator[None]:
    descriptor = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)

"""The connections to the cache file, and what happens when the file lets us down.

`now` runs a short job on the event loop, on a connection that never waits for a lock.
`writer` and `reader` run what may take longer in a thread each: short chunks that write, and
scans. A file that is damaged is set aside, one that was removed is begun anew.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from vercel_emu.events import Emit, Event, Notice
from vercel_emu.runtime_cache.model import StoreUnavailableError
from vercel_emu.runtime_cache.sqlite import file
from vercel_emu.runtime_cache.sqlite.faults import WRITE_FAULTS, Fault, classify, explain
from vercel_emu.runtime_cache.sqlite.worker import Worker

type Job[T] = Callable[[sqlite3.Connection], T]

_BUSY_TIMEOUT_MS = 3000
_REOPEN_EVERY = 2.0


class FileReplacedError(StoreUnavailableError):
    """The file was set aside or begun anew meanwhile: what was known of it no longer holds."""


class Database:
    """Opens the file at once. A failure is reported once, and raised as StoreUnavailableError."""

    def __init__(self, path: Path, emit: Emit, on_replace: Callable[[], None]) -> None:
        self.path = path
        self._emit = emit
        self._on_replace = on_replace
        self._main: sqlite3.Connection | None = None
        self._opened: file.FileId | None = None
        self._opening = asyncio.Lock()
        self._fault: Fault | None = None
        self._reopen_at = 0.0
        slow = partial(file.connect, path, busy_timeout_ms=_BUSY_TIMEOUT_MS, cache_kb=2048)
        self._writer = Worker("cache-writer", slow)
        self._reader = Worker("cache-reader", slow)
        try:
            file.prepare(path, emit)
            self._connect()
        except (sqlite3.Error, OSError) as error:
            self._report(error)

    async def now[T](self, job: Job[T]) -> T:
        """Do a short job on the loop; in the writer's thread where somebody holds the lock."""
        if self._main is None:
            await self._reopen()
        try:
            assert self._main is not None
            changes = self._main.total_changes
            result = job(self._main)
        except sqlite3.Error as error:
            if classify(error) is Fault.BUSY:
                return await self.writer(job)
            raise self._failed(error) from error
        if self._fault is not None:
            self._succeeded(wrote=self._main.total_changes != changes)
        return result

    async def writer[T](self, job: Job[T]) -> T:
        """Do a chunk of work in the writer's thread, patient with other processes' locks."""
        return await self._in(self._writer, job)

    async def reader[T](self, job: Job[T]) -> T:
        """Do a scan in the reader's thread."""
        return await self._in(self._reader, job)

    def notice_removal(self) -> None:
        """Begin anew where somebody removed or replaced the file under us."""
        if self._opened is not None and file.file_id(self.path) != self._opened:
            self._disconnect()

    def set_aside(self, reason: str) -> None:
        """Put the file away under a new name and begin an empty one."""
        opened = self._opened
        self._disconnect()
        file.replace(self.path, opened, reason, self._emit)

    def retry_now(self) -> None:
        self._reopen_at = 0.0

    async def close(self) -> None:
        await self._reader.close()
        await self._writer.close()
        self._disconnect()

    async def _in[T](self, worker: Worker, job: Job[T]) -> T:
        if self._main is None:
            await self._reopen()

        def watched(connection: sqlite3.Connection) -> tuple[T, bool]:
            changes = connection.total_changes
            return job(connection), connection.total_changes != changes

        try:
            result, wrote = await worker.run(watched)
        except (sqlite3.Error, OSError) as error:
            raise self._failed(error) from error
        if self._fault is not None:
            self._succeeded(wrote=wrote)
        return result

    def _connect(self) -> None:
        self._main = file.connect(self.path, busy_timeout_ms=0, cache_kb=8192)
        self._opened = file.file_id(self.path)

    def _disconnect(self) -> None:
        """Let go of the file; the workers follow with their next job."""
        self._writer.disconnect()
        self._reader.disconnect()
        if self._main is not None:
            self._main.close()
        self._main = self._opened = None
        self._on_replace()

    async def _reopen(self) -> None:
        """Open a file that is new, or could not be opened; the latter not with every request."""
        async with self._opening:
            if self._main is not None:
                return
            if time.monotonic() < self._reopen_at:
                message = f"The runtime cache {self.path} can't be opened."
                raise StoreUnavailableError("CACHE_UNAVAILABLE", message)
            events: list[Event] = []
            try:
                await asyncio.to_thread(file.prepare, self.path, events.append)
                self._connect()
            except (sqlite3.Error, OSError) as error:
                raise self._report(error) from error
            finally:
                for event in events:
                    self._emit(event)

    def _failed(self, error: Exception) -> StoreUnavailableError:
        """Deal with a failed job; the exception to raise."""
        fault = classify(error)
        if fault not in (Fault.CORRUPT, Fault.MOVED):
            return self._report(error)
        try:
            if fault is Fault.CORRUPT:
                self.set_aside(f"it is damaged ({error})")
            else:
                self._disconnect()
        except (sqlite3.Error, OSError) as second:
            return self._report(second)
        return FileReplacedError("CACHE_REPLACED", f"The runtime cache {self.path} was begun anew.")

    def _report(self, error: Exception) -> StoreUnavailableError:
        """Tell the terminal about a fault, once until it changes."""
        fault = classify(error)
        code, message, hint = explain(fault, self.path, error)
        self._reopen_at = time.monotonic() + _REOPEN_EVERY
        if fault is not self._fault:
            self._fault = fault
            self._emit(Notice(level="warn", code=code, message=message, hint=hint))
        return StoreUnavailableError(code, message, hint)

    def _succeeded(self, *, wrote: bool) -> None:
        """A fault is over. Reading works on a full disk too, so that proves nothing there."""
        if self._fault in WRITE_FAULTS and not wrote:
            return
        self._fault = None
        self._emit(Notice(level="info", message=f"The runtime cache {self.path} works again."))

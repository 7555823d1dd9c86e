"""When upkeep runs: beside the requests, at most once a second, in the writer's thread."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from functools import partial

from vercel_emu import tasks
from vercel_emu.errors import EmuError
from vercel_emu.runtime_cache.model import StoreUnavailableError
from vercel_emu.runtime_cache.sqlite import file, queries, upkeep
from vercel_emu.runtime_cache.sqlite.database import Database
from vercel_emu.runtime_cache.sqlite.usage import Usage
from vercel_emu.runtime_cache.store import Clock

_EVERY = 1.0
_SWEEP_AT = 1000
_WRITTEN_AT_MOST = 16 * 1024 * 1024


class Keeper:
    """Started by the operations themselves: a cache that nobody uses costs nothing."""

    def __init__(
        self, database: Database, usage: Usage, max_bytes: int, clock: Clock, *, unclean: bool
    ) -> None:
        self.crowded = False
        """Far over the bound: writers should queue behind the eviction, not outrun it."""

        self._database = database
        self._usage = usage
        self._max_bytes = max_bytes
        self._clock = clock
        self._unclean = unclean
        self._next = 0.0
        self._full = False
        self._written = 0
        self._expiries = _SWEEP_AT  # at first nobody knows how many the file holds
        self._task: asyncio.Task[None] | None = None

    def after_read(self) -> None:
        if time.monotonic() >= self._next:
            self._start()

    def after_write(self, size: int, weight: int) -> None:
        """`weight` is what all items weigh now."""
        self._written += size
        self._full = self._full or weight > self._max_bytes
        self.crowded = weight > self._max_bytes + self._max_bytes // 8
        if self._full or self._written > _WRITTEN_AT_MOST or time.monotonic() >= self._next:
            self._start()

    def after_expiry(self, tags: int) -> None:
        self._expiries += tags
        self.after_read()

    def due(self) -> None:
        self._next = 0.0

    async def settle(self) -> None:
        """Wait for upkeep that has begun."""
        if self._task is not None:
            await self._task

    async def flush(self) -> None:
        """Write down what reads left behind."""
        if self._usage:
            touched, counts = self._usage.take()
            used = self._clock()
            await self._database.writer(lambda c: queries.record_reads(c, touched, counts, used))

    async def checkpoint(self, at: int) -> None:
        """Keep the log of committed pages from growing past `at` bytes."""
        wal_bytes = file.wal_size(self._database.path)
        if wal_bytes > at:
            await self._database.writer(lambda c: upkeep.checkpoint(c, wal_bytes))

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        try:
            await self.flush()
        except StoreUnavailableError:
            return  # it was reported when it began

    def _start(self) -> None:
        if self._task is None or self._task.done():
            self._next = time.monotonic() + _EVERY
            self._task = tasks.start(self._keep_up(), "cache upkeep")

    async def _keep_up(self) -> None:
        try:
            self._database.notice_removal()
            if self._unclean:
                self._unclean = False
                await self._check()
            await self.flush()
            await self._make_room()
            if self._expiries >= _SWEEP_AT:
                await self._sweep()
            self._written = 0
            await self.checkpoint(upkeep.SMALL_WAL)
            while self._full:  # writes have gone on meanwhile
                await self._make_room()
        except (EmuError, sqlite3.Error, OSError):
            return  # the next request meets it as well, and reports it

    async def _check(self) -> None:
        """The file's last user did not close it: see whether it is whole."""
        complaint = await self._database.reader(upkeep.sound)
        if complaint:
            self._database.set_aside(f"it is damaged ({complaint})")

    async def _make_room(self) -> None:
        run, now = self._database.writer, self._clock
        self._full = False
        while await run(lambda c: upkeep.evict(c, self._max_bytes, now())):
            pass
        self.crowded = False
        while await run(lambda c: upkeep.drop_ended(c, now())):
            pass

    async def _sweep(self) -> None:
        """Free what expired tags left behind, so that neither items nor expiries pile up."""
        run, now = self._database.writer, self._clock
        self._expiries = 0
        if await run(upkeep.expired_tag_count) < _SWEEP_AT:
            return
        sequence = await run(upkeep.current_sequence)
        after: int | None = 0
        while after is not None:
            after = await run(partial(upkeep.sweep_stale, after=after, now=now()))
        await run(lambda c: upkeep.forget_tags(c, sequence, now()))

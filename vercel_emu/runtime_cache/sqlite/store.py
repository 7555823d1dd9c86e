"""The runtime cache in a file: what each operation does, and where its work runs.

Gets and small writes take tens of microseconds and run on the event loop. A large body, a scan,
eviction or waiting for another process's lock runs in a worker thread (`database`).
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from functools import partial, wraps
from pathlib import Path
from typing import Any

from vercel_emu.events import Emit
from vercel_emu.runtime_cache.model import Item, Page, Query, Scope, Stats
from vercel_emu.runtime_cache.sqlite import file, queries, upkeep
from vercel_emu.runtime_cache.sqlite.database import Database, FileReplacedError
from vercel_emu.runtime_cache.sqlite.keeper import Keeper
from vercel_emu.runtime_cache.sqlite.queries import INLINE_BODY, ScopeIds
from vercel_emu.runtime_cache.sqlite.usage import Usage
from vercel_emu.runtime_cache.store import Clock

_TOP_TAGS = 20
_ANY_SIZE = 1 << 62


type _Method[**P, T] = Callable[P, Coroutine[Any, Any, T]]


def again_if_replaced[**P, T](method: _Method[P, T]) -> _Method[P, T]:
    """Repeat an operation once where the file was replaced under it."""

    @wraps(method)
    async def call(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await method(*args, **kwargs)
        except FileReplacedError:
            return await method(*args, **kwargs)

    return call


class SQLiteStore:
    """Owned by one event loop. Opens the file at once; a newer schema is refused with EmuError."""

    def __init__(self, path: Path, *, max_bytes: int, clock: Clock, emit: Emit) -> None:
        self._max_bytes = max_bytes
        self._clock = clock
        self._ids: dict[Scope, ScopeIds] = {}
        self._usage = Usage()
        unclean = file.wal_size(path) > 0
        self._database = Database(path, emit, self._forget)
        self._keeper = Keeper(self._database, self._usage, max_bytes, clock, unclean=unclean)

    @again_if_replaced
    async def get(self, scope: Scope, key: str, *, touch: bool = True) -> Item | None:
        ids = await self._find_ids(scope)
        if ids is None:
            return None
        now = self._clock()
        found = await self._database.now(lambda c: queries.find(c, ids, key, now))
        if found is not None and found.body is None:  # large: once more, as a whole
            found = await self._database.writer(
                lambda c: queries.find(c, ids, key, now, inline=_ANY_SIZE)
            )
        if touch:
            self._usage.read(ids.scope, found.id if found else None, now)
            self._keeper.after_read()
        return found.item(found.body or b"", now) if found else None

    @again_if_replaced
    async def set(
        self,
        scope: Scope,
        key: str,
        body: bytes,
        *,
        tags: Sequence[str] = (),
        ttl: float | None = None,
        name: str = "",
    ) -> None:
        ids = await self._make_ids(scope)
        now = self._clock()
        put = partial(
            queries.put,
            ids=ids,
            key=key,
            body=body,
            tags=tags,
            name=name,
            now=now,
            ttl=ttl,
            used=self._usage.moment(now),
        )
        inline = len(body) <= INLINE_BODY and not self._keeper.crowded
        weight = await (self._database.now(put) if inline else self._database.writer(put))
        self._keeper.after_write(len(body), weight)

    @again_if_replaced
    async def delete(self, scope: Scope, key: str) -> bool:
        ids = await self._find_ids(scope)
        if ids is None:
            return False
        now = self._clock()
        return await self._database.now(lambda c: queries.delete(c, ids, key, now))

    @again_if_replaced
    async def expire_tags(self, scope: Scope, tags: Sequence[str], *, delay_ms: int = 0) -> None:
        ids = await self._make_ids(scope)
        now = self._clock()
        delay = delay_ms / 1000
        await self._database.now(lambda c: queries.expire_tags(c, ids, tags, now, delay))
        self._keeper.after_expiry(len(tags))

    @again_if_replaced
    async def items(self, scope: Scope, query: Query) -> Page:
        await self._keeper.flush()
        ids = await self._find_ids(scope)
        if ids is None:
            return Page(())
        now = self._clock()
        return await self._database.reader(lambda c: queries.page(c, ids, query, now))

    @again_if_replaced
    async def stats(self, scope: Scope) -> Stats:
        await self._keeper.flush()
        ids = await self._find_ids(scope)
        if ids is None:
            return Stats(items=0, bytes=0, hits=0, misses=0, max_bytes=self._max_bytes)
        now = self._clock()
        return await self._database.reader(
            lambda c: queries.stats(c, ids, now, tags=_TOP_TAGS, max_bytes=self._max_bytes)
        )

    @again_if_replaced
    async def clear(self, scope: Scope) -> int:
        ids = await self._find_ids(scope)
        if ids is None:
            return 0
        sequence = await self._database.writer(upkeep.begin_clear)
        cleared, after = 0, ""
        chunk = partial(upkeep.clear_chunk, ids=ids, sequence=sequence)
        while step := await self._database.writer(partial(chunk, after=after)):
            after, dropped = step
            cleared += dropped
            await self._keeper.checkpoint(upkeep.LARGE_WAL)
        await self._database.writer(upkeep.give_back)
        return cleared

    @again_if_replaced
    async def scopes(self) -> tuple[Scope, ...]:
        return await self._database.now(queries.scopes)

    async def settle(self) -> None:
        """Wait for upkeep that has begun (eviction after a write, mainly)."""
        await self._keeper.settle()

    def upkeep_is_due(self) -> None:
        """Let the next operation start upkeep, even if it ran a moment ago."""
        self._keeper.due()

    def retry_now(self) -> None:
        """Let the next operation open the file, even if that failed a moment ago."""
        self._database.retry_now()

    async def check(self) -> None:
        """There is no server."""

    async def close(self) -> None:
        await self._keeper.close()
        await self._database.close()

    def _forget(self) -> None:
        self._ids.clear()
        self._usage.forget()

    async def _find_ids(self, scope: Scope) -> ScopeIds | None:
        ids = self._ids.get(scope)
        if ids is None:
            ids = await self._database.now(lambda c: queries.find_scope(c, scope))
            if ids is not None:
                self._ids[scope] = ids
        return ids

    async def _make_ids(self, scope: Scope) -> ScopeIds:
        """The scope's rows, for a write: one into a file that was removed would be lost."""
        self._database.notice_removal()
        ids = await self._find_ids(scope)
        if ids is None:
            ids = await self._database.now(lambda c: queries.add_scope(c, scope))
            self._ids[scope] = ids
        return ids

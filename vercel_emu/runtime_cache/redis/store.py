"""The runtime cache on a server: one script, one round trip for each operation.

The size bound is the server's own (`maxmemory` with an LRU policy). While the server is away, or
hangs, every get is a miss and every set fails at once; the terminal hears of it once, and again
when a probe beside the requests has found the server back.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Sequence
from typing import Any, cast

import msgspec
from redis.asyncio import Redis
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError, ResponseError

from vercel_emu import tasks
from vercel_emu.events import Emit, Notice, notice_of
from vercel_emu.runtime_cache.model import (
    Item,
    ItemInfo,
    Page,
    Query,
    Scope,
    Stats,
    StoreUnavailableError,
    TagStats,
)
from vercel_emu.runtime_cache.redis import scripts
from vercel_emu.runtime_cache.redis.keys import SCOPES, Keys, scope_name, scope_of
from vercel_emu.runtime_cache.redis.troubles import Trouble, trouble_in, trouble_of
from vercel_emu.runtime_cache.store import Clock

_WAIT_SECONDS = 1.0
"""What an operation waits: of a server that hangs, one request notices that much."""
_PROBE_EVERY = 0.5
_PROBE_SECONDS = 5.0
_SCAN = 1000
_TOP_TAGS = 20

_decode_tags = msgspec.json.Decoder(tuple[str, ...]).decode


class RedisStore:
    """Owned by one event loop. `clock` is None where the server's clock decides."""

    def __init__(self, client: Redis, address: str, clock: Clock | None, emit: Emit) -> None:
        self._client = client
        self._address = address
        self._clock = clock
        self._emit = emit
        self._probe: asyncio.Task[None] | None = None
        """It runs while the server is away."""
        self._keys: dict[Scope, Keys] = {}
        self._known: set[Scope] = set()
        self._told: set[str] = set()
        register = client.register_script
        self._get, self._set = register(scripts.GET), register(scripts.SET)
        self._delete, self._expire = register(scripts.DELETE), register(scripts.EXPIRE)
        self._describe = register(scripts.DESCRIBE)
        self._mark, self._drop = register(scripts.MARK), register(scripts.DROP)

    async def get(self, scope: Scope, key: str, *, touch: bool = True) -> Item | None:
        keys = self._of(scope)
        row = await self._call(
            self._get,
            [keys.item(key), keys.tags, keys.pending, keys.stats],
            scope.region,
            int(touch),
        )
        if row is None:
            return None
        body, tags, name, created, expires, hits, now = row
        born = float(created)
        return Item(
            body, _tags(tags), name.decode(), born, _time(expires), int(hits), float(now) - born
        )

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
        keys = self._of(scope)
        labels = msgspec.json.encode(tags) if tags else b""
        seconds = "" if ttl is None else repr(float(ttl))
        item = [keys.item(key), keys.tags, keys.pending]
        await self._call(self._set, item, body, labels, name, seconds)
        await self._remember(scope)

    async def delete(self, scope: Scope, key: str) -> bool:
        keys = self._of(scope)
        item = [keys.item(key), keys.tags, keys.pending]
        return bool(await self._call(self._delete, item, scope.region))

    async def expire_tags(self, scope: Scope, tags: Sequence[str], *, delay_ms: int = 0) -> None:
        await self._call(self._expire, self._shared(scope), scope.region, delay_ms / 1000, *tags)

    async def items(self, scope: Scope, query: Query) -> Page:
        """A page in the server's own order; `next` is its cursor and how much of the bunch
        of keys behind it was handed out."""
        found: list[ItemInfo] = []
        cursor, _, seen = query.after.partition(":")
        skip = int(seen or 0)
        while True:
            following, batch = await self._scan(scope, query.prefix, int(cursor or 0))
            infos = await self._infos(scope, batch)
            infos = [info for info in infos if not query.tag or query.tag in info.tags]
            room = query.limit - len(found)
            found += infos[skip : skip + room]
            if len(infos) > skip + room:
                return Page(tuple(found), f"{cursor or 0}:{skip + room}")
            if not following:
                return Page(tuple(found))
            if len(found) == query.limit:
                return Page(tuple(found), f"{following}:0")
            cursor, skip = str(following), 0

    async def stats(self, scope: Scope) -> Stats:
        counts: Counter[str] = Counter()
        sizes: Counter[str] = Counter()
        items = total = 0
        async for info in self._all(scope):
            items, total = items + 1, total + info.size
            counts.update(info.tags)
            sizes.update(dict.fromkeys(info.tags, info.size))
        counters: Any = self._client.hmget(self._of(scope).stats, ["hits", "misses"])
        reads = await self._safely(counters)
        ranked = sorted(counts, key=lambda tag: (-counts[tag], tag))[:_TOP_TAGS]
        return Stats(
            items=items,
            bytes=total,
            hits=int(reads[0] or 0),
            misses=int(reads[1] or 0),
            tags=tuple(TagStats(tag, counts[tag], sizes[tag]) for tag in ranked),
        )

    async def clear(self, scope: Scope) -> int:
        shared = self._shared(scope)
        version = await self._call(self._mark, shared)
        dropped, cursor = 0, 0
        while True:
            cursor, batch = await self._scan(scope, "", cursor)
            if batch:
                dropped += await self._call(self._drop, [*shared, *batch], version)
            if not cursor:
                return dropped

    async def scopes(self) -> tuple[Scope, ...]:
        listing: Any = self._client.zrange(SCOPES, 0, -1, desc=True)
        names = await self._safely(listing)
        return tuple(scope_of(name.decode()) for name in names)

    async def check(self) -> None:
        """Report what is wrong with the server, before anybody needs it."""
        try:
            async with asyncio.timeout(_PROBE_SECONDS):
                await self._ping()
                found = trouble_in({**await self._info("cluster"), **await self._info("memory")})
        except (RedisError, OSError) as error:
            self._failed(error)
        else:
            if found is not None:
                self._tell(found)

    async def close(self) -> None:
        if self._probe is not None:
            self._probe.cancel()
            await asyncio.wait([self._probe])
        await self._client.aclose()

    # --- listing ----------------------------------------------------------------------------

    async def _scan(self, scope: Scope, prefix: str, cursor: int) -> tuple[int, list[bytes]]:
        pattern = self._of(scope).matching(prefix)
        step: Any = self._client.scan(cursor, match=pattern, count=_SCAN)
        cursor, batch = await self._safely(step)
        return cursor, sorted(set(batch))

    async def _infos(self, scope: Scope, batch: Sequence[bytes]) -> list[ItemInfo]:
        if not batch:
            return []
        keys: list[str | bytes] = [*self._shared(scope), *batch]
        rows = await self._call(self._describe, keys, scope.region)
        cut = len(self._of(scope).items.encode())
        return [_info(batch[row[0] - 1][cut:].decode(), row) for row in rows]

    async def _all(self, scope: Scope) -> AsyncIterator[ItemInfo]:
        seen: set[str] = set()  # a scan may come across a key twice
        page = Page((), "0:0")
        while page.next:
            page = await self.items(scope, Query(after=page.next, limit=_SCAN))
            for info in page.items:
                if info.key not in seen:
                    seen.add(info.key)
                    yield info

    # --- the server -------------------------------------------------------------------------

    def _of(self, scope: Scope) -> Keys:
        keys = self._keys.get(scope)
        if keys is None:
            keys = self._keys[scope] = Keys(scope)
        return keys

    def _shared(self, scope: Scope) -> list[str]:
        keys = self._of(scope)
        return [keys.stats, keys.tags, keys.pending]

    async def _remember(self, scope: Scope) -> None:
        """Keep the list of scopes; once for each, so that a set stays one round trip."""
        if scope not in self._known:
            self._known.add(scope)
            await self._safely(self._client.zadd(SCOPES, {scope_name(scope): time.time()}))

    async def _call(self, script: AsyncScript, keys: Sequence[str | bytes], *args: Any) -> Any:
        now = "" if self._clock is None else repr(self._clock())
        return await self._safely(script(keys=cast(Any, keys), args=[now, *args]))

    async def _safely[T](self, call: Awaitable[T]) -> T:
        """The call's result; while the server is away, nothing is tried here."""
        if self._probe is not None:
            close = getattr(call, "close", None)
            if close is not None:
                close()  # never awaited
            raise self._unavailable("no connection")
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                return await call
        except (RedisError, OSError) as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> StoreUnavailableError:
        """Say what is wrong, once; where the server is away, begin to look out for it."""
        trouble = trouble_of(error)
        if trouble is not None and isinstance(error, ResponseError):
            return self._tell(trouble)
        if trouble is not None:  # no connection without the right password
            failure = self._tell(trouble)
        else:
            reason = str(error) if not isinstance(error, TimeoutError) else "it does not answer"
            failure = self._unavailable(reason or type(error).__name__)
            if self._probe is None:
                self._warn(failure)
        if self._probe is None:
            self._probe = tasks.start(self._until_back(), "cache probe")
        return failure

    async def _until_back(self) -> None:
        while True:
            await asyncio.sleep(_PROBE_EVERY)
            try:
                async with asyncio.timeout(_PROBE_SECONDS):
                    await self._ping()
            except (RedisError, OSError):
                continue
            self._probe = None
            message = f"The runtime cache at {self._address} works again."
            self._emit(Notice(level="info", message=message))
            return

    async def _ping(self) -> None:
        answer: Any = self._client.ping()
        await answer

    async def _info(self, section: str) -> dict[str, Any]:
        try:
            found: dict[str, Any] = await self._client.info(section)
        except ResponseError:
            return {}  # not every server and user may be asked
        return found

    def _tell(self, trouble: Trouble) -> StoreUnavailableError:
        """The server is there but does not do it: told once for each kind."""
        refusal = StoreUnavailableError(
            trouble.code, f"The runtime cache at {self._address} {trouble.text}.", trouble.hint
        )
        if trouble.code not in self._told:
            self._told.add(trouble.code)
            self._warn(refusal)
        return refusal

    def _warn(self, error: StoreUnavailableError) -> None:
        self._emit(notice_of(error, "warn"))

    def _unavailable(self, reason: str) -> StoreUnavailableError:
        reason = reason.rstrip(".")  # the client ends some of its messages with one
        return StoreUnavailableError(
            "CACHE_UNAVAILABLE",
            f"The runtime cache at {self._address} can't be used: {reason}.",
            "Reads are misses and writes fail until it is back. Start the server, or correct "
            "`--cache`.",
        )


def _info(key: str, row: Sequence[Any]) -> ItemInfo:
    _, name, size, tags, created, expires, hits = row
    return ItemInfo(
        key, name.decode(), size, _tags(tags), float(created), _time(expires), int(hits)
    )


def _tags(field: bytes) -> tuple[str, ...]:
    return _decode_tags(field) if field else ()


def _time(field: bytes) -> float | None:
    return float(field) if field else None

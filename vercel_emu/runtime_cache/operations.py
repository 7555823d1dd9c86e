"""What the `cache` commands and the inspector can ask of a store: one request value, one answer.

The same operations run inside the emulator (`admin`, over HTTP) and, where none runs, in the
command's own process (`access`). Looking at items here does not count as using them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from vercel_emu.runtime_cache import policy, sdk_keys
from vercel_emu.runtime_cache.model import ItemInfo, Query, Scope, Stats
from vercel_emu.runtime_cache.store import Clock, Store

RECORDS_BYTES = 1024 * 1024
"""Bodies that one page of records holds at most, besides its first."""

MOST_ITEMS = 2000
"""Items of one page at most: an answer is put together on the emulator's event loop."""

type Limit = Annotated[int, Meta(ge=1, le=MOST_ITEMS)]


class Request(Struct, kw_only=True):
    """Every request may name another environment or region than the emulator's own."""

    environment: str = ""
    region: str = ""


class ListItems(Request, kw_only=True):
    tag: str = ""
    prefix: str = ""
    after: str = ""
    limit: Limit = 100


class GetItem(Request, kw_only=True):
    key: str


class Record(Struct, kw_only=True, omit_defaults=True):
    """One item in full, as `export` writes it; `body` is base64 in JSON."""

    key: str
    body: bytes
    tags: tuple[str, ...] = ()
    name: str = ""
    ttl: float | None = None
    """Seconds left; None for no end."""

    age: float = 0.0
    hits: int = 0


class PutItems(Request, kw_only=True):
    records: list[Record]


class DeleteItems(Request, kw_only=True):
    keys: list[str]


class ExpireTags(Request, kw_only=True):
    tags: list[str]


class ItemRow(Struct, kw_only=True):
    """A line of a listing; times in seconds."""

    key: str
    namespace: str
    name: str
    size: int
    tags: tuple[str, ...]
    age: float
    ttl: float | None
    hits: int


class Items(Struct, kw_only=True):
    items: list[ItemRow]
    next: str = ""


class Records(Struct, kw_only=True):
    records: list[Record]
    next: str = ""


class Found(Struct, kw_only=True):
    item: Record | None = None


class RefusedItem(Struct, kw_only=True):
    key: str
    reason: str


class Stored(Struct, kw_only=True):
    stored: int
    refused: list[RefusedItem]


class Deleted(Struct, kw_only=True):
    deleted: list[str]
    missing: list[str]


class Expired(Struct, kw_only=True):
    tags: list[str]
    items: int
    """Fresh items that had one of the tags."""


class Cleared(Struct, kw_only=True):
    items: int


class Summary(Struct, kw_only=True):
    project: str
    environment: str
    region: str
    stats: Stats
    scopes: list[Scope]


class CacheOperations:
    """The operations on one store. `scope` is where a request that names nothing goes."""

    def __init__(
        self, store: Store, scope: Scope, *, tag_propagation_ms: int = 0, clock: Clock = time.time
    ) -> None:
        self._store = store
        self._scope = scope
        self._delay_ms = tag_propagation_ms
        self._clock = clock

    async def items(self, request: ListItems) -> Items:
        query = Query(
            tag=request.tag, prefix=request.prefix, after=request.after, limit=request.limit
        )
        page = await self._store.items(self._of(request), query)
        now = self._clock()
        return Items(items=[_row(info, now) for info in page.items], next=page.next)

    async def records(self, request: ListItems) -> Records:
        """A page of whole items. `next` may come early: bodies are large."""
        scope = self._of(request)
        query = Query(
            tag=request.tag, prefix=request.prefix, after=request.after, limit=request.limit
        )
        page = await self._store.items(scope, query)
        if sum(info.size for info in page.items) > RECORDS_BYTES and request.limit > 1:
            smaller = msgspec.structs.replace(request, limit=max(1, request.limit // 4))
            if len(page.items) > smaller.limit:
                return await self.records(smaller)
        found = [await self._record(scope, info.key) for info in page.items]
        return Records(records=[record for record in found if record], next=page.next)

    async def get(self, request: GetItem) -> Found:
        return Found(item=await self._record(self._of(request), request.key))

    async def put(self, request: PutItems) -> Stored:
        scope, refused = self._of(request), []
        for record in request.records:
            tags = policy.parse_tags(",".join(record.tags))
            refusal = policy.too_large(len(record.body)) or policy.refuse_labels(tags, record.name)
            if refusal is None and not policy.is_ttl(record.ttl):
                refused.append(RefusedItem(key=record.key, reason=f"its ttl is {record.ttl}"))
                continue
            if refusal is not None:
                refused.append(RefusedItem(key=record.key, reason=str(refusal)))
                continue
            await self._store.set(
                scope, record.key, record.body, tags=tags, ttl=record.ttl, name=record.name
            )
            await asyncio.sleep(0)  # the app's own requests come in between
        return Stored(stored=len(request.records) - len(refused), refused=refused)

    async def delete(self, request: DeleteItems) -> Deleted:
        scope = self._of(request)
        deleted: list[str] = []
        missing: list[str] = []
        for key in request.keys:
            (deleted if await self._store.delete(scope, key) else missing).append(key)
        return Deleted(deleted=deleted, missing=missing)

    async def expire_tags(self, request: ExpireTags) -> Expired:
        scope = self._of(request)
        tags = policy.parse_tags(",".join(request.tags))
        keys: set[str] = set()
        for tag in tags:
            query = Query(tag=tag, limit=MOST_ITEMS)
            while True:
                page = await self._store.items(scope, query)
                keys.update(info.key for info in page.items)
                if not page.next:
                    break
                query = replace(query, after=page.next)
        await self._store.expire_tags(scope, tags, delay_ms=self._delay_ms)
        return Expired(tags=list(tags), items=len(keys))

    async def clear(self, request: Request) -> Cleared:
        return Cleared(items=await self._store.clear(self._of(request)))

    async def stats(self, request: Request) -> Summary:
        scope = self._of(request)
        return Summary(
            project=scope.project,
            environment=scope.environment,
            region=scope.region,
            stats=await self._store.stats(scope),
            scopes=list(await self._store.scopes()),
        )

    def _of(self, request: Request) -> Scope:
        return replace(
            self._scope,
            environment=request.environment or self._scope.environment,
            region=request.region or self._scope.region,
        )

    async def _record(self, scope: Scope, key: str) -> Record | None:
        item = await self._store.get(scope, key, touch=False)
        if item is None:
            return None
        return Record(
            key=key,
            body=item.body,
            tags=item.tags,
            name=item.name,
            ttl=None if item.expires is None else item.expires - item.created - item.age,
            age=item.age,
            hits=item.hits,
        )


def _row(info: ItemInfo, now: float) -> ItemRow:
    return ItemRow(
        key=info.key,
        namespace=sdk_keys.namespace_of(info.key),
        name=info.name,
        size=info.size,
        tags=info.tags,
        age=max(0.0, now - info.created),
        ttl=None if info.expires is None else info.expires - now,
        hits=info.hits,
    )


type Operation = Callable[[CacheOperations, Any], Awaitable[Any]]

OPERATIONS: dict[str, tuple[type[Request], type[Struct], Operation]] = {
    "items": (ListItems, Items, CacheOperations.items),
    "records": (ListItems, Records, CacheOperations.records),
    "get": (GetItem, Found, CacheOperations.get),
    "put": (PutItems, Stored, CacheOperations.put),
    "delete": (DeleteItems, Deleted, CacheOperations.delete),
    "expire-tags": (ExpireTags, Expired, CacheOperations.expire_tags),
    "clear": (Request, Cleared, CacheOperations.clear),
    "stats": (Request, Summary, CacheOperations.stats),
}
"""Name on the wire -> its request, its answer, and what does it."""

READING = frozenset({"items", "get", "stats"})
"""Operations that are plain reads: also reachable with GET and a query string."""

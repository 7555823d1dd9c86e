"""A cache for one run (`--cache memory`): a dictionary in order of use, nothing on disk."""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from vercel_emu.runtime_cache import policy
from vercel_emu.runtime_cache.model import (
    DEFAULT_MAX_BYTES,
    Item,
    ItemInfo,
    Page,
    Query,
    Scope,
    Stats,
    TagStats,
)
from vercel_emu.runtime_cache.store import Clock

_SWEEP_AT = 10_000
TOP_TAGS = 20


@dataclass(slots=True)
class _Record:
    body: bytes
    tags: tuple[str, ...]
    name: str
    created: float
    expires: float | None
    sequence: int
    weight: int
    hits: int = 0


@dataclass(frozen=True, slots=True)
class _TagExpiry:
    """Items written before `sequence` are gone: at once in `origin`, elsewhere at `visible_at`."""

    sequence: int
    origin: str
    visible_at: float

    def reaches(self, region: str, now: float) -> bool:
        return self.origin == region or self.visible_at <= now


@dataclass(slots=True)
class MemoryStore:
    """Keeps items of all scopes in one dictionary, the least recently used one first."""

    max_bytes: int = DEFAULT_MAX_BYTES
    clock: Clock = time.time
    _records: OrderedDict[tuple[Scope, str], _Record] = field(default_factory=OrderedDict)
    _expired: dict[tuple[str, str, str], list[_TagExpiry]] = field(default_factory=dict)
    _sequence: int = 0
    _weight: int = 0
    _sweep_at: int = _SWEEP_AT
    _hits: Counter[Scope] = field(default_factory=Counter)
    _misses: Counter[Scope] = field(default_factory=Counter)

    async def get(self, scope: Scope, key: str, *, touch: bool = True) -> Item | None:
        record = self._records.get((scope, key))
        if record is None or not self._is_fresh(scope, record):
            self._misses[scope] += touch
            return None
        if touch:
            self._records.move_to_end((scope, key))
            self._hits[scope] += 1
            record.hits += 1
        age = self.clock() - record.created
        return Item(
            record.body, record.tags, record.name, record.created, record.expires, record.hits, age
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
        now = self.clock()
        self._drop(scope, key)
        weight = policy.weight(key, name, ",".join(tags), body)
        self._records[scope, key] = _Record(
            body, tuple(tags), name, now, policy.expiry(now, ttl), self._sequence, weight
        )
        self._weight += weight
        while self._weight > self.max_bytes:
            self._drop(*next(iter(self._records)))

    async def delete(self, scope: Scope, key: str) -> bool:
        record = self._drop(scope, key)
        return record is not None and self._is_fresh(scope, record)

    async def expire_tags(self, scope: Scope, tags: Sequence[str], *, delay_ms: int = 0) -> None:
        self._sequence += 1
        now = self.clock()
        visible_at = now + delay_ms / 1000 if delay_ms > 0 else 0.0
        for tag in tags:
            expiries = self._expired.setdefault((scope.project, scope.environment, tag), [])
            expiries.append(_TagExpiry(self._sequence, scope.region, visible_at))
            settled = [e.sequence for e in expiries if e.visible_at <= now]
            expiries[:] = [e for e in expiries if e.sequence >= max(settled, default=0)]
        if len(self._expired) > self._sweep_at:
            self._sweep()

    async def items(self, scope: Scope, query: Query) -> Page:
        keys = sorted(
            key
            for (owner, key), record in self._records.items()
            if owner == scope
            and key > query.after
            and key.startswith(query.prefix)
            and (not query.tag or query.tag in record.tags)
            and self._is_fresh(scope, record)
        )
        page = keys[: query.limit]
        infos = tuple(_info(key, self._records[scope, key]) for key in page)
        return Page(infos, page[-1] if len(keys) > len(page) else "")

    async def stats(self, scope: Scope) -> Stats:
        counts: Counter[str] = Counter()
        sizes: Counter[str] = Counter()
        items = total = 0
        for record in self._fresh(scope):
            items, total = items + 1, total + len(record.body)
            for tag in record.tags:
                counts[tag] += 1
                sizes[tag] += len(record.body)
        ranked = sorted(counts, key=lambda tag: (-counts[tag], tag))[:TOP_TAGS]
        return Stats(
            items=items,
            bytes=total,
            hits=self._hits[scope],
            misses=self._misses[scope],
            tags=tuple(TagStats(tag, counts[tag], sizes[tag]) for tag in ranked),
            stored_bytes=self._weight,
            max_bytes=self.max_bytes,
        )

    async def clear(self, scope: Scope) -> int:
        dropped = sum(1 for _ in self._fresh(scope))
        for owner, key in [entry for entry in self._records if entry[0] == scope]:
            self._drop(owner, key)
        return dropped

    async def scopes(self) -> tuple[Scope, ...]:
        return tuple(dict.fromkeys(scope for scope, _ in reversed(self._records)))

    async def check(self) -> None:
        """There is no server."""

    async def close(self) -> None:
        self._records.clear()

    def _is_fresh(self, scope: Scope, record: _Record) -> bool:
        now = self.clock()
        if policy.expired(record.expires, now):
            return False
        return not any(
            expiry.sequence > record.sequence and expiry.reaches(scope.region, now)
            for tag in record.tags
            for expiry in self._expired.get((scope.project, scope.environment, tag), ())
        )

    def _fresh(self, scope: Scope) -> Iterator[_Record]:
        for (owner, _), record in self._records.items():
            if owner == scope and self._is_fresh(scope, record):
                yield record

    def _drop(self, scope: Scope, key: str) -> _Record | None:
        record = self._records.pop((scope, key), None)
        if record is not None:
            self._weight -= record.weight
        return record

    def _sweep(self) -> None:
        """Drop items that a tag expired, then the expiries that nothing is left for."""
        for (scope, key), record in list(self._records.items()):
            if record.tags and not self._is_fresh(scope, record):
                self._drop(scope, key)
        now = self.clock()
        self._expired = {
            tag: pending
            for tag, expiries in self._expired.items()
            if (pending := [e for e in expiries if e.visible_at > now])
        }
        self._sweep_at = max(_SWEEP_AT, 2 * len(self._expired))


def _info(key: str, record: _Record) -> ItemInfo:
    return ItemInfo(
        key,
        record.name,
        len(record.body),
        record.tags,
        record.created,
        record.expires,
        record.hits,
    )

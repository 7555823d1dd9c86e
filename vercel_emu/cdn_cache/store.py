"""The cached responses: in memory, bounded, found by key and by tag. Time is always handed in."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from vercel_emu.cdn_cache.policy import Storable, variant
from vercel_emu.transport.headers import HeaderPairs

MAX_BYTES = 128 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Key:
    """The platform's cache key, without the deployment: host and the target as it was sent."""

    host: str
    target: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One kept response. `headers` are the client's; times are seconds of one clock.

    `purged_at` is when its tag was invalidated: stale from then on, until it is renewed.
    `dies_at` is when a deletion with a deadline takes effect.
    """

    key: Key
    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    rules: Storable
    values: tuple[bytes, ...]
    stored_at: float
    purged_at: float | None = None
    dies_at: float | None = None

    def age(self, now: float) -> int:
        return max(0, int(now - self.stored_at))

    def state(self, now: float) -> str:
        """`HIT`, `STALE`, or empty where it is of no use any more."""
        if self.dies_at is not None and now >= self.dies_at:
            return ""
        if self.purged_at is not None:
            return "STALE"
        lived = now - self.stored_at
        if lived < self.rules.fresh:
            return "HIT"
        return "STALE" if lived < self.rules.fresh + self.rules.stale else ""

    @property
    def size(self) -> int:
        named = sum(len(name) + len(value) for name, value in self.headers)
        return len(self.body) + named + len(self.key.target) + 500


@dataclass(slots=True)
class _Variants:
    """The responses of one key, by the header values they depend on; `vary` is the last one's."""

    vary: tuple[bytes, ...] = ()
    entries: dict[tuple[bytes, ...], Entry] = field(default_factory=dict)


class ResponseStore:
    """Keeps up to `max_bytes`; the key that was used longest ago goes first."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._keys: OrderedDict[Key, _Variants] = OrderedDict()
        self._bytes = 0

    def find(self, key: Key, headers: HeaderPairs, now: float) -> tuple[Entry, str] | None:
        """The response for a request with these headers, and its state."""
        variants = self._keys.get(key)
        if variants is None:
            return None
        values = variant(variants.vary, headers)
        entry = variants.entries.get(values)
        if entry is None:
            return None
        state = entry.state(now)
        if not state:
            self._remove(entry)
            return None
        self._keys.move_to_end(key)
        return entry, state

    def put(self, entry: Entry) -> None:
        """Keep a response in place of the one before it."""
        variants = self._keys.setdefault(entry.key, _Variants())
        if variants.vary != entry.rules.vary:
            for other in list(variants.entries.values()):
                self._remove(other)
            variants = self._keys.setdefault(entry.key, _Variants())
            variants.vary = entry.rules.vary
        if old := variants.entries.get(entry.values):
            self._bytes -= old.size
        variants.entries[entry.values] = entry
        self._bytes += entry.size
        self._keys.move_to_end(entry.key)
        while self._bytes > self._max_bytes:
            for oldest in list(next(iter(self._keys.values())).entries.values()):
                self._remove(oldest)

    def forget(self, entry: Entry) -> None:
        """Drop a response, if it is still this one that is kept."""
        variants = self._keys.get(entry.key)
        if variants is not None and variants.entries.get(entry.values) is entry:
            self._remove(entry)

    def entries(self, now: float) -> list[Entry]:
        """Every response that could still be served, the last used first."""
        found = [one for variants in self._keys.values() for one in variants.entries.values()]
        return [entry for entry in reversed(found) if entry.state(now)]

    def invalidate(self, tags: Iterable[str], now: float, *, dies_at: float | None = None) -> int:
        """Make what carries one of the tags stale; with `dies_at` also end it then. How many."""
        found = self._tagged(tags, now)
        for entry in found:
            changed = replace(entry, purged_at=entry.purged_at or now, dies_at=dies_at)
            self._keys[entry.key].entries[entry.values] = changed
        return len(found)

    def delete(self, tags: Iterable[str], now: float) -> int:
        """Remove what carries one of the tags. How many."""
        found = self._tagged(tags, now)
        for entry in found:
            self._remove(entry)
        return len(found)

    def delete_path(self, path: str, now: float) -> int:
        """Remove what answers this path, with whatever query. How many."""
        wanted = path.encode("latin-1", "replace")
        found = [one for one in self.entries(now) if one.key.target.partition(b"?")[0] == wanted]
        for entry in found:
            self._remove(entry)
        return len(found)

    def clear(self) -> int:
        """Remove everything. How many."""
        count = sum(len(variants.entries) for variants in self._keys.values())
        self._keys.clear()
        self._bytes = 0
        return count

    @property
    def size(self) -> int:
        return self._bytes

    def _tagged(self, tags: Iterable[str], now: float) -> list[Entry]:
        wanted = frozenset(tags)
        return [entry for entry in self.entries(now) if entry.rules.tags & wanted]

    def _remove(self, entry: Entry) -> None:
        variants = self._keys[entry.key]
        self._bytes -= variants.entries.pop(entry.values).size
        if not variants.entries:
            del self._keys[entry.key]

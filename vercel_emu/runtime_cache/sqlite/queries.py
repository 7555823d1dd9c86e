"""Every SQL statement of the store, as functions of a connection. No threads, no clock."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from vercel_emu.runtime_cache import policy
from vercel_emu.runtime_cache.model import Item, ItemInfo, Page, Query, Scope, Stats, TagStats

INLINE_BODY = 128 * 1024
"""Larger bodies are read and written in a worker thread."""

# An item is stale once one of its tags was expired after it was written. Only tags with an
# expiry are ever in `expired_tags`, and each is one lookup: the cost does not depend on how
# many items carry the tag.
_STALE_BY_TAG = """
    EXISTS (
        SELECT 1 FROM json_each(i.tags) AS t CROSS JOIN expired_tags AS e
        WHERE e.space = :space AND e.tag = t.value AND e.sequence > i.sequence
          AND (e.origin = :region OR e.visible_at <= :now)
    )"""
_FRESH = f"""
    (i.expires IS NULL OR i.expires > :now) AND (i.tags IS NULL OR NOT {_STALE_BY_TAG})"""

_GET = f"""
    SELECT i.id, i.tags, i.name, i.created, i.expires, i.hits,
           CASE WHEN i.size <= :inline THEN (SELECT body FROM bodies WHERE id = i.id) END
    FROM items AS i WHERE i.scope = :scope AND i.key = :key AND {_FRESH}"""

_PUT = """
    INSERT INTO items (scope, key, name, tags, size, weight, created, expires, used, sequence)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT sequence FROM state))
    ON CONFLICT (scope, key) DO UPDATE SET
        name = excluded.name, tags = excluded.tags, size = excluded.size,
        weight = excluded.weight, created = excluded.created, expires = excluded.expires,
        used = excluded.used, sequence = excluded.sequence, hits = 0
    RETURNING id"""

_LIST = f"""
    SELECT i.key, i.name, i.size, i.tags, i.created, i.expires, i.hits
    FROM items AS i
    WHERE i.scope = :scope AND i.key > :after AND i.key >= :prefix AND i.key < :end
      AND (:tag = '' OR EXISTS (SELECT 1 FROM json_each(i.tags) AS t WHERE t.value = :tag))
      AND {_FRESH}
    ORDER BY i.key LIMIT :limit"""

_encode = msgspec.json.Encoder().encode
_decode_tags = msgspec.json.Decoder(tuple[str, ...]).decode


@dataclass(frozen=True, slots=True)
class ScopeIds:
    """Rows of a scope; `region` decides which tag expiries have arrived."""

    scope: int
    space: int
    region: str

    def parameters(self, now: float) -> dict[str, object]:
        return {"scope": self.scope, "space": self.space, "region": self.region, "now": now}


@dataclass(frozen=True, slots=True)
class Found:
    """A fresh item's row; `body` is None where it was too large to read in passing."""

    id: int
    tags: tuple[str, ...]
    name: str
    created: float
    expires: float | None
    hits: int
    body: bytes | None

    def item(self, body: bytes, now: float) -> Item:
        age = now - self.created
        return Item(body, self.tags, self.name, self.created, self.expires, self.hits, age)


def find_scope(connection: sqlite3.Connection, scope: Scope) -> ScopeIds | None:
    row = connection.execute(
        "SELECT scopes.id, spaces.id FROM scopes JOIN spaces ON spaces.id = scopes.space"
        " WHERE project = ? AND environment = ? AND region = ?",
        (scope.project, scope.environment, scope.region),
    ).fetchone()
    return ScopeIds(row[0], row[1], scope.region) if row else None


def add_scope(connection: sqlite3.Connection, scope: Scope) -> ScopeIds:
    """The scope's rows, created where missing. Runs inside a transaction of its own."""
    connection.execute("BEGIN IMMEDIATE")
    with _finishing(connection):
        names = (scope.project, scope.environment)
        connection.execute(
            "INSERT OR IGNORE INTO spaces (project, environment) VALUES (?,?)", names
        )
        connection.execute(
            "INSERT OR IGNORE INTO scopes (space, region)"
            " SELECT id, ? FROM spaces WHERE project = ? AND environment = ?",
            (scope.region, *names),
        )
        ids = find_scope(connection, scope)
    assert ids is not None
    return ids


def scopes(connection: sqlite3.Connection) -> tuple[Scope, ...]:
    rows = connection.execute(
        "SELECT project, environment, region FROM scopes JOIN spaces ON spaces.id = scopes.space"
        " ORDER BY used DESC, scopes.id DESC"
    )
    return tuple(Scope(*row) for row in rows)


def find(
    connection: sqlite3.Connection, ids: ScopeIds, key: str, now: float, inline: int = INLINE_BODY
) -> Found | None:
    parameters = ids.parameters(now)
    parameters["key"] = key
    parameters["inline"] = inline
    row = connection.execute(_GET, parameters).fetchone()
    if row is None:
        return None
    id_, tags, name, created, expires, hits, body = row
    return Found(id_, _tags(tags), name, created, expires, hits, body)


def put(
    connection: sqlite3.Connection,
    ids: ScopeIds,
    key: str,
    body: bytes,
    *,
    tags: Sequence[str],
    name: str,
    now: float,
    ttl: float | None,
    used: float,
) -> int:
    """Write an item; returns the weight of all items afterwards."""
    labels = _encode(tags).decode() if tags else None
    weight = policy.weight(key, name, labels or "", body)
    row = (ids.scope, key, name, labels, len(body), weight, now, policy.expiry(now, ttl), used)
    connection.execute("BEGIN IMMEDIATE")
    with _finishing(connection):
        (id_,) = connection.execute(_PUT, row).fetchone()
        connection.execute("INSERT OR REPLACE INTO bodies (id, body) VALUES (?, ?)", (id_, body))
        return total_weight(connection)


def delete(connection: sqlite3.Connection, ids: ScopeIds, key: str, now: float) -> bool:
    connection.execute("BEGIN IMMEDIATE")
    with _finishing(connection):
        found = find(connection, ids, key, now, inline=-1)
        connection.execute("DELETE FROM items WHERE scope = ? AND key = ?", (ids.scope, key))
    return found is not None


def expire_tags(
    connection: sqlite3.Connection, ids: ScopeIds, tags: Sequence[str], now: float, delay: float
) -> None:
    """Remember a newer sequence for each tag; expiries it makes pointless are forgotten."""
    visible_at = now + delay if delay > 0 else 0.0
    connection.execute("BEGIN IMMEDIATE")
    with _finishing(connection):
        (sequence,) = connection.execute(
            "UPDATE state SET sequence = sequence + 1 RETURNING sequence"
        ).fetchone()
        for tag in tags:
            connection.execute(
                "INSERT INTO expired_tags VALUES (?, ?, ?, ?, ?)",
                (ids.space, tag, sequence, ids.region, visible_at),
            )
            connection.execute(
                "DELETE FROM expired_tags WHERE space = :space AND tag = :tag AND sequence <"
                " (SELECT max(sequence) FROM expired_tags"
                "  WHERE space = :space AND tag = :tag AND visible_at <= :now)",
                {"space": ids.space, "tag": tag, "now": now},
            )


def page(connection: sqlite3.Connection, ids: ScopeIds, query: Query, now: float) -> Page:
    parameters = ids.parameters(now) | {
        "tag": query.tag,
        "after": query.after,
        "prefix": query.prefix,
        "end": query.prefix + "\U0010ffff",
        "limit": query.limit + 1,
    }
    rows = connection.execute(_LIST, parameters).fetchall()
    infos = tuple(
        ItemInfo(key, name, size, _tags(tags), created, expires, hits)
        for key, name, size, tags, created, expires, hits in rows[: query.limit]
    )
    return Page(infos, infos[-1].key if len(rows) > query.limit else "")


def stats(
    connection: sqlite3.Connection, ids: ScopeIds, now: float, *, tags: int, max_bytes: int
) -> Stats:
    """Numbers of one scope's fresh items: a scan."""
    items, size = connection.execute(
        f"SELECT count(*), total(i.size) FROM items AS i WHERE i.scope = :scope AND {_FRESH}",
        ids.parameters(now),
    ).fetchone()
    hits, misses = connection.execute(
        "SELECT hits, misses FROM scopes WHERE id = ?", (ids.scope,)
    ).fetchone()
    return Stats(
        items=items,
        bytes=int(size),
        hits=hits,
        misses=misses,
        tags=_top_tags(connection, ids, now, tags),
        stored_bytes=total_weight(connection),
        max_bytes=max_bytes,
    )


def _top_tags(
    connection: sqlite3.Connection, ids: ScopeIds, now: float, limit: int
) -> tuple[TagStats, ...]:
    rows = connection.execute(
        f"SELECT t.value, count(*), sum(i.size) FROM items AS i, json_each(i.tags) AS t"
        f" WHERE i.scope = :scope AND i.tags IS NOT NULL AND {_FRESH}"
        " GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT :limit",
        ids.parameters(now) | {"limit": limit},
    )
    return tuple(TagStats(*row) for row in rows)


def total_weight(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT weight FROM totals").fetchone()[0])


def record_reads(
    connection: sqlite3.Connection,
    touched: Mapping[int, tuple[float, int]],
    counts: Mapping[int, tuple[int, int]],
    used: float,
) -> None:
    """Write what reads left behind: when each item was last used, and the counters."""
    connection.execute("BEGIN IMMEDIATE")
    with _finishing(connection):
        connection.executemany(
            "UPDATE items SET used = max(used, ?), hits = hits + ? WHERE id = ?",
            [(at, hits, id_) for id_, (at, hits) in touched.items()],
        )
        connection.executemany(
            "UPDATE scopes SET hits = hits + ?, misses = misses + ?, used = ? WHERE id = ?",
            [(hits, misses, used, id_) for id_, (hits, misses) in counts.items()],
        )


def _tags(column: str | None) -> tuple[str, ...]:
    return _decode_tags(column) if column else ()


class _finishing:  # noqa: N801 - reads as a statement
    """Commits the transaction that was begun, or rolls it back on an error.

    A class, because a generator-based context manager costs more than the statements inside.
    """

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._connection.execute("COMMIT")
        elif self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

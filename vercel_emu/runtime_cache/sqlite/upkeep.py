"""Work that no request waits for: eviction, sweeping, clearing, giving space back.

Every function does one short chunk in one transaction, so that a writer elsewhere never waits
for long; the store repeats them in a worker thread.
"""

from __future__ import annotations

import sqlite3

from vercel_emu.runtime_cache.sqlite.queries import ScopeIds, _finishing, total_weight

CHUNK_ITEMS = 256
CLEAR_ITEMS = 1000
CHUNK_WEIGHT = 8 * 1024 * 1024
SWEEP_ROWS = 1000
EXPIRED_GRACE = 3600.0
"""Seconds that an ended item stays in the file, so that a clock set back loses nothing."""

SMALL_FILE = 16 * 1024 * 1024
SMALL_WAL = 4 * 1024 * 1024
LARGE_WAL = 64 * 1024 * 1024


def evict(connection: sqlite3.Connection, max_bytes: int, now: float) -> bool:
    """Drop ended items, else the least recently used; True where there is more to do.

    Once over the bound, a thirty-second of it is freed, so that not every write evicts.
    """
    connection.execute("BEGIN IMMEDIATE")
    with _finishing(connection):
        excess = total_weight(connection) - (max_bytes - max_bytes // 32)
        if excess <= 0:
            return False
        rows = connection.execute(
            "SELECT id, weight FROM items WHERE expires <= ? ORDER BY expires LIMIT ?",
            (now, CHUNK_ITEMS),
        ).fetchall()
        rows = (
            rows
            or connection.execute(
                "SELECT id, weight FROM items ORDER BY used LIMIT ?", (CHUNK_ITEMS,)
            ).fetchall()
        )
        freed, doomed = 0, []
        for id_, weight in rows:
            if freed >= min(excess, CHUNK_WEIGHT):
                break
            doomed.append((id_,))
            freed += weight
        connection.executemany("DELETE FROM items WHERE id = ?", doomed)
    return freed < excess


def drop_ended(connection: sqlite3.Connection, now: float) -> bool:
    """Drop items whose time ended a while ago; True where there may be more."""
    cursor = connection.execute(
        "DELETE FROM items WHERE id IN (SELECT id FROM items WHERE expires <= ? LIMIT ?)",
        (now - EXPIRED_GRACE, CHUNK_ITEMS),
    )
    return cursor.rowcount == CHUNK_ITEMS


def current_sequence(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT sequence FROM state").fetchone()[0])


def expired_tag_count(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM expired_tags").fetchone()[0])


def sweep_stale(connection: sqlite3.Connection, after: int, now: float) -> int | None:
    """Drop items that a tag expired, from the rows after `after`; the last row looked at.

    None once all rows were seen: then `forget_tags` may follow.
    """
    row = connection.execute(
        "SELECT max(id) FROM (SELECT id FROM items WHERE id > ? ORDER BY id LIMIT ?)",
        (after, SWEEP_ROWS),
    ).fetchone()
    if row[0] is None:
        return None
    connection.execute(
        """
        DELETE FROM items AS i WHERE i.id > :after AND i.id <= :last AND i.tags IS NOT NULL
          AND EXISTS (
            SELECT 1 FROM json_each(i.tags) AS t
            JOIN scopes AS s ON s.id = i.scope
            JOIN expired_tags AS e ON e.space = s.space AND e.tag = t.value
            WHERE e.sequence > i.sequence AND e.visible_at + :grace <= :now
          )
        """,
        {"after": after, "last": row[0], "now": now, "grace": EXPIRED_GRACE},
    )
    return int(row[0])


def forget_tags(connection: sqlite3.Connection, sequence: int, now: float) -> None:
    """Drop the expiries that a sweep, begun at `sequence`, left without any item to end."""
    connection.execute(
        "DELETE FROM expired_tags WHERE sequence <= ? AND visible_at + ? <= ?",
        (sequence, EXPIRED_GRACE, now),
    )


def begin_clear(connection: sqlite3.Connection) -> int:
    """A sequence that everything written until now is older than."""
    (sequence,) = connection.execute(
        "UPDATE state SET sequence = sequence + 1 RETURNING sequence"
    ).fetchone()
    return int(sequence)


def clear_chunk(
    connection: sqlite3.Connection, ids: ScopeIds, sequence: int, after: str
) -> tuple[str, int] | None:
    """Drop a chunk of a scope's items older than `sequence`: the last key and how many."""
    (last,) = connection.execute(
        """
        SELECT max(key) FROM (
            SELECT key, sum(weight) OVER (ORDER BY key ROWS UNBOUNDED PRECEDING) - weight AS before
            FROM (
                SELECT key, weight FROM items WHERE scope = ? AND key > ? AND sequence < ?
                ORDER BY key LIMIT ?
            )
        ) WHERE before < ?
        """,
        (ids.scope, after, sequence, CLEAR_ITEMS, CHUNK_WEIGHT),
    ).fetchone()
    if last is None:
        return None
    cursor = connection.execute(
        "DELETE FROM items WHERE scope = ? AND key > ? AND key <= ? AND sequence < ?",
        (ids.scope, after, last, sequence),
    )
    return last, cursor.rowcount


def give_back(connection: sqlite3.Connection) -> None:
    """Return the space of what was cleared to the file system, where little is left to copy.

    Else the free pages wait for new items: the bound limits the file as well.
    """
    if total_weight(connection) <= SMALL_FILE:
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def checkpoint(connection: sqlite3.Connection, wal_bytes: int) -> None:
    """Move committed pages from the log into the file, and keep the log from growing."""
    mode = "TRUNCATE" if wal_bytes > LARGE_WAL else "PASSIVE"
    connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchall()


def sound(connection: sqlite3.Connection) -> str:
    """What SQLite's quick check complains about, "" where it is content."""
    verdict = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    return "" if verdict == "ok" else verdict

"""The file's schema and how an older one is brought forward.

Bodies live in a table of their own: touching, listing and counting items then never reads or
rewrites them. Triggers keep the totals, so the size bound is exact whatever code deletes items.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from vercel_emu.errors import EmuError

APPLICATION_ID = 0x76656D75  # "vemu": how we tell our file from somebody else's

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), sequence INTEGER NOT NULL);
    INSERT INTO state VALUES (1, 0);

    CREATE TABLE totals (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        items INTEGER NOT NULL, bytes INTEGER NOT NULL, weight INTEGER NOT NULL
    );
    INSERT INTO totals VALUES (1, 0, 0, 0);

    CREATE TABLE spaces (
        id INTEGER PRIMARY KEY, project TEXT NOT NULL, environment TEXT NOT NULL,
        UNIQUE (project, environment)
    );
    CREATE TABLE scopes (
        id INTEGER PRIMARY KEY, space INTEGER NOT NULL REFERENCES spaces, region TEXT NOT NULL,
        hits INTEGER NOT NULL DEFAULT 0, misses INTEGER NOT NULL DEFAULT 0,
        used REAL NOT NULL DEFAULT 0,
        UNIQUE (space, region)
    );

    CREATE TABLE items (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        scope INTEGER NOT NULL REFERENCES scopes,
        key TEXT NOT NULL,
        name TEXT NOT NULL,
        tags TEXT,                   -- JSON array, NULL for none
        size INTEGER NOT NULL,
        weight INTEGER NOT NULL,
        created REAL NOT NULL,
        expires REAL,                -- NULL for never
        sequence INTEGER NOT NULL,   -- state.sequence when written: a later tag expiry ends it
        used REAL NOT NULL,
        hits INTEGER NOT NULL DEFAULT 0
    );
    CREATE UNIQUE INDEX items_key ON items (scope, key);
    CREATE INDEX items_used ON items (used);
    CREATE INDEX items_expires ON items (expires) WHERE expires IS NOT NULL;

    CREATE TABLE bodies (id INTEGER PRIMARY KEY REFERENCES items, body BLOB NOT NULL);

    CREATE TABLE expired_tags (
        space INTEGER NOT NULL, tag TEXT NOT NULL, sequence INTEGER NOT NULL,
        origin TEXT NOT NULL, visible_at REAL NOT NULL,
        PRIMARY KEY (space, tag, sequence)
    ) WITHOUT ROWID;

    CREATE TRIGGER item_added AFTER INSERT ON items BEGIN
        UPDATE totals SET items = items + 1, bytes = bytes + NEW.size, weight = weight + NEW.weight;
    END;
    CREATE TRIGGER item_replaced AFTER UPDATE OF size, weight ON items BEGIN
        UPDATE totals SET bytes = bytes + NEW.size - OLD.size,
                          weight = weight + NEW.weight - OLD.weight;
    END;
    CREATE TRIGGER item_removed AFTER DELETE ON items BEGIN
        DELETE FROM bodies WHERE id = OLD.id;
        UPDATE totals SET items = items - 1, bytes = bytes - OLD.size, weight = weight - OLD.weight;
    END;
    """,
)


def migrate(connection: sqlite3.Connection, migrations: Sequence[str] = MIGRATIONS) -> None:
    """Bring the file to the newest schema in one transaction; refuse one from the future."""
    version = _version(connection)
    if version == len(migrations):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = _version(connection)  # another emulator may have been first
        _refuse_newer(version, len(migrations))
        for script in migrations[version:]:
            for statement in _statements(script):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(migrations)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _refuse_newer(version: int, known: int) -> None:
    if version > known:
        raise EmuError(
            "CACHE_TOO_NEW",
            f"The runtime cache file has schema {version}; this vercel-emu knows up to {known}.",
            "A newer vercel-emu wrote it. Upgrade vercel-emu, use `--cache memory`, or remove "
            ".vercel/emu/cache.sqlite3 to begin an empty cache.",
        )


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _statements(script: str) -> list[str]:
    """The statements of a script; `executescript` would commit our transaction."""
    statements, pending = [], ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            statements.append(pending.strip())
            pending = ""
    return statements

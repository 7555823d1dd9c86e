"""What happens to the cache file: damage, strangers, other emulators, full disks, upgrades."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.runtime_cache.semantics import run
from tests.runtime_cache.stores import SCOPE, Place
from vercel_emu.errors import EmuError
from vercel_emu.runtime_cache import Query, Store, StoreUnavailableError
from vercel_emu.runtime_cache.sqlite import database, file
from vercel_emu.runtime_cache.sqlite.schema import MIGRATIONS, migrate
from vercel_emu.runtime_cache.sqlite.store import SQLiteStore


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place("file", tmp_path)


async def write(store: Store, key: str = "k", body: bytes = b"1") -> None:
    await store.set(SCOPE, key, body)


def aside(place: Place) -> list[Path]:
    return sorted(place.path.parent.glob("cache.sqlite3.set-aside-*"))


def damage(path: Path, keep: int = 0) -> None:
    """Overwrite everything behind the first `keep` bytes."""
    size = path.stat().st_size
    with path.open("r+b") as stream:
        stream.seek(keep)
        stream.write(b"\xa5" * (size - keep))


class TestBadFiles:
    @pytest.mark.parametrize("content", [b"x" * 5000, b"short", b"\0" * 200])
    def test_a_foreign_file_is_set_aside(self, place: Place, content: bytes) -> None:
        place.path.parent.mkdir(parents=True)
        place.path.write_bytes(content)
        run(place, write)
        (old,) = aside(place)
        assert old.read_bytes() == content
        (notice,) = place.log.notices("CACHE_SET_ASIDE")
        assert str(place.path) in notice.message
        assert old.name in (notice.hint or "")

    def test_another_programs_database_is_set_aside(self, place: Place) -> None:
        place.path.parent.mkdir(parents=True)
        with sqlite3.connect(place.path) as other:
            other.execute("CREATE TABLE theirs (x)")
        other.close()
        run(place, write)
        assert len(aside(place)) == 1
        assert "another program" in place.log.notices("CACHE_SET_ASIDE")[0].message

    def test_a_damaged_file_is_set_aside_at_the_start(self, place: Place) -> None:
        run(place, write)
        damage(place.path, keep=100)
        run(place, write)
        assert len(aside(place)) == 1

    def test_damage_found_later(self, place: Place) -> None:
        """The schema is whole, a page of items is not: only using the file shows it."""

        async def fill(store: Store) -> None:
            for number in range(200):
                await write(store, f"k{number}", b"x" * 2000)

        async def use(store: Store) -> None:
            missing = [n for n in range(200) if await store.get(SCOPE, f"k{n}") is None]
            assert missing
            await write(store, "k", b"2")
            assert await store.get(SCOPE, "k")

        run(place, fill)
        with contextlib.closing(sqlite3.connect(place.path)) as reader:
            (root,) = reader.execute(
                "SELECT rootpage FROM sqlite_master WHERE name = 'items'"
            ).fetchone()
            (size,) = reader.execute("PRAGMA page_size").fetchone()
        with place.path.open("r+b") as stream:
            stream.seek((root - 1) * size)
            stream.write(b"\xa5" * size)
        run(place, use)
        assert len(aside(place)) == 1
        assert len(place.log.notices("CACHE_SET_ASIDE")) == 1

    def test_an_unclean_end_is_checked_in_the_background(self, place: Place) -> None:
        async def fill(store: Store) -> None:
            for number in range(300):
                await write(store, f"k{number}", b"x" * 3000)

        async def use(store: Store) -> None:
            assert isinstance(store, SQLiteStore)
            await write(store, "new")
            await store.settle()
            await write(store, "after")
            assert await store.get(SCOPE, "after")

        run(place, fill)
        size = place.path.stat().st_size
        with place.path.open("r+b") as stream:  # bodies only: no query would notice
            stream.seek(size - 200_000)
            stream.write(b"\xa5" * 200_000)
        place.path.with_name(place.path.name + "-wal").write_bytes(b"left by a killed process")
        run(place, use)
        assert len(aside(place)) == 1


class TestRemoved:
    def test_the_folder_is_removed_under_us(self, place: Place) -> None:
        async def check(store: Store) -> None:
            await write(store)
            shutil.rmtree(place.folder / ".vercel")
            await write(store, "again")
            assert await store.get(SCOPE, "again")
            assert place.path.exists()

        run(place, check)

    def test_reads_notice_it_too(self, place: Place) -> None:
        async def check(store: Store) -> None:
            assert isinstance(store, SQLiteStore)
            await write(store)
            await store.settle()
            shutil.rmtree(place.folder / ".vercel")
            store.upkeep_is_due()
            await store.get(SCOPE, "k")
            await store.settle()
            assert await store.get(SCOPE, "k") is None

        run(place, check)


class TestSchema:
    def test_a_newer_one_is_refused(self, place: Place) -> None:
        run(place, write)
        with sqlite3.connect(place.path) as other:
            other.execute("PRAGMA user_version = 99")
        other.close()
        with pytest.raises(EmuError) as caught:
            place.open()
        assert caught.value.code == "CACHE_TOO_NEW"
        assert "99" in caught.value.message
        assert not aside(place)

    def test_an_older_one_is_migrated_and_keeps_its_items(self, place: Place) -> None:
        run(place, write)
        newer = (*MIGRATIONS, "ALTER TABLE items ADD COLUMN note TEXT;\nCREATE TABLE more (x);")
        connection = file.connect(place.path, busy_timeout_ms=0, cache_kb=256)
        migrate(connection, newer)
        assert connection.execute("SELECT key, note FROM items").fetchall() == [("k", None)]
        assert connection.execute("PRAGMA user_version").fetchone() == (len(newer),)
        with pytest.raises(EmuError, match="CACHE_TOO_NEW"):
            migrate(connection, MIGRATIONS)
        connection.close()

    def test_a_failed_migration_changes_nothing(self, place: Place) -> None:
        run(place, write)
        connection = file.connect(place.path, busy_timeout_ms=0, cache_kb=256)
        with pytest.raises(sqlite3.OperationalError):
            migrate(connection, (*MIGRATIONS, "CREATE TABLE more (x);\nSELECT * FROM nothing;"))
        assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
        assert not connection.execute("SELECT 1 FROM sqlite_master WHERE name='more'").fetchall()
        connection.close()


class TestTwoEmulators:
    def test_they_see_each_other(self, place: Place) -> None:
        async def main() -> None:
            one, two = place.open(), place.open()
            for number in range(50):
                await one.set(SCOPE, f"k{number}", b"one", tags=("t",))
                await two.set(SCOPE, f"k{number}", b"two", tags=("t",))
                item = await one.get(SCOPE, f"k{number}")
                assert item is not None
                assert item.body == b"two"
            await one.expire_tags(SCOPE, ["t"])
            assert await two.get(SCOPE, "k0") is None
            await one.close()
            await two.set(SCOPE, "k0", b"again")
            await two.close()

        asyncio.run(main())
        assert not place.log.events

    def test_a_lock_held_elsewhere_does_not_stop_the_loop(
        self, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(database, "_BUSY_TIMEOUT_MS", 120_000)

        async def check(store: Store) -> None:
            await write(store)
            with contextlib.closing(sqlite3.connect(place.path, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                writing = asyncio.create_task(write(store, "k", b"2"))
                for _ in range(20):
                    await asyncio.sleep(0)
                    item = await store.get(SCOPE, "k")
                    assert item is not None
                    assert item.body == b"1", "reads go on"
                assert not writing.done()
                other.execute("COMMIT")
            await writing
            item = await store.get(SCOPE, "k")
            assert item is not None
            assert item.body == b"2"

        run(place, check)
        assert not place.log.events


class TestUnusable:
    def test_a_place_that_cannot_hold_a_file(self, place: Place) -> None:
        (place.folder / ".vercel").write_text("a file, not a folder")

        async def check(store: Store) -> None:
            for _ in range(2):
                with pytest.raises(StoreUnavailableError):
                    await store.get(SCOPE, "k")
                with pytest.raises(StoreUnavailableError):
                    await write(store)
            (notice,) = place.log.notices()
            assert notice.code == "CACHE_CANNOT_OPEN"
            (place.folder / ".vercel").unlink()
            assert isinstance(store, SQLiteStore)
            store.retry_now()
            await write(store)
            assert await store.get(SCOPE, "k")
            assert [n.level for n in place.log.notices()] == ["warn", "info"]

        run(place, check)


class TestBound:
    def test_the_least_recently_used_go_first(self, place: Place) -> None:
        async def check(store: Store) -> None:
            for number in range(9):
                await write(store, f"k{number}", b"x" * 10_000)
            assert await store.get(SCOPE, "k0")
            await write(store, "new", b"x" * 10_000)
            await settle(store)
            kept = [n for n in range(9) if await store.get(SCOPE, f"k{n}")]
            assert kept[0] == 0
            assert kept[1:] == list(range(10 - len(kept), 9))
            assert await store.get(SCOPE, "new")
            assert (await store.stats(SCOPE)).stored_bytes or 0 < 100_000

        bounded(place, 100_000, check)

    def test_ended_items_go_before_any_other(self, place: Place) -> None:
        async def check(store: Store) -> None:
            await write(store, "old", b"x" * 10_000)
            for number in range(8):
                await store.set(SCOPE, f"short{number}", b"x" * 10_000, ttl=1)
            place.clock.now += 2
            await write(store, "new", b"x" * 10_000)
            await settle(store)
            assert await store.get(SCOPE, "old")

        bounded(place, 100_000, check)

    def test_it_holds_under_a_flood(self, place: Place) -> None:
        async def check(store: Store) -> None:
            for number in range(300):
                await write(store, f"k{number}", b"x" * 100_000)
                await asyncio.sleep(0)
            await settle(store)
            stats = await store.stats(SCOPE)
            assert 0 < (stats.stored_bytes or 0) <= 2_000_000
            assert await store.get(SCOPE, "k299")

        bounded(place, 2_000_000, check)
        with contextlib.closing(sqlite3.connect(place.path)) as reader:
            exact = reader.execute("SELECT count(*), sum(size), sum(weight) FROM items").fetchone()
            kept = reader.execute("SELECT items, bytes, weight FROM totals").fetchone()
            bodies = reader.execute("SELECT count(*), sum(length(body)) FROM bodies").fetchone()
        assert kept == exact
        assert bodies == exact[:2]

    def test_clearing_gives_the_disk_space_back(self, place: Place) -> None:
        async def check(store: Store) -> None:
            for number in range(100):
                await write(store, f"k{number}", b"x" * 50_000)
            assert await store.clear(SCOPE) == 100

        run(place, check)
        assert place.path.stat().st_size < 200_000


async def settle(store: Store) -> None:
    assert isinstance(store, SQLiteStore)
    await store.settle()


def bounded(place: Place, max_bytes: int, test: Callable[[Store], Awaitable[None]]) -> None:
    async def main() -> None:
        store = place.open(max_bytes)
        try:
            await test(store)
        finally:
            await store.close()

    asyncio.run(main())


def test_uses_and_counts_survive_a_restart(place: Place) -> None:
    async def use(store: Store) -> None:
        await write(store)
        for _ in range(3):
            await store.get(SCOPE, "k")
        await store.get(SCOPE, "no")

    async def look(store: Store) -> None:
        stats = await store.stats(SCOPE)
        assert (stats.hits, stats.misses) == (3, 1)
        page = await store.items(SCOPE, Query())
        assert [info.hits for info in page.items] == [3]

    run(place, use)
    run(place, look)


def test_expired_tags_do_not_pile_up(place: Place) -> None:
    async def check(store: Store) -> None:
        assert isinstance(store, SQLiteStore)
        await store.set(SCOPE, "stays", b"1", tags=("kept",))
        for number in range(0, 3000, 100):
            tags = [f"t{n}" for n in range(number, number + 100)]
            await store.set(SCOPE, f"k{number}", b"1", tags=tags[:3])
            await store.expire_tags(SCOPE, tags)
        store.upkeep_is_due()
        await store.expire_tags(SCOPE, ["last"])
        await store.settle()
        assert await store.get(SCOPE, "stays")
        assert await store.get(SCOPE, "k0") is None

    run(place, check)
    with contextlib.closing(sqlite3.connect(place.path)) as reader:
        assert reader.execute("SELECT count(*) FROM expired_tags").fetchone()[0] < 100
        assert reader.execute("SELECT count(*) FROM items").fetchone() == (1,)


def test_expiring_costs_the_same_for_many_items(place: Place) -> None:
    """As many rows are written, whether ten items have the tag or three thousand."""

    async def rows_written(store: Store, tag: str, items: int) -> int:
        assert isinstance(store, SQLiteStore)
        for number in range(items):
            await store.set(SCOPE, f"{tag}{number}", b"1", tags=(tag,))
        await store.settle()
        before = await store._database.now(lambda connection: connection.total_changes)
        await store.expire_tags(SCOPE, [tag])
        after = await store._database.now(lambda connection: connection.total_changes)
        assert await store.get(SCOPE, f"{tag}{items - 1}") is None
        return after - before

    async def check(store: Store) -> None:
        few = await rows_written(store, "few", 10)
        assert 0 < few == await rows_written(store, "many", 3000)

    run(place, check)

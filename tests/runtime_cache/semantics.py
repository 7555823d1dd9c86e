"""What every store must do: the same tests for each, run by the modules that name a store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from tests.runtime_cache.stores import SCOPE, Place
from vercel_emu.runtime_cache import ItemInfo, Query, Store
from vercel_emu.runtime_cache.policy import ONE_YEAR


@asynccontextmanager
async def opened(place: Place) -> AsyncIterator[Store]:
    store = place.open()
    try:
        yield store
    finally:
        await store.close()


def run(place: Place, test: Callable[[Store], Awaitable[None]]) -> None:
    async def main() -> None:
        async with opened(place) as store:
            await test(store)

    asyncio.run(main())


class StoreSemantics:
    """Needs a fixture `place`."""

    def test_an_item_comes_back_as_it_was_written(self, place: Place) -> None:
        async def check(store: Store) -> None:
            body = bytes(range(256)) * 3
            await store.set(SCOPE, "a/ü $%", body, tags=("t", "ü"), ttl=10, name="näme")
            place.clock.now += 4.5
            item = await store.get(SCOPE, "a/ü $%")
            assert item is not None
            assert (item.body, item.tags, item.name) == (body, ("t", "ü"), "näme")
            assert item.age == 4.5
            assert item.expires == item.created + 10
            assert await store.get(SCOPE, "b") is None

        run(place, check)

    def test_large_and_empty_bodies(self, place: Place) -> None:
        async def check(store: Store) -> None:
            for body in (b"", b"x" * (2 * 1024 * 1024)):
                await store.set(SCOPE, "k", body)
                item = await store.get(SCOPE, "k")
                assert item is not None
                assert item.body == body

        run(place, check)

    def test_ttl_ends_to_the_moment(self, place: Place) -> None:
        async def check(store: Store) -> None:
            await store.set(SCOPE, "short", b"1", ttl=0.5)
            await store.set(SCOPE, "long", b"1", ttl=1e300)
            await store.set(SCOPE, "ever", b"1")
            place.clock.now += 0.499
            assert await store.get(SCOPE, "short")
            place.clock.now += 0.001
            assert await store.get(SCOPE, "short") is None
            place.clock.now += 10 * ONE_YEAR
            assert await store.get(SCOPE, "long")
            assert await store.get(SCOPE, "ever")

        run(place, check)

    def test_a_new_write_replaces_value_tags_name_and_ttl(self, place: Place) -> None:
        async def check(store: Store) -> None:
            await store.set(SCOPE, "k", b"1", tags=("a", "b"), ttl=1, name="one")
            await store.set(SCOPE, "k", b"2", tags=("b",))
            await store.expire_tags(SCOPE, ["a"])
            place.clock.now += 5
            item = await store.get(SCOPE, "k")
            assert item is not None
            assert (item.body, item.tags, item.name, item.expires) == (b"2", ("b",), "", None)

        run(place, check)

    def test_expiring_tags(self, place: Place) -> None:
        async def check(store: Store) -> None:
            await store.set(SCOPE, "ab", b"1", tags=("a", "b"))
            await store.set(SCOPE, "c", b"1", tags=("c",))
            await store.set(SCOPE, "d", b"1", tags=("d",))
            await store.set(SCOPE, "none", b"1")
            await store.expire_tags(SCOPE, ["b", "c"])
            kept = [key for key in ("ab", "c", "d", "none") if await store.get(SCOPE, key)]
            assert kept == ["d", "none"]
            await store.set(SCOPE, "ab", b"2", tags=("a", "b"))
            assert await store.get(SCOPE, "ab")

        run(place, check)

    def test_delete_is_idempotent(self, place: Place) -> None:
        async def check(store: Store) -> None:
            await store.set(SCOPE, "k", b"1")
            assert await store.delete(SCOPE, "k")
            assert not await store.delete(SCOPE, "k")
            assert await store.get(SCOPE, "k") is None

        run(place, check)

    def test_projects_environments_and_regions_are_apart(self, place: Place) -> None:
        others = [
            replace(SCOPE, project="other"),
            replace(SCOPE, environment="production"),
            replace(SCOPE, region="fra1"),
        ]

        async def check(store: Store) -> None:
            for scope in (SCOPE, *others):
                await store.set(scope, "k", scope.project.encode(), tags=("t",))
            await store.delete(SCOPE, "k")
            for scope in others:
                assert await store.get(scope, "k")
            await store.expire_tags(SCOPE, ["t"])
            fresh = [scope for scope in others if await store.get(scope, "k")]
            assert fresh == others[:2], "a tag reaches every region, and nothing else"
            assert set(await store.scopes()) >= set(others[:2])

        run(place, check)

    def test_tag_expiry_travels_to_other_regions(self, place: Place) -> None:
        far = replace(SCOPE, region="fra1")

        async def check(store: Store) -> None:
            place.clock.now += 0.1  # a moment that six digits would round up
            for scope in (SCOPE, far):
                await store.set(scope, "k", b"1", tags=("t",))
            await store.expire_tags(SCOPE, ["t"], delay_ms=300)
            assert await store.get(SCOPE, "k") is None
            assert await store.get(far, "k")
            await store.set(far, "later", b"1", tags=("t",))
            place.clock.now += 0.3
            assert await store.get(far, "k") is None
            assert await store.get(far, "later"), "written after the expiry"

        run(place, check)

    def test_an_older_expiry_holds_while_a_newer_one_travels(self, place: Place) -> None:
        far = replace(SCOPE, region="fra1")

        async def check(store: Store) -> None:
            await store.set(far, "k", b"1", tags=("t",))
            await store.expire_tags(SCOPE, ["t"])
            await store.expire_tags(SCOPE, ["t"], delay_ms=300)
            assert await store.get(far, "k") is None

        run(place, check)

    def test_listing_counting_clearing(self, place: Place) -> None:
        async def check(store: Store) -> None:
            for number in range(7):
                tags = ("even",) if number % 2 == 0 else ("odd",)
                await store.set(SCOPE, f"ns${number}", b"12345", tags=tags)
            await store.set(SCOPE, "ended", b"1", ttl=1)
            await store.set(SCOPE, "x*[1]", b"1", tags=("dead",))
            await store.expire_tags(SCOPE, ["dead"])
            place.clock.now += 2
            assert await store.get(SCOPE, "ns$1")
            assert await store.get(SCOPE, "ended") is None
            assert {i.key: i.hits for i in await everything(store)} == {
                f"ns${n}": int(n == 1) for n in range(7)
            }
            odd = await everything(store, Query(tag="odd", limit=2))
            assert sorted(info.key for info in odd) == ["ns$1", "ns$3", "ns$5"]
            assert len(await everything(store, Query(prefix="ns$"))) == 7
            assert await everything(store, Query(prefix="n?$")) == []
            stats = await store.stats(SCOPE)
            assert (stats.items, stats.bytes, stats.hits, stats.misses) == (7, 35, 1, 1)
            assert [(t.tag, t.items, t.bytes) for t in stats.tags] == [
                ("even", 4, 20),
                ("odd", 3, 15),
            ]
            assert await store.clear(SCOPE) >= 7
            assert await everything(store) == []

        run(place, check)

    def test_looking_without_touching(self, place: Place) -> None:
        async def check(store: Store) -> None:
            await store.set(SCOPE, "k", b"1")
            assert await store.get(SCOPE, "k", touch=False)
            assert await store.get(SCOPE, "no", touch=False) is None
            stats = await store.stats(SCOPE)
            assert (stats.hits, stats.misses) == (0, 0)

        run(place, check)


async def everything(store: Store, query: Query | None = None) -> list[ItemInfo]:
    query = query or Query(limit=3)
    found: list[ItemInfo] = []
    while True:
        page = await store.items(SCOPE, query)
        found += page.items
        if not page.next:
            return found
        query = replace(query, after=page.next)

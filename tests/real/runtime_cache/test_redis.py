"""The cache on a real Redis server: the semantics, one round trip, and a server that goes away."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import ClassVar

import pytest
import redis
from hypothesis.stateful import run_state_machine_as_test

from tests.runtime_cache.machine import SETTINGS, StoreMachine
from tests.runtime_cache.semantics import StoreSemantics
from tests.runtime_cache.stores import SCOPE, Place, redis_server, redis_server_at
from vercel_emu.cli.terminal.banner import shown_cache
from vercel_emu.errors import EmuError
from vercel_emu.runtime_cache import StoreUnavailableError
from vercel_emu.runtime_cache.redis.connect import address
from vercel_emu.runtime_cache.redis.store import RedisStore


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with redis_server() as address:
        yield address


class TestRedis(StoreSemantics):
    @pytest.fixture
    def place(self, url: str, tmp_path: Path) -> Place:
        with redis.Redis.from_url(url) as client:
            client.flushall()
        return Place(url, tmp_path)


class RedisMachine(StoreMachine):
    url: ClassVar[str]

    def __init__(self) -> None:
        self.place = Place(self.url, Path())
        super().__init__()

    def begin(self) -> None:
        with redis.Redis.from_url(self.url) as client:
            client.flushall()


def test_a_random_user(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setattr(RedisMachine, "url", url, raising=False)
    run_state_machine_as_test(RedisMachine, settings=SETTINGS)


def test_a_get_is_one_round_trip(url: str, tmp_path: Path) -> None:
    place = Place(url, tmp_path)

    async def main() -> None:
        store = place.open()
        await store.set(SCOPE, "k", b"1", tags=("a", "b"), ttl=10)
        await store.get(SCOPE, "k")
        with redis.Redis.from_url(url) as client:
            client.config_resetstat()
            assert await store.get(SCOPE, "k")
            calls = client.info("commandstats")
        assert calls["cmdstat_evalsha"]["calls"] == 1
        inside_the_script = {"time", "hmget", "zrangebyscore", "zscore", "hincrby", "expire"}
        ours = {"config|resetstat", "info", "evalsha"}
        assert {name.removeprefix("cmdstat_") for name in calls} <= inside_the_script | ours
        await store.close()

    asyncio.run(main())


def test_nothing_is_kept_for_ever(url: str, tmp_path: Path) -> None:
    place = Place(url, tmp_path)

    async def main() -> None:
        store = place.open()
        await store.set(SCOPE, "short", b"1", ttl=5, tags=("t",))
        await store.set(SCOPE, "ever", b"1")
        await store.get(SCOPE, "ever")
        await store.expire_tags(SCOPE, ["t"], delay_ms=100)
        await store.close()

    with redis.Redis.from_url(url) as client:
        client.flushall()
        asyncio.run(main())
        lives = {key.decode(): client.ttl(key) for key in client.scan_iter()}
    endless = [key for key, seconds in lives.items() if seconds < 0 and "scopes" not in key]
    assert len(lives) == 6
    assert not endless
    short = next(seconds for key, seconds in lives.items() if key.endswith(":short"))
    assert 5 < short <= 65, "its own time, and a minute"


def test_a_lost_server_is_misses_and_one_warning_until_it_is_back(tmp_path: Path) -> None:
    with ExitStack() as stack:
        url = stack.enter_context(redis_server())
        place = Place(url, tmp_path)

        async def main() -> None:
            store = place.open()
            await store.set(SCOPE, "k", b"1")
            stack.close()
            for _ in range(3):
                with pytest.raises(StoreUnavailableError):
                    await store.get(SCOPE, "k")
                with pytest.raises(StoreUnavailableError):
                    await store.set(SCOPE, "k", b"2")
            assert [notice.code for notice in place.log.notices()] == ["CACHE_UNAVAILABLE"]
            with redis_server_at(url):
                assert isinstance(store, RedisStore)
                store.retry_now()
                assert await store.get(SCOPE, "k") is None
                await store.set(SCOPE, "k", b"3")
                assert await store.get(SCOPE, "k")
            assert [n.level for n in place.log.notices()] == ["warn", "info"]
            await store.close()

        asyncio.run(main())


def test_a_full_server_refuses_writes_and_goes_on_reading(tmp_path: Path) -> None:
    with redis_server() as url, redis.Redis.from_url(url) as client:
        place = Place(url, tmp_path)

        async def main() -> None:
            store = place.open()
            await store.set(SCOPE, "k", b"1")
            client.config_set("maxmemory", 1)
            for _ in range(3):
                with pytest.raises(StoreUnavailableError):
                    await store.set(SCOPE, "k", b"2" * 1000)
                assert await store.get(SCOPE, "k")
            assert [notice.code for notice in place.log.notices()] == ["CACHE_REFUSED"]
            await store.close()

        asyncio.run(main())


def test_a_password_never_shows() -> None:
    assert address("redis://me:secret@cache.test:6379/1?x=y") == "redis://cache.test:6379/1"
    assert shown_cache("rediss://:secret@cache.test/1") == "rediss://cache.test/1"
    assert address("redis://me:secret@[::1") == "redis://..."


@pytest.mark.parametrize("url", ["redis://[::1", "redis://h:port", "redis://h?frob=1"])
def test_an_address_that_is_none(url: str, tmp_path: Path) -> None:
    with pytest.raises(EmuError, match="is not the address of a Redis server") as caught:
        Place(url, tmp_path).open()
    assert caught.value.code == "INVALID_CACHE"

"""The cache on a real Redis server: the semantics, one round trip, and a server that goes away."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import ClassVar

import pytest
import redis
from hypothesis.stateful import run_state_machine_as_test

from tests.real.support import PATIENCE
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
                await back(place)
                assert await store.get(SCOPE, "k") is None
                await store.set(SCOPE, "k", b"3")
                assert await store.get(SCOPE, "k")
            assert [n.level for n in place.log.notices()] == ["warn", "info"]
            await store.close()

        asyncio.run(main())


async def back(place: Place) -> None:
    """Until the probe has found the server."""
    async with asyncio.timeout(PATIENCE):
        while not any("works again" in notice.message for notice in place.log.notices()):
            await asyncio.sleep(0.01)


def test_a_hung_server_is_waited_for_once(tmp_path: Path) -> None:
    with redis_server() as url:
        place = Place(url, tmp_path)
        with redis.Redis.from_url(url) as client:
            pid = int(client.info("server")["process_id"])

        async def main() -> None:
            store = place.open()
            await store.set(SCOPE, "k", b"1")
            os.kill(pid, signal.SIGSTOP)
            try:
                with pytest.raises(StoreUnavailableError, match="it does not answer"):
                    await store.get(SCOPE, "k")
                loop = asyncio.get_running_loop()
                since = loop.time()
                for _ in range(100):
                    with pytest.raises(StoreUnavailableError, match="no connection"):
                        await store.get(SCOPE, "k")
                assert loop.time() - since < PATIENCE, "none of them waits"
            finally:
                os.kill(pid, signal.SIGCONT)
            await back(place)
            assert await store.get(SCOPE, "k")
            assert [n.level for n in place.log.notices()] == ["warn", "info"]
            await store.close()

        asyncio.run(main())


def told(place: Place) -> list[str | None]:
    """What a check at the start says, and that an operation fails and adds nothing."""

    async def main() -> None:
        store = place.open()
        await store.check()
        with pytest.raises(StoreUnavailableError):
            await store.set(SCOPE, "k", b"2" * 1000)
        await store.close()

    asyncio.run(main())
    assert all(notice.hint for notice in place.log.notices())
    return [notice.code for notice in place.log.notices()]


def test_what_is_wrong_is_said_at_the_start(tmp_path: Path) -> None:
    with redis_server() as url, redis.Redis.from_url(url) as client:
        assert told(Place(f"{url}?db=99", tmp_path)) == ["CACHE_UNKNOWN_DATABASE"]
        client.config_set("maxmemory", 1)
        assert told(Place(url, tmp_path)) == ["CACHE_FULL"]
        client.config_set("maxmemory", 0)
        client.config_set("requirepass", "secret")
        assert told(Place(url, tmp_path)) == ["CACHE_WRONG_PASSWORD"]
        assert told(Place(f"{url}?password=x", tmp_path)) == ["CACHE_WRONG_PASSWORD"]


def test_a_cluster_is_not_supported(tmp_path: Path) -> None:
    with redis_server("--cluster-enabled", "yes") as url:
        assert told(Place(url, tmp_path)) == ["CACHE_CLUSTER"]
        assert told(Place(f"{url}?db=1", tmp_path)) == ["CACHE_CLUSTER"]


def test_valkey_is_the_same_under_its_own_name(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    place = Place(f"valkey://127.0.0.1:{port}/0", tmp_path)
    with redis_server("--port", str(port)):

        async def main() -> None:
            store = place.open()
            await store.check()
            await store.set(SCOPE, "k", b"1")
            assert await store.get(SCOPE, "k")
            await store.close()

        asyncio.run(main())
    assert place.log.notices() == []
    assert isinstance(Place("valkeys://h:1/0", tmp_path).open(), RedisStore)
    assert shown_cache("valkeys://:secret@cache.test/1") == "valkeys://cache.test/1"


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
            assert [notice.code for notice in place.log.notices()] == ["CACHE_FULL"]
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

"""The cache client on real sockets: kept alive, shared, cancelled, forked, and never leaked."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.functions_api.differential.peer import Peer
from tests.real.support import PATIENCE
from vercel_emu.guest.functions_api.vercel.cache._client import exchange, pool
from vercel_emu.guest.functions_api.vercel.cache._client.caches import AsyncBuildCache, BuildCache
from vercel_emu.guest.functions_api.vercel.cache._client.exchange import NoAnswer

HEADERS = {"authorization": "Bearer t"}


@pytest.fixture(autouse=True)
def no_idle_connections() -> Iterator[None]:
    pool.POOL.clear()
    yield
    pool.POOL.clear()


@pytest.fixture
def peer() -> Iterator[Peer]:
    with Peer() as running:
        yield running


def sync_client(endpoint: str, failed: list[Exception] | None = None) -> BuildCache:
    report = None if failed is None else failed.append
    return BuildCache(endpoint=endpoint, headers=HEADERS, on_error=report)


def async_client(endpoint: str, failed: list[Exception] | None = None) -> AsyncBuildCache:
    report = None if failed is None else failed.append
    return AsyncBuildCache(endpoint=endpoint, headers=HEADERS, on_error=report)


def idle_connections() -> list[socket.socket]:
    return [entry[1] for idle in pool.POOL._idle.values() for entry in idle]


def own_sockets_to(port: int) -> int:
    """Descriptors of this process that are connected to `port`."""
    count = 0
    for number in os.listdir("/proc/self/fd" if os.path.isdir("/proc/self/fd") else "/dev/fd"):
        try:
            with socket.socket(fileno=os.dup(int(number))) as copy:
                count += copy.family == socket.AF_INET and copy.getpeername()[1] == port
        except OSError:
            continue
    return count


class OneShotServer:
    """Takes connections one after the other and does to each what the test says."""

    def __init__(self, *deeds: bytes | None) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.endpoint = f"http://127.0.0.1:{self.port}/"
        self.asked = threading.Event()
        self.left = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(deeds,), daemon=True)
        self._thread.start()

    def _run(self, deeds: tuple[bytes | None, ...]) -> None:
        for deed in deeds:
            connection, _ = self._listener.accept()
            with connection:
                connection.recv(65536)
                self.asked.set()
                if deed is None:  # say nothing until the client leaves
                    connection.recv(1)
                    self.left.set()
                else:
                    connection.sendall(deed)

    def __enter__(self) -> OneShotServer:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self._thread.join(PATIENCE)


def ok(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)


def test_one_connection_serves_sync_and_async_calls_and_several_loops(peer: Peer) -> None:
    sync, coroutine = sync_client(peer.endpoint), async_client(peer.endpoint)

    sync.set("k", {"v": 1})
    before = idle_connections()
    assert asyncio.run(coroutine.get("k")) == {"v": 1}
    assert asyncio.run(coroutine.get("k")) == {"v": 1}
    assert sync.get("k") == {"v": 1}

    assert len(before) == 1
    assert idle_connections() == before


def test_64_threads_and_200_tasks_leave_no_descriptor_behind(peer: Peer) -> None:
    sync, coroutine = sync_client(peer.endpoint), async_client(peer.endpoint)
    sync.set("k", "v")

    async def tasks() -> list[Any]:
        return await asyncio.gather(*(coroutine.get("k") for _ in range(200)))

    with ThreadPoolExecutor(64) as threads:
        several = [threads.submit(sync.get, "k") for _ in range(64 * 4)]
        loops = [threads.submit(asyncio.run, tasks()) for _ in range(2)]
        got = {future.result() for future in several}
        got.update(value for future in loops for value in future.result())

    assert got == {"v"}
    assert len(idle_connections()) <= pool.MAX_IDLE
    # Each connection has two ends in this process; the peer's have another port.
    assert own_sockets_to(peer.port) == len(idle_connections())
    pool.POOL.clear()
    assert own_sockets_to(peer.port) == 0


def test_after_a_burst_the_surplus_is_closed_once_it_is_old(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    coroutine = async_client(peer.endpoint)

    async def burst() -> None:
        await asyncio.gather(*(coroutine.get("k") for _ in range(10)))

    asyncio.run(burst())
    assert len(idle_connections()) > 1
    monkeypatch.setattr(pool, "MAX_IDLE_SECONDS", -1.0)
    asyncio.run(coroutine.get("k"))
    assert len(idle_connections()) == 0


def test_a_connection_closed_while_idle_is_replaced_unnoticed() -> None:
    failed: list[Exception] = []
    with OneShotServer(ok(b"1"), ok(b"2"), ok(b"3")) as server:  # closes after each answer
        assert sync_client(server.endpoint, failed).get("k") == 1
        assert sync_client(server.endpoint, failed).get("k") == 2
        assert asyncio.run(async_client(server.endpoint, failed).get("k")) == 3
    assert failed == []


def test_no_answer_at_all_is_asked_for_once_on_a_new_connection() -> None:
    failed: list[Exception] = []
    with OneShotServer(b"", b"") as server:
        assert sync_client(server.endpoint, failed).get("k") is None
        assert asyncio.run(async_client(server.endpoint, failed).get("k")) is None
    assert [type(error) for error in failed] == [NoAnswer, NoAnswer]


@pytest.mark.parametrize("answer", [b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-le"])
def test_what_is_not_http_is_reported_and_swallowed(answer: bytes) -> None:
    failed: list[Exception] = []
    with OneShotServer(answer, answer) as server:
        assert sync_client(server.endpoint, failed).get("k") is None
        assert asyncio.run(async_client(server.endpoint, failed).contains("k")) is False
    assert len(failed) == 2
    assert all(isinstance(error, ConnectionError) for error in failed)


def test_a_cache_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "TIMEOUT_SECONDS", 0.05)
    failed: list[Exception] = []
    with OneShotServer(None, None) as server:
        assert sync_client(server.endpoint, failed).get("k") is None
        assert asyncio.run(async_client(server.endpoint, failed).get("k")) is None
    assert [(type(error), str(error)) for error in failed] == [(TimeoutError, "timed out")] * 2
    assert own_sockets_to(server.port) == 0


def test_a_cancelled_call_closes_its_connection() -> None:
    failed: list[Exception] = []
    with OneShotServer(None) as server:

        async def cancel_while_waiting() -> None:
            call = asyncio.create_task(async_client(server.endpoint, failed).get("k"))
            await asyncio.to_thread(server.asked.wait, PATIENCE)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call

        asyncio.run(cancel_while_waiting())
        assert server.left.wait(PATIENCE)
    assert idle_connections() == []
    assert failed == []


def test_an_answer_to_half_a_request_is_read() -> None:
    """A cache may refuse a body that is too large before it has read it, and close."""
    refusal = b"HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    failed: list[Exception] = []
    with OneShotServer(refusal, refusal) as server:
        sync_client(server.endpoint, failed).set("k", "x" * 3_000_000)
        asyncio.run(async_client(server.endpoint, failed).set("k", "x" * 3_000_000))
    # Where the system throws the answer away with the connection, that is what is reported.
    assert len(failed) == 2
    for error in failed:
        assert str(error) in ("Failed to set cache: 413 Content Too Large", str(NoAnswer()))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_has_connections_of_its_own(peer: Peer) -> None:
    client = sync_client(peer.endpoint)
    client.set("k", "v")
    parents = idle_connections()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # forking with the peer's threads
        child = os.fork()
    if child == 0:
        try:
            fine = not idle_connections() and client.get("k") == "v"
            os._exit(0 if fine else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

    assert client.get("k") == "v"
    assert idle_connections() == parents


def test_uvloop_is_served_too(peer: Peer) -> None:
    uvloop = pytest.importorskip("uvloop")
    coroutine = async_client(peer.endpoint)

    async def round_trip() -> object:
        await coroutine.set("k", ["x" * 300_000])
        return await coroutine.get("k")

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(round_trip()) == ["x" * 300_000]
    assert asyncio.run(coroutine.get("k")) == ["x" * 300_000]


def test_localhost_and_an_address_elsewhere(peer: Peer) -> None:
    failed: list[Exception] = []
    by_name = peer.endpoint.replace("127.0.0.1", "localhost")
    elsewhere = peer.endpoint.replace("127.0.0.1", "0.0.0.0")  # by http.client
    for endpoint in (by_name, elsewhere):
        sync_client(endpoint, failed).set("k", endpoint, {"ttl": 5})
        assert asyncio.run(async_client(endpoint, failed).get("k")) == endpoint
        assert "k" in sync_client(endpoint, failed)
        asyncio.run(async_client(endpoint, failed).delete("k"))
    assert failed == []
    assert {request["method"] for request in peer.take_requests()} == {"GET", "POST", "DELETE"}

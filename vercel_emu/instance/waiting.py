"""Steps of an instance's life that take time: its first answer, its deadline, its last requests."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable, Sequence

from vercel_emu.instance.instance import CannotStart, Instance, PoolSettings, StartFailure
from vercel_emu.transport.connection_pool import ping

BETWEEN_LOOKS = 0.05
PING_TIMEOUT = 2.0
REFUSED_PAUSE = 0.2


async def first_answer(instance: Instance, is_wanted: Callable[[], bool]) -> bool:
    """Wait for the first ping to be answered; False where the instance is gone before."""
    assert instance.connections is not None
    # The ping itself waits: for an ASGI app it is answered once the lifespan has started.
    while not await ping(instance.connections.port, timeout=3600):
        if instance.process.exited.is_set() or not is_wanted():
            return False
        await asyncio.sleep(0.01)
    return True


async def tell_where_it_hangs(instance: Instance, limit: float) -> None:
    """The startup deadline is over: `boot.py` prints every thread's stack on SIGABRT."""
    instance.failure_note = f"it did not start within {limit:g} s"
    instance.process.signal_group(signal.SIGABRT)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(3.0):
            await instance.process.exited.wait()


async def answers(port: int) -> bool:
    """Whether an instance still takes requests. A full queue may have refused the first look."""
    over = time.monotonic() + PING_TIMEOUT
    if await ping(port, timeout=PING_TIMEOUT):
        return True
    if over - time.monotonic() < PING_TIMEOUT / 2:
        return False
    await asyncio.sleep(REFUSED_PAUSE)
    return await ping(port, timeout=PING_TIMEOUT)


async def drained(instance: Instance, settings: Callable[[], PoolSettings]) -> None:
    """Wait for the running invocations as long as they may take, then end the process."""
    started = time.monotonic()
    while not instance.process.exited.is_set():
        waited = time.monotonic() - started
        streams_too = waited < settings().stream_grace
        left = instance.invocations.to_wait_for(time.monotonic(), long_lived=streams_too)
        if not left or waited > settings().drain_limit:
            break
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(BETWEEN_LOOKS):
                await instance.process.exited.wait()
    await instance.process.stop(settings().stop_grace)


class Turns:
    """Spreads requests evenly over instances."""

    def __init__(self) -> None:
        self._count = 0

    def next(self, serving: Sequence[Instance]) -> Instance | None:
        """Of those with the least to do, the one that has waited longest; None where none is."""
        if len(serving) <= 1:
            return serving[0] if serving else None
        found = min(serving, key=lambda one: (one.invocations.answering, one.turn))
        self._count += 1
        found.turn = self._count
        return found


class Waiters:
    """Requests that wait for an instance."""

    def __init__(self) -> None:
        self._futures: list[asyncio.Future[None]] = []

    def __bool__(self) -> bool:
        return bool(self._futures)

    def add(self) -> asyncio.Future[None]:
        """Something to await until the next `wake`."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._futures.append(waiter)
        return waiter

    def remove(self, waiter: asyncio.Future[None]) -> None:
        """Nobody waits for it any more."""
        with contextlib.suppress(ValueError):
            self._futures.remove(waiter)

    def wake(self, failure: StartFailure | None = None) -> None:
        """Let all go on, or have them fail."""
        futures, self._futures = self._futures, []
        for waiter in futures:
            if waiter.done():
                continue
            if failure is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(CannotStart(failure))

"""An emulator on a thread and event loop of its own, beside the code that uses it.

So it answers while a test blocks, several can run in one process, and code with an event loop of
its own needs nothing special.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any

import uvloop

from vercel_emu.control.waiting import functions_started
from vercel_emu.emulator.prepare import Prepared
from vercel_emu.emulator.project import RunningProject
from vercel_emu.emulator.start import running
from vercel_emu.errors import EmuError
from vercel_emu.events import EventBus

STOP_SECONDS = 30.0


class Background:
    """One run of an emulator, from `start` to `stop`."""

    def __init__(self, prepared: Prepared, bus: EventBus, *, wait_ready: bool) -> None:
        self.project: RunningProject
        self._prepared = prepared
        self._bus = bus
        self._wait_ready = wait_ready
        self._loop: asyncio.AbstractEventLoop
        self._stop: asyncio.Event
        self._started = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._main, name="vercel-emu", daemon=True)

    def start(self) -> None:
        """Return once it serves.

        Raises:
            EmuError: it can't start, or the app can't.
        """
        self._thread.start()
        try:
            self._started.wait()
        except BaseException:  # Ctrl+C while it starts
            self._ask_to_stop()
            raise
        if self._error is not None:
            self._thread.join(STOP_SECONDS)
            raise self._error

    def stop(self) -> None:
        """End it with everything it started."""
        self._ask_to_stop()
        self._thread.join(STOP_SECONDS)
        if self._error is not None:
            raise self._error

    def run[T](self, work: Coroutine[Any, Any, T]) -> T:
        """Do something on the emulator's loop, and wait for it."""
        return self._submitted(work).result()

    async def run_async[T](self, work: Coroutine[Any, Any, T]) -> T:
        """The same from another event loop."""
        return await asyncio.wrap_future(self._submitted(work))

    def call[T](self, function: Callable[[], T]) -> T:
        """Call a plain function on the emulator's loop, so that it sees no half-made state."""

        async def work() -> T:
            return function()

        return self.run(work())

    def _submitted[T](self, work: Coroutine[Any, Any, T]) -> Future[T]:
        if not self._thread.is_alive():
            work.close()
            raise EmuError(
                "NOT_RUNNING",
                "This emulator has ended.",
                "Use it inside its `with` block, or between start() and stop().",
            )
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def _ask_to_stop(self) -> None:
        if self._started.is_set() and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)

    def _main(self) -> None:
        try:
            asyncio.run(self._serve(), loop_factory=uvloop.new_event_loop)
        except BaseException as error:  # raised again in the thread that waits
            self._error = error
        finally:
            self._started.set()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with running(self._prepared, self._bus, announce=False) as project:
            self.project = project
            if self._wait_ready:
                await functions_started(project)
            self._started.set()
            await self._stop.wait()

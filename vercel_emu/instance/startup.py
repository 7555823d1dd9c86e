"""How an instance comes up: launched, perhaps as a standby, told to go, heard for the first time.

What happens is told to the lifecycle as events (`post`); that decides what is next.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable
from pathlib import Path

from vercel_emu.instance import lifecycle
from vercel_emu.instance.instance import Instance, PoolSettings
from vercel_emu.instance.lifecycle import Lifecycle, Phase
from vercel_emu.instance.output.diagnosis import server_at_import
from vercel_emu.instance.output.logs import LineJoiner
from vercel_emu.instance.process.early import EarlyProcess
from vercel_emu.instance.process.process import InstanceProcess, LaunchSpec, Listener
from vercel_emu.instance.reports import Reports
from vercel_emu.instance.waiting import first_answer, tell_where_it_hangs
from vercel_emu.tasks import TaskSet

LONG_START = 3.0
"""Seconds after which the source is searched for a call that never returns."""
STANDBY_DELAY = 0.15
"""Seconds between a start and the making of the next standby, which takes a CPU for a while."""


class Startup:
    """Starts the instances of one function; `instances` holds them by name from the first moment.

    `spec` and `settings` are asked each time, for a save may change them.
    """

    def __init__(
        self,
        function: str,
        instances: dict[str, Instance],
        decisions: Lifecycle,
        *,
        spec: Callable[[], LaunchSpec],
        settings: Callable[[], PoolSettings],
        post: Callable[[lifecycle.Event], None],
        listener: Listener,
        reports: Reports,
        tasks: TaskSet,
        socket_dir: Path,
    ) -> None:
        self.early: EarlyProcess | None = None
        """Becomes the first instance, if it fits."""
        self._function = function
        self._instances = instances
        self._lifecycle = decisions
        self._spec = spec
        self._settings = settings
        self._post = post
        self._listener = listener
        self._reports = reports
        self._tasks = tasks
        self._socket_dir = socket_dir

    async def spawn(self, name: str, *, standby: bool, preload: bool) -> None:
        """Launch a process; with `preload` it imports libraries and waits for "go"."""
        spec = self._spec()
        process = InstanceProcess(name, self._socket_dir, self._listener)
        lines = LineJoiner(self._function, name)
        instance = Instance(name, self._function, process, lines, root=spec.root)
        self._instances[name] = instance
        # A standby may have been promoted before this task ran.
        if self._lifecycle.phase(name) is Phase.STARTING:
            self._announce(instance)
        elif standby:
            await _quiet(instance)
        if self._lifecycle.phase(name) is None:
            self._listener.on_exit(process, 0)
            return
        try:
            early, self.early = self.early, None
            await process.start(self._spec(), preload=preload, early=early)
        except OSError as error:
            instance.fatal = f"could not run {spec.interpreter}: {error}"
            self._listener.on_exit(process, 1)
            return
        if self._lifecycle.phase(name) is None:
            process.signal_group(signal.SIGKILL)
        elif self._lifecycle.generation == 0 and not preload:
            # Nothing has changed yet, so it need not ask: we are busy with our own start.
            self._post(lifecycle.Prepared(name))

    def promote(self, name: str) -> None:
        """A standby becomes an instance that serves; it may not even have been launched yet."""
        instance = self._instances.get(name)
        if instance is None:
            return
        instance.from_standby = instance.process.pid is not None
        instance.promoted = time.monotonic()
        self._announce(instance)
        instance.wanted.set()

    def server_started(self, instance: Instance) -> None:
        """Its server listens; it serves once it answers."""
        self._tasks.start(self._await_ping(instance), f"first answer of {instance.name}")

    def _announce(self, instance: Instance) -> None:
        self._reports.starting(instance)
        limit = self._settings().startup_timeout
        if not self._spec().debug:
            instance.deadline = asyncio.get_running_loop().call_later(
                min(limit, LONG_START),
                lambda: self._tasks.start(
                    self._takes_long(instance, limit), f"long start of {instance.name}"
                ),
            )

    async def _await_ping(self, instance: Instance) -> None:
        if await first_answer(instance, lambda: self._lifecycle.phase(instance.name) is not None):
            instance.cancel_deadline()
            self._post(lifecycle.Started(instance.name))

    async def _takes_long(self, instance: Instance, limit: float) -> None:
        """It ends now if it can never start, else when its time is over."""
        code = self._spec().code
        instance.diagnosis = await asyncio.to_thread(server_at_import, code)
        if self._lifecycle.phase(instance.name) is not Phase.STARTING:
            return
        if instance.diagnosis is not None:
            self._post(lifecycle.Unresponsive(instance.name))
            return
        instance.deadline = asyncio.get_running_loop().call_later(
            max(0.0, limit - (time.monotonic() - instance.since)),
            lambda: self._tasks.start(
                self._expired(instance, limit), f"startup deadline of {instance.name}"
            ),
        )

    async def _expired(self, instance: Instance, limit: float) -> None:
        await tell_where_it_hangs(instance, limit)
        self._post(lifecycle.Unresponsive(instance.name))


async def _quiet(instance: Instance) -> None:
    """A standby is made when the requests that waited for the new code have been answered."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(STANDBY_DELAY):
            await instance.wanted.wait()

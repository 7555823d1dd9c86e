"""The instances of one function: performs what the lifecycle decides, hands instances to the edge.

One queue of events goes through the pure `Lifecycle`; its commands are performed here. The edge
asks `acquire` and waits: while code is being swapped, requests wait here for the new instance.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable, Collection, Coroutine
from pathlib import Path
from typing import Any

from vercel_emu import events
from vercel_emu.instance import lifecycle
from vercel_emu.instance.gate import Gate
from vercel_emu.instance.instance import CannotStart, Change, Instance, PoolSettings, StartFailure
from vercel_emu.instance.learned_imports import LearnedImports
from vercel_emu.instance.lifecycle import Lifecycle, Phase
from vercel_emu.instance.output.logs import LineJoiner, Stream
from vercel_emu.instance.output.tracebacks import CodeError, read_traceback
from vercel_emu.instance.own_files import OwnFiles
from vercel_emu.instance.process import ipc
from vercel_emu.instance.process.early import EarlyProcess
from vercel_emu.instance.process.process import (
    InstanceProcess,
    LaunchSpec,
    exit_text,
)
from vercel_emu.instance.reports import Reports
from vercel_emu.instance.retry import Retry
from vercel_emu.instance.waiting import (
    Turns,
    Waiters,
    drained,
    first_answer,
    tell_where_it_hangs,
)
from vercel_emu.transport.connection import ConnectionPool, ping

__all__ = ["CannotStart", "FunctionPool", "Instance", "PoolSettings", "StartFailure"]

STANDBY_DELAY = 0.15
"""Seconds between a start and the making of the next standby, which takes a CPU for a while."""
LEARN_DELAY = 1.0
"""Seconds after a start when the instance is asked what it has imported."""


class FunctionPool:
    """The instances of one function."""

    def __init__(
        self,
        name: str,
        spec: LaunchSpec,
        settings: PoolSettings,
        *,
        socket_dir: Path,
        emit: events.Emit,
        gate: Gate | None = None,
    ) -> None:
        self.name = name
        self.spec = spec
        self.settings = settings
        self.failure: StartFailure | None = None
        self._gate = gate or Gate()
        self._socket_dir = socket_dir
        self._emit = emit
        self._reports = Reports(name, emit)
        self._lifecycle = Lifecycle(name, size=settings.size, keep_standby=settings.standby)
        self._instances: dict[str, Instance] = {}
        self._waiters = Waiters()
        self._tasks: set[asyncio.Task[None]] = set()
        self._own_files = OwnFiles(spec.root, spec.entrypoint, alone=not spec.report_files)
        self._learned = LearnedImports(spec.modules_file, spec.interpreter)
        self._retry = Retry()
        self._turns = Turns()
        self._change = Change(announced=True)
        self.last_used = time.monotonic()
        self.early: EarlyProcess | None = None
        """Becomes the first instance, if it fits."""
        self.on_serve: Callable[[], None] = lambda: None
        """Called when an instance begins to take requests."""

    # For the edge --------------------------------------------------------------------------

    async def acquire(self) -> Instance:
        """An instance that takes requests; starts one where none does.

        Raises:
            CannotStart: user code could not be started.
        """
        self.last_used = time.monotonic()
        if not self._gate.is_open:
            await self._gate.wait_open()
        while True:
            if instance := self._least_busy():
                return instance
            if self._lifecycle.stopping:
                raise CannotStart(self._gone())
            if self.failure is not None and time.monotonic() < self._retry.at:
                raise CannotStart(self.failure)
            waiter = self._waiters.add()
            self._post(lifecycle.Wanted())
            try:
                await waiter
            finally:
                self._waiters.remove(waiter)

    async def suspect(self, instance: Instance) -> bool:
        """Ping an instance that let an invocation run out of time; replace it if it is stuck.

        Returns whether it still answers.
        """
        port = instance.connections.port if instance.connections else 0
        if await ping(port, timeout=2.0):
            return True
        instance.failure_note = "it no longer answered its ping"
        self._post(lifecycle.Unresponsive(instance.name))
        return False

    # For the emulator ----------------------------------------------------------------------

    async def debug_port(self) -> int:
        """The port of the debugpy in the newest instance; starts one where there is none.

        Raises:
            CannotStart: user code could not be started.
        """
        for instance, phase in reversed(self.instances()):
            # Not only one that serves: a debugger may be wanted for the start itself.
            if phase in (Phase.READY, Phase.STARTING) and instance.debug_port:
                return instance.debug_port
        return (await self.acquire()).debug_port

    def start(self) -> None:
        """Start ahead of the first request."""
        self._post(lifecycle.Wanted())

    def change(
        self, change: Change, *, spec: LaunchSpec | None = None, standby: bool = True
    ) -> None:
        """New code, or a new `spec`: swap every instance; without `standby` from scratch."""
        other = spec is not None and spec != self.spec
        if spec is not None:
            self.spec = spec
        self.failure = None
        self._retry.reset()
        self._change = change
        self._post(lifecycle.Changed(environment=other, fresh=not standby))

    def depends_on(self, files: Collection[str], appeared: Collection[str]) -> bool:
        """Whether a change of these files (relative) may change what the function does."""
        return self._own_files.concern(files, appeared, failed=self.failure is not None)

    def keep_standby(self, *, wanted: bool) -> None:
        """Have a process to spare for the next reload, or do without."""
        self._post(lifecycle.StandbyWanted(wanted))

    def stop_if_idle(self) -> None:
        """Stop instances that have had no request for the function's idle time."""
        limit = self.settings.idle_timeout
        busy = any(len(one.invocations) for one in self._instances.values())
        if limit is not None and not busy and time.monotonic() - self.last_used > limit:
            for one in self._instances.values():
                one.stop_reason = "idle"
            self._post(lifecycle.Idle())

    async def launched(self) -> None:
        """Wait until the processes that are being started exist."""
        if self._tasks:
            await asyncio.wait(set(self._tasks))

    async def close(self, drain: float) -> None:
        """Drain for up to `drain` seconds, then end every process."""
        self.settings = self.settings.for_stopping(drain)
        self._waiters.wake(self._gone())
        for one in self._instances.values():
            one.stop_reason = "stopping"
        self._post(lifecycle.Stopping())
        while self._instances or self._tasks:
            pending = [*self._tasks, *(self._exit_of(one) for one in self._instances.values())]
            await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)

    def instances(self) -> list[tuple[Instance, Phase | None]]:
        """Every instance that has not ended, with its phase (None: being killed)."""
        return [(one, self._lifecycle.phase(one.name)) for one in self._instances.values()]

    @property
    def preloaded(self) -> int:
        """How many library modules a standby imports ahead, as far as is known."""
        return len(self._learned.modules)

    @property
    def active(self) -> bool:
        """Whether it has been wanted, and has not been idle for too long since."""
        return self._lifecycle.active

    @property
    def starting(self) -> bool:
        return not self._lifecycle.serving() and self._lifecycle.active and self.failure is None

    # Decisions are the lifecycle's; this performs them. --------------------------------------

    def _post(self, event: lifecycle.Event) -> None:
        for command in self._lifecycle.handle(event):
            match command:
                case lifecycle.Spawn(name, standby, preload):
                    self._run(self._spawn(name, standby, preload))
                case lifecycle.Promote(name):
                    self._promote(name)
                case lifecycle.Go(name):
                    self._instances[name].process.go()
                case lifecycle.Serve(name):
                    self._serve(name)
                case lifecycle.Drain(name):
                    self._run(self._drain(name))
                case lifecycle.Kill(name):
                    self._kill(name)
                case lifecycle.Fail(name):
                    self._fail(name)

    async def _spawn(self, name: str, standby: bool, preload: bool) -> None:
        process = InstanceProcess(name, self._socket_dir, self)
        lines = LineJoiner(self.name, name)
        instance = Instance(name, self.name, process, lines, root=self.spec.root)
        self._instances[name] = instance
        # A standby may have been promoted before this task ran.
        if self._lifecycle.phase(name) is Phase.STARTING:
            self._announce(instance)
        elif standby:
            await self._quiet(instance)
        if self._lifecycle.phase(name) is None:
            self.on_exit(process, 0)
            return
        try:
            early, self.early = self.early, None
            await process.start(self.spec, preload=preload, early=early)
        except OSError as error:
            instance.fatal = f"could not run {self.spec.interpreter}: {error}"
            self.on_exit(process, 1)
            return
        if self._lifecycle.phase(name) is None:
            process.signal_group(signal.SIGKILL)
        elif self._lifecycle.generation == 0 and not preload:
            # Nothing has changed yet, so it need not ask: we are busy with our own start.
            self._post(lifecycle.Prepared(name))

    async def _quiet(self, instance: Instance) -> None:
        """A standby is made when the requests that waited for the new code have been answered."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STANDBY_DELAY):
                await instance.wanted.wait()

    def _promote(self, name: str) -> None:
        instance = self._instances.get(name)
        if instance is None:
            return
        instance.from_standby = instance.process.pid is not None
        instance.promoted = time.monotonic()
        self._announce(instance)
        instance.wanted.set()

    def _announce(self, instance: Instance) -> None:
        self._reports.starting(instance)
        self._watch_startup(instance)

    def _serve(self, name: str) -> None:
        instance = self._instances[name]
        self.failure = None
        self._retry.reset()
        self._learned.followed()
        self._reports.ready(instance)
        self._waiters.wake()
        self.on_serve()
        if not self._change.announced:
            self._change.announced = True
            self._reports.reloaded(instance, self._change)
        later = LEARN_DELAY if self._learned.modules else 0.0
        asyncio.get_running_loop().call_later(later, instance.process.ask_for_modules)

    async def _drain(self, name: str) -> None:
        await drained(self._instances[name], lambda: self.settings)

    def _kill(self, name: str) -> None:
        if instance := self._instances.get(name):
            instance.wanted.set()
            instance.cancel_deadline()
            instance.process.signal_group(signal.SIGKILL)

    def _fail(self, name: str) -> None:
        instance = self._instances[name]
        text = instance.fatal or "\n".join(instance.said_since(instance.since))
        error = read_traceback(text, self.spec.root)
        message = instance.failure_note or error.summary or instance.exit_text
        self.failure = StartFailure(self.name, message, error, self._change.files)
        self._change.announced = True
        now = time.monotonic()
        self._retry.failed(now, now - instance.since, timed_out=bool(instance.failure_note))
        self._emit(
            events.InstanceFailed(
                function=self.name, instance=name, message=message, detail=error.traceback
            )
        )
        self._waiters.wake(self.failure)

    # What processes say ----------------------------------------------------------------------

    def on_message(self, process: InstanceProcess, message: ipc.RuntimeMessage) -> None:
        instance = self._instances.get(process.name)
        if instance is None:
            return
        match message:
            case ipc.ServerStarted(payload):
                instance.init_ms = payload.init_duration
                instance.user_init_ms = payload.user_init_duration
                instance.connections = ConnectionPool(payload.http_port)
                self._run(self._await_ping(instance))
            case ipc.Debugger(payload):
                instance.debug_port = payload.port
            case ipc.Prepared():
                self._post(lifecycle.Prepared(instance.name))
            case ipc.Unfit(payload):
                self._unfit(instance, payload.module, payload.reached)
            case ipc.Modules(payload):
                # With a debugger its own modules would be among them.
                if not self.spec.debug and self._learned.learn(
                    payload.steps, payload.direct, payload.files
                ):
                    for one in self._standbys():
                        one.process.preload_more()
            case ipc.OwnFile(payload):
                self._own_files.add(payload.path)
            case ipc.End() if not instance.answered:
                instance.answered = True
                # Libraries import some of their parts only when they get their first request.
                loop = asyncio.get_running_loop()
                loop.call_later(STANDBY_DELAY / 2, instance.process.ask_for_modules)
                self._reports.handle(instance, message)
            case _:
                self._reports.handle(instance, message)

    def on_output(self, process: InstanceProcess, stream: Stream, text: str) -> None:
        if instance := self._instances.get(process.name):
            self._reports.output(instance, stream, text)

    def on_exit(self, process: InstanceProcess, code: int) -> None:
        instance = self._instances.get(process.name)
        if instance is None:
            return
        instance.cancel_deadline()
        instance.exit_text = exit_text(code)
        for line in instance.lines.flush(""):
            instance.say(line.text)
        phase = self._lifecycle.phase(process.name)
        self._post(lifecycle.Exited(process.name))
        del self._instances[process.name]
        if instance.connections is not None:
            instance.connections.close()
        self._reports.gone(instance, served=phase is Phase.READY, replaced=phase is Phase.DRAINING)

    def _unfit(self, instance: Instance, module: str, reached: str) -> None:
        """A standby is not what an instance without preparations would be: it ends itself."""
        if module:
            self._learned.exclude(module)
            text = f"{module} is not imported ahead: it needs {reached}"
        else:
            self._learned.differed(reached)
            text = f"a fresh start instead of the standby: {reached} is not as it was"
        self._emit(events.Notice(level="debug", message=text))
        instance.cancel_deadline()
        self._post(lifecycle.StandbyUnfit(instance.name))

    # Helpers ---------------------------------------------------------------------------------

    def _least_busy(self) -> Instance | None:
        return self._turns.next([self._instances[name] for name in self._lifecycle.serving()])

    def _standbys(self) -> list[Instance]:
        phase = self._lifecycle.phase
        return [one for name, one in self._instances.items() if phase(name) is Phase.STANDBY]

    async def _await_ping(self, instance: Instance) -> None:
        if await first_answer(instance, lambda: self._lifecycle.phase(instance.name) is not None):
            instance.cancel_deadline()
            self._post(lifecycle.Started(instance.name))

    def _watch_startup(self, instance: Instance) -> None:
        limit = self.settings.startup_timeout
        if not self.spec.debug:
            instance.deadline = asyncio.get_running_loop().call_later(
                limit, lambda: self._run(self._startup_expired(instance, limit))
            )

    async def _startup_expired(self, instance: Instance, limit: float) -> None:
        await tell_where_it_hangs(instance, limit)
        self._post(lifecycle.Unresponsive(instance.name))

    def _gone(self) -> StartFailure:
        return StartFailure(self.name, "it is being stopped or was removed", CodeError("", ""))

    def _exit_of(self, instance: Instance) -> asyncio.Task[Any]:
        return asyncio.ensure_future(instance.process.exited.wait())

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

"""The instances of one function: performs what the lifecycle decides, hands instances to the edge.

One queue of events goes through the pure `Lifecycle`; its commands are performed here. The edge
asks `acquire` and waits: while code is being swapped, requests wait here for the new instance.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from typing import Any

from vercel_emu import events, tasks
from vercel_emu.guest import family
from vercel_emu.instance import lifecycle
from vercel_emu.instance.gate import Gate
from vercel_emu.instance.instance import CannotStart, Change, Instance, PoolSettings, StartFailure
from vercel_emu.instance.lifecycle import Lifecycle, Phase
from vercel_emu.instance.output.diagnosis import diagnose
from vercel_emu.instance.output.logs import Stream
from vercel_emu.instance.output.tracebacks import CodeError, read_traceback, where_it_hung
from vercel_emu.instance.own_files import OwnFiles
from vercel_emu.instance.own_writes import OwnWrites
from vercel_emu.instance.process import ipc
from vercel_emu.instance.process.early import EarlyProcess
from vercel_emu.instance.process.process import (
    InstanceProcess,
    LaunchSpec,
    exit_text,
)
from vercel_emu.instance.reports import Reports
from vercel_emu.instance.retry import Retry
from vercel_emu.instance.standby_learning import StandbyLearning
from vercel_emu.instance.startup import Startup
from vercel_emu.instance.waiting import Turns, Waiters, answers, drained
from vercel_emu.tasks import TaskSet
from vercel_emu.transport.connection_pool import ConnectionPool

__all__ = ["CannotStart", "FunctionPool", "Instance", "PoolSettings", "StartFailure"]


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
        own_writes: OwnWrites | None = None,
    ) -> None:
        self.name = name
        self.spec = spec
        self.settings = settings
        self.failure: StartFailure | None = None
        self._gate = gate or Gate()
        self._own_writes = own_writes or OwnWrites()
        self._emit = emit
        self._reports = Reports(name, emit)
        self._lifecycle = Lifecycle(name, size=settings.size, keep_standby=settings.standby)
        self._instances: dict[str, Instance] = {}
        self._waiters = Waiters()
        self._tasks = TaskSet(f"function {name}")
        self._own_files = OwnFiles(spec.root, spec.entrypoint, alone=spec.alone)
        self._learning = StandbyLearning(spec, self._standbys, emit)
        self._startup = Startup(
            name,
            self._instances,
            self._lifecycle,
            spec=lambda: self.spec,
            settings=lambda: self.settings,
            post=self._post,
            listener=self,
            reports=self._reports,
            tasks=self._tasks,
            socket_dir=socket_dir,
        )
        self._retry = Retry()
        self._turns = Turns()
        self._change = Change(announced=True)
        self.last_used = time.monotonic()
        self.on_import: Callable[[str, tuple[int, ...]], None] = lambda *_: None
        """Told of each of the user's files that an instance imports, and its state before."""
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

    def suspect(self, instance: Instance) -> None:
        """Ping an instance that let an invocation run out of time, or that refuses connections.

        It is replaced if it is stuck.

        Until that is known, the instance's `suspicion` is something to wait for.
        """
        if instance.suspicion is None:
            work = self._look_into(instance)
            instance.suspicion = self._tasks.start(work, f"suspicion of {instance.name}")

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

    def start(self, early: EarlyProcess | None = None) -> None:
        """Start ahead of the first request; `early` becomes the first instance, if it fits."""
        self._startup.early = early
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

    def depends_on(self, files: Collection[str], appeared: Collection[str]) -> dict[str, str]:
        """Those of the changed files (relative) by which the function may change, and why."""
        return self._own_files.concern(
            files,
            appeared,
            failed=self.failure is not None,
            starting=any(phase is Phase.STARTING for _, phase in self.instances()),
        )

    def keep_standby(self, *, wanted: bool) -> None:
        """Have a process to spare for the next reload, or do without."""
        self._post(lifecycle.StandbyWanted(wanted))

    def stop_if_idle(self) -> None:
        """Stop instances that have had no request for the function's idle time."""
        limit = self.settings.idle_timeout
        busy = self._waiters or any(len(one.invocations) for one in self._instances.values())
        if limit is not None and not busy and time.monotonic() - self.last_used > limit:
            for one in self._instances.values():
                one.stop_reason = "idle"
            self._post(lifecycle.Idle())

    async def launched(self) -> None:
        """Wait until the processes that are being started exist."""
        if self._tasks:
            await asyncio.wait(self._tasks.running)

    async def close(self, drain: float) -> None:
        """Drain for up to `drain` seconds, then end every process and what these started."""
        pids = [one.process.pid for one in self._instances.values()]
        started = family.descendants(pid for pid in pids if pid is not None)
        self.settings = self.settings.for_stopping(drain)
        self._waiters.wake(self._gone())
        for one in self._instances.values():
            one.stop_reason = "stopping"
        self._post(lifecycle.Stopping())
        while self._instances or self._tasks:
            pending = [
                *self._tasks.running,
                *(self._exit_of(one) for one in self._instances.values()),
            ]
            await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        family.end(started)

    def instances(self) -> list[tuple[Instance, Phase | None]]:
        """Every instance that has not ended, with its phase (None: being killed)."""
        return [(one, self._lifecycle.phase(one.name)) for one in self._instances.values()]

    @property
    def preloaded(self) -> int:
        """How many library modules a standby imports ahead, as far as is known."""
        return self._learning.modules

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
                    work = self._startup.spawn(name, standby=standby, preload=preload)
                    self._tasks.start(work, f"start of {name}")
                case lifecycle.Promote(name):
                    self._startup.promote(name)
                case lifecycle.Go(name):
                    self._instances[name].process.go()
                case lifecycle.Serve(name):
                    self._serve(name)
                case lifecycle.Drain(name):
                    self._tasks.start(self._drain(name), f"drain of {name}")
                case lifecycle.Kill(name):
                    self._kill(name)
                case lifecycle.Fail(name):
                    self._fail(name)

    def _serve(self, name: str) -> None:
        instance = self._instances[name]
        instance.on_answer = partial(self._own_writes.ended, instance.process.pid or 0)
        self.failure = None
        self._retry.reset()
        # A slow start is no idle time: whoever waited for it comes only now.
        self.last_used = time.monotonic()
        self._reports.ready(instance)
        self._waiters.wake()
        self.on_serve()
        if not self._change.announced:
            self._change.announced = True
            self._reports.reloaded(instance, self._change)
        self._learning.serves(instance)

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
        if instance.failure_note:
            text = where_it_hung(text, self.spec.root)
        error = read_traceback(text, self.spec.root)
        message = instance.failure_note or error.summary or instance.exit_text
        timed_out = bool(instance.failure_note) or instance.diagnosis is not None
        found = instance.diagnosis or diagnose(self.spec.code, error, timed_out=timed_out)
        hint = ""
        if found is not None:
            message, hint, error = found.message, found.hint, found.error
        self.failure = StartFailure(self.name, message, error, self._change.files, hint)
        self._change.announced = True
        now = time.monotonic()
        if instance.exit_signal and not timed_out:
            self._retry.killed(now)
        else:
            self._retry.failed(now, now - instance.since, timed_out=timed_out)
        self._emit(
            events.InstanceFailed(
                function=self.name,
                instance=name,
                message=message,
                detail=error.traceback,
                hint=hint,
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
                instance.connections = ConnectionPool(
                    payload.http_port, reuse=not self.spec.entrypoint.is_handler
                )
                self._startup.server_started(instance)
            case ipc.Debugger(payload):
                instance.debug_port = payload.port
            case ipc.Prepared():
                self._post(lifecycle.Prepared(instance.name))
            case ipc.Unfit(payload):
                self._learning.unfit(payload.module, payload.reached)
                instance.cancel_deadline()
                self._post(lifecycle.StandbyUnfit(instance.name))
            case ipc.Modules(payload):
                self._learning.imported(payload)
            case ipc.OwnFile(payload):
                self._own_files.imported(payload.path)
                self.on_import(payload.path, payload.stamp)
            case ipc.Used(payload) if payload.listed:
                self._own_files.listed(payload.path)
            case ipc.Used(payload):
                self._own_files.read(payload.path, payload.where)
            case ipc.Wrote(payload):
                self._own_writes.begun(process.pid or 0, payload)
            case ipc.End():
                self._own_writes.ended(process.pid or 0)
                if not instance.answered:
                    instance.answered = True
                    self._learning.first_request_ended(instance)
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
        instance.exit_signal = max(0, -code)
        for line in instance.lines.flush(""):
            instance.say(line.text)
        phase = self._lifecycle.phase(process.name)
        self._post(lifecycle.Exited(process.name))
        del self._instances[process.name]
        if instance.connections is not None:
            instance.connections.close()
        self._reports.gone(instance, served=phase is Phase.READY, replaced=phase is Phase.DRAINING)

    # Helpers ---------------------------------------------------------------------------------

    def _least_busy(self) -> Instance | None:
        return self._turns.next([self._instances[name] for name in self._lifecycle.serving()])

    def _standbys(self) -> list[Instance]:
        phase = self._lifecycle.phase
        return [one for name, one in self._instances.items() if phase(name) is Phase.STANDBY]

    async def _look_into(self, instance: Instance) -> None:
        port = instance.connections.port if instance.connections else 0
        if not await answers(port):
            instance.failure_note = "it no longer answered its ping"
            self._post(lifecycle.Unresponsive(instance.name))
        instance.suspicion = None

    def _gone(self) -> StartFailure:
        return StartFailure(self.name, "it is being stopped or was removed", CodeError("", ""))

    def _exit_of(self, instance: Instance) -> asyncio.Task[Any]:
        return tasks.start(instance.process.exited.wait(), f"exit of {instance.name}")

"""The instances of one function: performs what the lifecycle decides, hands instances to the edge.

One queue of events goes through the pure `Lifecycle`; its commands are performed here. The edge
asks `acquire` and waits: while code is being swapped, requests wait here for the new instance.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from vercel_emu import events
from vercel_emu.instance import ipc, lifecycle
from vercel_emu.instance.connection import ConnectionPool, ping
from vercel_emu.instance.invocations import Invocations
from vercel_emu.instance.lifecycle import Lifecycle, Phase
from vercel_emu.instance.logs import LineJoiner, Stream
from vercel_emu.instance.modules_memory import ModulesMemory
from vercel_emu.instance.process import InstanceProcess, LaunchSpec
from vercel_emu.instance.tracebacks import CodeError, read_traceback


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSettings:
    """How instances are run. All durations in seconds."""

    size: int = 1
    standby: bool = True
    startup_timeout: float = 30.0
    drain_limit: float = 30.0
    stream_grace: float = 2.0
    stop_grace: float = 3.0
    idle_timeout: float | None = None


@dataclass(frozen=True, slots=True)
class StartFailure:
    """Why a function could not start, and which saved files came before."""

    function: str
    message: str
    error: CodeError
    files: tuple[str, ...] = ()


class CannotStart(Exception):
    """Every request that waits for the function is answered with this failure."""

    def __init__(self, failure: StartFailure) -> None:
        super().__init__(failure.message)
        self.failure = failure


@dataclass(slots=True, eq=False)
class Instance:
    """One running instance as the pool and the edge see it."""

    name: str
    function: str
    process: InstanceProcess
    lines: LineJoiner
    invocations: Invocations = field(default_factory=Invocations)
    connections: ConnectionPool | None = None
    created: float = field(default_factory=time.monotonic)
    from_standby: bool = False
    promoted: float = 0.0
    init_ms: int = 0
    user_init_ms: int = 0
    root: Path = field(default_factory=Path)
    said: deque[tuple[float, str]] = field(default_factory=lambda: deque(maxlen=400))
    fatal: str = ""
    deadline: asyncio.TimerHandle | None = None
    failure_note: str = ""

    def say(self, line: str) -> None:
        """Remember a line that may explain a failure."""
        self.said.append((time.monotonic(), line))

    def said_since(self, moment: float) -> list[str]:
        """The remembered lines since a `time.monotonic()` reading."""
        return [line for at, line in self.said if at >= moment]


class FunctionPool:
    """The instances of one function."""

    FIRST_RETRY = 2.0
    LONGEST_RETRY = 60.0

    def __init__(
        self,
        name: str,
        spec: LaunchSpec,
        settings: PoolSettings,
        *,
        socket_dir: Path,
        emit: events.Emit,
    ) -> None:
        self.name = name
        self.spec = spec
        self.settings = settings
        self.failure: StartFailure | None = None
        self.builtin_api: tuple[str, ...] = ()
        self._socket_dir = socket_dir
        self._emit = emit
        self._lifecycle = Lifecycle(name, size=settings.size, keep_standby=settings.standby)
        self._instances: dict[str, Instance] = {}
        self._waiters: list[asyncio.Future[None]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._memory = ModulesMemory(spec.modules_file, spec.root, spec.interpreter)
        self._number = 0
        self._turn = 0
        self._retry_after = self.FIRST_RETRY
        self._retry_at = 0.0
        self._change: _Change | None = None
        self._last_used = time.monotonic()

    # For the edge --------------------------------------------------------------------------

    async def acquire(self) -> Instance:
        """An instance that takes requests; starts one where none does.

        Raises:
            CannotStart: the person's code could not be started.
        """
        self._last_used = time.monotonic()
        while True:
            if instance := self._least_busy():
                return instance
            if self.failure is not None and time.monotonic() < self._retry_at:
                raise CannotStart(self.failure)
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            self._post(lifecycle.Wanted())
            try:
                await waiter
            finally:
                with contextlib.suppress(ValueError):
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

    def start(self) -> None:
        """Start ahead of the first request."""
        self._post(lifecycle.Wanted())

    def change(self, files: tuple[str, ...] = (), *, spec: LaunchSpec | None = None) -> None:
        """New code (or, with `spec`, a new environment): swap every instance."""
        if spec is not None:
            self.spec = spec
        self.failure = None
        self._retry_after, self._retry_at = self.FIRST_RETRY, 0.0
        self._change = _Change(files, time.perf_counter())
        self._post(lifecycle.Changed(environment=spec is not None))

    def stop_if_idle(self) -> None:
        """Stop instances that have had no request for the function's idle time."""
        limit = self.settings.idle_timeout
        busy = any(len(one.invocations) for one in self._instances.values())
        if limit is not None and not busy and time.monotonic() - self._last_used > limit:
            self._post(lifecycle.Idle())

    async def close(self, drain: float) -> None:
        """Drain for up to `drain` seconds, then end every process."""
        self.settings = _with_drain(self.settings, drain)
        self._wake(StartFailure(self.name, "the emulator is stopping", CodeError("", "")))
        self._post(lifecycle.Stopping())
        while self._instances or self._tasks:
            pending = [*self._tasks, *(self._exit_of(one) for one in self._instances.values())]
            await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)

    def instances(self) -> list[tuple[Instance, Phase | None]]:
        """Every instance that has not ended, with its phase (None: being killed)."""
        return [(one, self._lifecycle.phase(one.name)) for one in self._instances.values()]

    @property
    def starting(self) -> bool:
        return not self._lifecycle.serving() and self._lifecycle.active and self.failure is None

    # Decisions are the lifecycle's; this performs them. --------------------------------------

    def _post(self, event: lifecycle.Event) -> None:
        for command in self._lifecycle.handle(event):
            match command:
                case lifecycle.Spawn(name, standby):
                    self._run(self._spawn(name, standby))
                case lifecycle.Promote(name):
                    self._promote(name)
                case lifecycle.Serve(name):
                    self._serve(name)
                case lifecycle.Drain(name):
                    self._run(self._drain(name))
                case lifecycle.Kill(name):
                    self._kill(name)
                case lifecycle.Fail(name):
                    self._fail(name)

    async def _spawn(self, name: str, standby: bool) -> None:
        self._number += 1
        process = InstanceProcess(name, self._number, self._socket_dir, self)
        instance = Instance(
            name, self.name, process, LineJoiner(self.name, name), root=self.spec.root
        )
        self._instances[name] = instance
        if not standby:
            self._emit(events.InstanceStarting(function=self.name, instance=name))
            self._watch_startup(instance)
        try:
            await process.start(self.spec, standby=standby)
        except OSError as error:
            instance.fatal = f"could not run {self.spec.interpreter}: {error}"
            self.on_exit(process, 1)
            return
        if self._lifecycle.phase(name) is None:
            process.signal_group(signal.SIGKILL)
        elif standby and self._lifecycle.phase(name) is Phase.STARTING:
            process.go()

    def _promote(self, name: str) -> None:
        instance = self._instances.get(name)
        if instance is None:  # spawned, not yet launched: `_spawn` says go
            return
        instance.from_standby = True
        instance.promoted = time.monotonic()
        self._emit(events.InstanceStarting(function=self.name, instance=name, warm_standby=True))
        self._watch_startup(instance)
        instance.process.go()

    def _serve(self, name: str) -> None:
        instance = self._instances[name]
        since = instance.promoted or instance.created
        self.failure = None
        self._retry_after = self.FIRST_RETRY
        self._emit(
            events.InstanceReady(
                function=self.name,
                instance=name,
                duration_ms=(time.monotonic() - since) * 1000,
                init_ms=instance.init_ms,
                user_init_ms=instance.user_init_ms,
                warm_standby=instance.from_standby,
            )
        )
        if self._change is not None:
            change, self._change = self._change, None
            self._emit(
                events.Reloaded(
                    files=change.files,
                    duration_ms=(time.perf_counter() - change.at) * 1000,
                    warm_standby=instance.from_standby,
                )
            )
        instance.process.ask_for_modules()
        self._wake(None)

    async def _drain(self, name: str) -> None:
        instance = self._instances[name]
        instance.process.ask_for_modules()
        started = time.monotonic()
        while not instance.process.exited.is_set():
            waited = time.monotonic() - started
            streams_too = waited < self.settings.stream_grace
            left = instance.invocations.to_wait_for(time.monotonic(), long_lived=streams_too)
            if not left or waited > self.settings.drain_limit:
                break
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.05):
                    await instance.process.exited.wait()
        await instance.process.stop(self.settings.stop_grace)

    def _kill(self, name: str) -> None:
        if instance := self._instances.get(name):
            instance.process.signal_group(signal.SIGKILL)

    def _fail(self, name: str) -> None:
        instance = self._instances[name]
        text = instance.fatal or "\n".join(instance.said_since(0.0))
        error = read_traceback(text, self.spec.root)
        message = instance.failure_note or error.summary or "the process ended before it was ready"
        self.failure = StartFailure(
            self.name, message, error, self._change.files if self._change else ()
        )
        self._change = None
        self._retry_at = time.monotonic() + self._retry_after
        self._retry_after = min(self._retry_after * 2, self.LONGEST_RETRY)
        self._emit(
            events.InstanceFailed(
                function=self.name, instance=name, message=message, detail=error.traceback
            )
        )
        self._wake(self.failure)

    # What processes say ----------------------------------------------------------------------

    def on_message(self, process: InstanceProcess, message: ipc.Message) -> None:
        instance = self._instances.get(process.name)
        if instance is None:
            return
        match message:
            case ipc.HandlerStarted(payload):
                instance.invocations.handler_started(payload.context.invocation_id)
            case ipc.End(payload):
                self._ended(instance, payload.context.invocation_id)
            case ipc.Log(payload):
                self._log(instance, payload.context.invocation_id, payload)
            case ipc.Metric(payload):
                self._fetch(payload.context.invocation_id, payload.payload)
            case ipc.ServerStarted(payload):
                instance.init_ms = payload.init_duration
                instance.user_init_ms = payload.user_init_duration
                instance.connections = ConnectionPool(payload.http_port)
                self._run(self._await_ping(instance))
            case ipc.UnrecoverableError(payload):
                instance.fatal = payload.message
            case ipc.Booted(payload):
                self._booted(tuple(payload.builtin_api))
            case ipc.Unfit(payload):
                self._memory.exclude(payload.module)
                self._post(lifecycle.StandbyUnfit(instance.name))
            case ipc.Modules(payload):
                self._memory.remember(payload.modules)
            case ipc.Standby(payload):
                self._emit(
                    events.StandbyReady(
                        function=self.name,
                        instance=instance.name,
                        modules=payload.modules,
                        duration_ms=payload.duration_ms,
                    )
                )

    def on_output(self, process: InstanceProcess, stream: Stream, text: str) -> None:
        """Output below Python (C libraries, the interpreter itself, `os.write`)."""
        instance = self._instances.get(process.name)
        if instance is None:
            return
        for line in instance.lines.add("", "", stream, text):
            instance.say(line.text)
            if not instance.fatal or line.text not in instance.fatal:
                self._emit(line)

    def on_exit(self, process: InstanceProcess, code: int) -> None:
        instance = self._instances.get(process.name)
        if instance is None:
            return
        if instance.deadline is not None:
            instance.deadline.cancel()
        for line in instance.lines.flush(""):
            instance.say(line.text)
        phase = self._lifecycle.phase(process.name)
        self._post(lifecycle.Exited(process.name))
        del self._instances[process.name]
        if instance.connections is not None:
            instance.connections.close()
        if phase is Phase.READY:
            self._emit(
                events.InstanceFailed(
                    function=self.name, instance=process.name, message=_exit_text(code)
                )
            )
        elif phase is Phase.DRAINING:
            self._emit(
                events.InstanceStopped(function=self.name, instance=process.name, reason="replaced")
            )

    # Helpers ---------------------------------------------------------------------------------

    def _least_busy(self) -> Instance | None:
        serving = self._lifecycle.serving()
        if not serving:
            return None
        if len(serving) == 1:
            return self._instances[serving[0]]
        self._turn += 1
        start = self._turn % len(serving)
        turn = serving[start:] + serving[:start]
        return min((self._instances[name] for name in turn), key=lambda one: len(one.invocations))

    def _ended(self, instance: Instance, invocation_id: str) -> None:
        for line in instance.lines.flush(invocation_id):
            self._emit(line)
        found = instance.invocations.ended(invocation_id)
        if found is not None:
            self._emit(
                events.InvocationEnded(
                    invocation_id=invocation_id,
                    function=self.name,
                    instance=instance.name,
                    duration_ms=(time.monotonic() - found.started) * 1000,
                )
            )

    def _log(self, instance: Instance, invocation_id: str, log: Any) -> None:
        for line in instance.lines.add(invocation_id, log.level, log.stream, log.text()):
            if instance.connections is None or line.level in ("error", "fatal"):
                instance.say(line.text)
            self._emit(line)

    def _fetch(self, invocation_id: str, fetch: ipc.Fetch) -> None:
        self._emit(
            events.OutgoingFetch(
                invocation_id=invocation_id,
                method=fetch.method,
                host=fetch.host,
                path=fetch.pathname,
                status=fetch.status_code,
                duration_ms=fetch.duration,
            )
        )

    def _booted(self, builtin_api: tuple[str, ...]) -> None:
        if builtin_api == self.builtin_api:
            return
        self.builtin_api = builtin_api
        self._emit(events.FunctionsAPI(function=self.name, builtin=builtin_api))

    async def _await_ping(self, instance: Instance) -> None:
        assert instance.connections is not None
        port = instance.connections.port
        # The ping itself waits: for an ASGI app it is answered once the lifespan has started.
        while not await ping(port, timeout=3600):
            if instance.process.exited.is_set() or self._lifecycle.phase(instance.name) is None:
                return
            await asyncio.sleep(0.01)
        if instance.deadline is not None:
            instance.deadline.cancel()
        self._post(lifecycle.Started(instance.name))

    def _watch_startup(self, instance: Instance) -> None:
        limit = self.settings.startup_timeout
        if self.spec.debugpy_port is None:
            loop = asyncio.get_running_loop()
            instance.deadline = loop.call_later(
                limit, lambda: self._run(self._startup_expired(instance, limit))
            )

    async def _startup_expired(self, instance: Instance, limit: float) -> None:
        """Tell where it hangs: `boot.py` prints every thread's stack on SIGABRT."""
        instance.failure_note = f"it did not start within {limit:g} s"
        instance.process.signal_group(signal.SIGABRT)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await instance.process.exited.wait()
        self._post(lifecycle.Unresponsive(instance.name))

    def _wake(self, failure: StartFailure | None) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                if failure is None:
                    waiter.set_result(None)
                else:
                    waiter.set_exception(CannotStart(failure))

    def _exit_of(self, instance: Instance) -> asyncio.Task[Any]:
        return asyncio.ensure_future(instance.process.exited.wait())

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


@dataclass(frozen=True, slots=True)
class _Change:
    files: tuple[str, ...]
    at: float


def _with_drain(settings: PoolSettings, drain: float) -> PoolSettings:
    return replace(
        settings, drain_limit=drain, stream_grace=0.0, stop_grace=min(settings.stop_grace, 1.0)
    )


def _exit_text(code: int) -> str:
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"the process was ended by {signal.Signals(-code).name}"
    return f"the process exited with code {code}"

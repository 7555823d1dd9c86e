"""What the pool knows of one instance, and the values it shares with the edge."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from vercel_emu.errors import EmuError, Where
from vercel_emu.events import LogLine
from vercel_emu.instance.invocations import Invocations
from vercel_emu.instance.output.diagnosis import Diagnosis
from vercel_emu.instance.output.logs import LineJoiner
from vercel_emu.instance.output.tracebacks import CodeError
from vercel_emu.instance.process.process import InstanceProcess
from vercel_emu.transport.connection_pool import ConnectionPool

SAID_OF_A_LINE = 8192
"""Characters of a line that are remembered in case they explain a failure."""
UNSAID_LINES = 1000
"""Lines below Python that are kept back until it is known whether the instance starts."""


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

    def for_stopping(self, drain: float) -> PoolSettings:
        """The same, where everything ends within about `drain` seconds."""
        grace = min(self.stop_grace, 1.0)
        return replace(self, drain_limit=drain, stream_grace=0.0, stop_grace=grace)


@dataclass(slots=True, eq=False)
class Change:
    """A change of the user's files; shared by all functions, announced by the first that serves.

    `at` is a `time.perf_counter()` reading of the moment the change was seen. `reason` says why the
    first file matters, where that is not plain.
    """

    files: tuple[str, ...] = ()
    at: float = field(default_factory=time.perf_counter)
    announced: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StartFailure:
    """Why a function could not start, and which saved files came before."""

    function: str
    message: str
    error: CodeError
    files: tuple[str, ...] = ()
    hint: str = ""

    def as_error(self) -> EmuError:
        """For those who don't ask by HTTP: what to do, and the user's own traceback."""
        place = self.error.location
        return EmuError(
            "FUNCTION_START_FAILED",
            f"The function {self.function} can't start: {self.message}",
            "\n".join(filter(None, (self.hint, self.error.traceback))) or None,
            where=Where(place.file, line=place.line) if place else None,
        )


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
    debug_port: int = 0
    init_ms: int = 0
    user_init_ms: int = 0
    root: Path = field(default_factory=Path)
    said: deque[tuple[float, str]] = field(default_factory=lambda: deque(maxlen=400))
    fatal: str = ""
    diagnosis: Diagnosis | None = None
    """Why it can't start, where that was found out before it failed."""
    exit_text: str = ""
    exit_signal: int = 0
    """The signal that ended it; 0 where it ended by itself, or has not."""
    deadline: asyncio.TimerHandle | None = None
    failure_note: str = ""
    stop_reason: str = "replaced"
    on_answer: Callable[[], None] = lambda: None
    """Called when an answer begins, before the client can know of it."""
    answered: bool = False
    turn: int = 0
    """When it was last chosen, in turns."""
    ready: bool = False
    just_ended: str = ""
    """The invocation that the message before this one ended."""
    unsaid: deque[LogLine] = field(default_factory=deque)
    """Written below Python before it was ready."""
    suspicion: asyncio.Task[None] | None = None
    """It let an invocation run out of time; this ends once it is known whether it still lives."""
    wanted: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a standby that has not been launched yet is needed, or is no longer."""

    @property
    def since(self) -> float:
        """When it began to start, by `time.monotonic()`: its launch or its promotion."""
        return self.promoted or self.created

    def cancel_deadline(self) -> None:
        """It has started, or is gone."""
        if self.deadline is not None:
            self.deadline.cancel()
            self.deadline = None

    def say(self, line: str) -> None:
        """Remember a line that may explain a failure."""
        self.said.append((time.monotonic(), line[:SAID_OF_A_LINE]))

    def said_since(self, moment: float) -> list[str]:
        """The remembered lines since a `time.monotonic()` reading."""
        return [line for at, line in self.said if at >= moment]

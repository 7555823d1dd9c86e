"""What happened, as frozen values: the one record that console, JSON log and inspector read.

Emitting an event is the only way a part of the emulator reports anything, so the three can't
disagree. Events carry facts, never formatted text; a reader decides how to show them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from vercel_emu.errors import EmuError, ProjectWarning, Where

type Level = Literal["debug", "info", "warn", "error", "fatal"]


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all events. A msgspec struct: made in a fraction of a dataclass's time."""


class Notice(Event, frozen=True, kw_only=True):
    """The emulator itself has something to say (a warning names the file, key and next step)."""

    level: Level
    message: str
    hint: str | None = None
    code: str | None = None
    where: Where | None = None
    url: str | None = None
    """The address that it tells: of `LISTENING`, the emulator's."""


def notice_of(of: EmuError | ProjectWarning, level: Level) -> Notice:
    """An error or a warning as the event that tells of it."""
    return Notice(level=level, message=of.message, hint=of.hint, code=of.code, where=of.where)


class InvocationStarted(Event, frozen=True, kw_only=True):
    """A request was handed to a function instance."""

    invocation_id: str
    function: str
    instance: str
    method: str
    path: str
    visitor: str
    cold: bool


class ResponseSent(Event, frozen=True, kw_only=True):
    """The edge has answered a request; `function` is empty where none was invoked.

    `cache` is what the CDN cache says of it (HIT, MISS ...), where it is on.
    """

    invocation_id: str
    method: str
    path: str
    status: int
    duration_ms: float
    visitor: str
    function: str = ""
    instance: str = ""
    cold: bool = False
    error_code: str = ""
    cache: str = ""


class InvocationRanOn(Event, frozen=True, kw_only=True):
    """A function has ended whose client had left before; `duration_ms` counts from then on.

    `error_code` says how it ended where nobody could be told: it failed, or its time was over.
    """

    invocation_id: str
    method: str
    path: str
    function: str
    instance: str
    duration_ms: float
    error_code: str = ""


class InvocationEnded(Event, frozen=True, kw_only=True):
    """The runtime reported `end`: user code and its `wait_until` work are done."""

    invocation_id: str
    function: str
    instance: str
    duration_ms: float


class LogLine(Event, frozen=True, kw_only=True):
    """A line user code wrote; outside an invocation `invocation_id` is empty."""

    text: str
    level: Level
    stream: Literal["stdout", "stderr", "logging"]
    function: str
    instance: str
    invocation_id: str = ""


class OutgoingFetch(Event, frozen=True, kw_only=True):
    """The runtime's `fetch-metric`: a urllib3 call made by the function."""

    invocation_id: str
    method: str
    host: str
    path: str
    status: int
    duration_ms: float


class InstanceStarting(Event, frozen=True, kw_only=True):
    """A process for the function starts, or a warm standby is told to go on."""

    function: str
    instance: str
    warm_standby: bool = False


class InstanceReady(Event, frozen=True, kw_only=True):
    """The instance answered its first ping; durations as the runtime measured them."""

    function: str
    instance: str
    duration_ms: float
    init_ms: int = 0
    user_init_ms: int = 0
    warm_standby: bool = False


class StandbyReady(Event, frozen=True, kw_only=True):
    """A warm standby has imported `modules` libraries and waits for the next save."""

    function: str
    instance: str
    modules: int
    duration_ms: float
    memory_mb: float = 0.0


class FunctionsAPI(Event, frozen=True, kw_only=True):
    """Which parts of `vercel.*` the function has imported from the built-in API (none: it has them
    from the official package now); `installed` is the version of a `vercel` that lacks them."""

    function: str
    builtin: tuple[str, ...]
    installed: str = ""


class InstanceFailed(Event, frozen=True, kw_only=True):
    """An instance could not start, or died; `detail` holds the user's traceback if any, `hint` what
    to do about it."""

    function: str
    instance: str
    message: str
    detail: str = ""
    hint: str = ""


class InstanceStopped(Event, frozen=True, kw_only=True):
    """An instance ended in order, for the given reason."""

    function: str
    instance: str
    reason: str


class Reloading(Event, frozen=True, kw_only=True):
    """Saved files were seen; new requests wait for the new code from here on."""

    files: tuple[str, ...]


class Reloaded(Event, frozen=True, kw_only=True):
    """The new code serves; `duration_ms` counts from the moment the change was seen.

    `reason` says why the first of the files matters, where that is not plain.
    """

    files: tuple[str, ...]
    duration_ms: float
    warm_standby: bool
    reason: str = ""


class SelfCall(Event, frozen=True, kw_only=True):
    """An invocation is about to connect to the deployment itself, from this local port."""

    invocation_id: str
    function: str
    port: int


type Emit = Callable[[Event], None]


@dataclass(slots=True)
class EventBus:
    """Hands each event to every subscriber, in order, synchronously."""

    _subscribers: list[Emit] = field(default_factory=list)

    def emit(self, event: Event) -> None:
        for subscriber in self._subscribers:
            subscriber(event)

    def subscribe(self, subscriber: Emit) -> Callable[[], None]:
        """Add a subscriber; the returned function removes it again."""
        self._subscribers = [*self._subscribers, subscriber]

        def unsubscribe() -> None:
            self._subscribers = [s for s in self._subscribers if s is not subscriber]

        return unsubscribe

"""The life of one function's instances as a state machine: events in, commands out.

    standby -> starting -> ready -> draining -> gone

Every process first prepares itself without user code and then waits for "go", so one
that has not been told to go yet survives a change: it has read nothing that is old now.
Nothing here touches a process, a clock or a socket. The supervisor performs the commands and
reports what happened; every event names its instance, so news of one that is gone is ignored.
A *generation* is one version of the code and its environment: a change starts the next one,
and only instances of the current generation take requests.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

import msgspec


class Phase(Enum):
    STANDBY = "standby"
    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"


# Events ------------------------------------------------------------------------------------


class Wanted(msgspec.Struct, frozen=True):
    """A request needs an instance, or the emulator starts the function ahead of requests."""


class Changed(msgspec.Struct, frozen=True):
    """The person's files changed.

    `environment`: a process made before can't be used. `fresh`: nothing may be prepared at all.
    """

    environment: bool = False
    fresh: bool = False


class Prepared(msgspec.Struct, frozen=True):
    """The process has done what it can without user code, and waits for "go"."""

    instance: str


class Started(msgspec.Struct, frozen=True):
    """The instance answered its first ping."""

    instance: str


class StandbyUnfit(msgspec.Struct, frozen=True):
    """A standby's preparations turned out not to fit user code; it has ended, or will.

    Known either while it prepares, or when it has been promoted and has imported that code.
    """

    instance: str


class Exited(msgspec.Struct, frozen=True):
    """The process is gone, whatever the reason."""

    instance: str


class Unresponsive(msgspec.Struct, frozen=True):
    """The instance missed its startup deadline or no longer answers its ping."""

    instance: str


class Idle(msgspec.Struct, frozen=True):
    """No request for the function for its idle time."""


class StandbyWanted(msgspec.Struct, frozen=True):
    """Whether the function has a process to spare; of many functions only one has."""

    wanted: bool


class Stopping(msgspec.Struct, frozen=True):
    """The emulator shuts down."""


type Event = (
    Wanted
    | Changed
    | Prepared
    | Started
    | StandbyUnfit
    | Exited
    | Unresponsive
    | Idle
    | StandbyWanted
    | Stopping
)


# Commands ----------------------------------------------------------------------------------


class Spawn(msgspec.Struct, frozen=True):
    """Start a process; with `preload` it imports ahead what the last run took from libraries."""

    instance: str
    standby: bool = False
    preload: bool = False


class Promote(msgspec.Struct, frozen=True):
    """A standby is needed now: from here on it is starting."""

    instance: str


class Go(msgspec.Struct, frozen=True):
    """Let a process that waits import user code."""

    instance: str


class Serve(msgspec.Struct, frozen=True):
    """The instance takes requests from now on."""

    instance: str


class Drain(msgspec.Struct, frozen=True):
    """No new requests; end the process when the running invocations are done."""

    instance: str


class Kill(msgspec.Struct, frozen=True):
    instance: str


class Fail(msgspec.Struct, frozen=True):
    """Waiting and new requests get the error of `instance`, which could not start."""

    instance: str


type Command = Spawn | Promote | Go | Serve | Drain | Kill | Fail


@dataclass(slots=True)
class _Instance:
    phase: Phase
    generation: int
    prepared: bool = False
    told: bool = False


@dataclass(slots=True)
class Lifecycle:
    """The instances of one function. `size` of them serve; one more waits if `keep_standby`."""

    name: str
    size: int = 1
    keep_standby: bool = True
    generation: int = 0
    active: bool = False
    failed: bool = False
    stopping: bool = False
    instances: dict[str, _Instance] = field(default_factory=dict)
    _spawned: int = 0

    def handle(self, event: Event) -> list[Command]:
        """Apply one event; the commands are to be performed in order."""
        return list(self._handle(event))

    def phase(self, instance: str) -> Phase | None:
        """The instance's phase, None where it is gone."""
        found = self.instances.get(instance)
        return found.phase if found else None

    def serving(self) -> list[str]:
        """The instances that take requests."""
        return self._current(Phase.READY)

    def _handle(self, event: Event) -> Iterator[Command]:
        match event:
            case Wanted():
                if not self.stopping:
                    self.active = True
                    self.failed = False
                    yield from self._fill()
            case Changed(environment, fresh):
                yield from self._change(environment or fresh, preload=not fresh)
            case Prepared(instance):
                yield from self._prepared(instance)
            case Started(instance):
                yield from self._started(instance)
            case StandbyUnfit(instance):
                yield from self._unfit(instance)
            case Exited(instance):
                yield from self._exited(instance)
            case Unresponsive(instance):
                yield from self._unresponsive(instance)
            case Idle():
                self.active = False
                yield from self._drain_all()
            case StandbyWanted(wanted):
                yield from self._want_standby(wanted)
            case Stopping():
                self.stopping = True
                self.active = False
                yield from self._drain_all()

    def _change(self, replace: bool, *, preload: bool) -> Iterator[Command]:
        if self.stopping:
            return
        self.generation += 1
        self.failed = False
        for name, instance in list(self.instances.items()):
            if instance.phase in (Phase.STANDBY, Phase.STARTING):
                if replace or instance.told:
                    yield self._kill(name)
                else:
                    instance.generation = self.generation
            elif instance.phase is Phase.READY:
                instance.phase = Phase.DRAINING
                yield Drain(name)
        if self.active:
            yield from self._fill(preload=preload)

    def _prepared(self, name: str) -> Iterator[Command]:
        instance = self.instances.get(name)
        if instance is None:
            return
        instance.prepared = True
        if instance.phase is Phase.STARTING and not instance.told:
            instance.told = True
            yield Go(name)

    def _started(self, name: str) -> Iterator[Command]:
        instance = self.instances.get(name)
        if instance is None or instance.phase is not Phase.STARTING:
            return
        instance.phase = Phase.READY
        self.failed = False
        yield Serve(name)
        yield from self._refresh_standby()

    def _unfit(self, name: str) -> Iterator[Command]:
        instance = self.instances.pop(name, None)
        if instance is None or self.stopping:
            return
        if instance.phase is not Phase.STARTING:
            yield from self._refresh_standby()
        elif instance.generation == self.generation:
            # A standby made meanwhile followed the same steps: it would fit no better.
            for other in self._current(Phase.STANDBY):
                yield self._kill(other)
            yield from self._fill()

    def _exited(self, name: str) -> Iterator[Command]:
        instance = self.instances.pop(name, None)
        if instance is None or self.stopping or instance.generation != self.generation:
            return
        # One that served and died is replaced when the next request asks: a cold start, as on
        # the platform. One that could not start fails the requests; it is not tried again at once.
        if instance.phase is Phase.STARTING:
            yield from self._start_failed(name)
        elif instance.phase is Phase.READY and self.serving():
            yield from self._fill()

    def _unresponsive(self, name: str) -> Iterator[Command]:
        instance = self.instances.get(name)
        if instance is None:
            return
        yield self._kill(name)
        if instance.generation != self.generation:
            return
        if instance.phase is Phase.STARTING:
            yield from self._start_failed(name)
        elif self.serving():
            yield from self._fill()

    def _start_failed(self, name: str) -> Iterator[Command]:
        if not self.serving():
            self.failed = True
            yield Fail(name)
        # The next save should find a standby even while the code is broken.
        yield from self._refresh_standby()

    def _fill(self, *, preload: bool = False) -> Iterator[Command]:
        """Bring the number of starting and serving instances up to `size`."""
        missing = self.size - len(self._current(Phase.STARTING)) - len(self._current(Phase.READY))
        for _ in range(missing):
            standby = self._current(Phase.STANDBY)
            if standby:
                instance = self.instances[standby[0]]
                instance.phase = Phase.STARTING
                yield Promote(standby[0])
                if instance.prepared:
                    instance.told = True
                    yield Go(standby[0])
            else:
                yield self._spawn(Phase.STARTING, preload=preload and self.keep_standby)

    def _refresh_standby(self) -> Iterator[Command]:
        """Keep one spare, made only when nothing is starting: it must not slow a start down."""
        wanted = self.keep_standby and self.active and not self.stopping
        if wanted and not self._current(Phase.STANDBY) and not self._current(Phase.STARTING):
            yield self._spawn(Phase.STANDBY, preload=True)

    def _want_standby(self, wanted: bool) -> Iterator[Command]:
        self.keep_standby = wanted
        if wanted:
            yield from self._refresh_standby()
        else:
            for name in self._current(Phase.STANDBY):
                yield self._kill(name)

    def _drain_all(self) -> Iterator[Command]:
        for name, instance in list(self.instances.items()):
            if instance.phase is Phase.READY:
                instance.phase = Phase.DRAINING
                yield Drain(name)
            elif instance.phase is not Phase.DRAINING:
                yield self._kill(name)

    def _spawn(self, phase: Phase, *, preload: bool) -> Spawn:
        self._spawned += 1
        name = f"{self.name}#{self._spawned}"
        self.instances[name] = _Instance(phase, self.generation)
        return Spawn(name, standby=phase is Phase.STANDBY, preload=preload)

    def _kill(self, name: str) -> Kill:
        del self.instances[name]
        return Kill(name)

    def _current(self, phase: Phase) -> list[str]:
        return [
            name
            for name, instance in self.instances.items()
            if instance.phase is phase and instance.generation == self.generation
        ]

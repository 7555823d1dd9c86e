"""What the emulators of sync and of async code have in common."""

from __future__ import annotations

import atexit
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Unpack

from vercel_emu import events
from vercel_emu.control.waiting import happened
from vercel_emu.errors import EmuError
from vercel_emu.events import EventBus, LogLine
from vercel_emu.testing.background import Background
from vercel_emu.testing.invocation import Invocation
from vercel_emu.testing.keywords import EmulatorOptions
from vercel_emu.testing.settings import prepared
from vercel_emu.visitors.asking import TextHeaders, by_fields, by_name
from vercel_emu.visitors.visitor import Visitor

LOGS_KEPT = 10_000
RELOAD_SECONDS = 60.0

type Who = str | Visitor
"""A visitor: what a person writes ("Tokyo", "203.0.113.9", "none"), or the value itself."""


class Log:
    """Every line that the app wrote, also outside of invocations."""

    def __init__(self) -> None:
        self.lines: list[LogLine] = []
        self.count = 0
        """How many there were, those included that are no longer kept."""

    def __call__(self, event: events.Event) -> None:
        if isinstance(event, LogLine):
            self.count += 1
            self.lines.append(event)
            if len(self.lines) > 2 * LOGS_KEPT:
                self.lines = self.lines[-LOGS_KEPT:]


class EmulatorCore:
    """A project's emulator: started and stopped by its subclasses."""

    def __init__(
        self,
        project: str | os.PathLike[str] = ".",
        *,
        visitor: Who | None = None,
        environ: Mapping[str, str] | None = None,
        wait_ready: bool = True,
        **options: Unpack[EmulatorOptions],
    ) -> None:
        self._folder = Path(project)
        self._visitor = visitor
        self._environ = environ
        self._wait_ready = wait_ready
        self._options = options
        self._log = Log()
        self._known: set[str] = set()
        self._running: Background | None = None

    # Life ----------------------------------------------------------------------------------

    def _start(self) -> None:
        if self._running is not None:
            raise EmuError(
                "ALREADY_RUNNING",
                f"This emulator runs already, at {self.url}.",
                "Stop it first, or make another one.",
            )
        found = prepared(self._folder, self._options, self._environ)
        bus = EventBus()
        bus.subscribe(self._log)
        background = Background(found, bus, wait_ready=self._wait_ready)
        background.start()
        self._running = background
        # A REPL may end without a word.
        atexit.register(self._stop)
        try:
            self.set_visitor(self._visitor)
        except EmuError:
            self._stop()
            raise

    def _stop(self) -> None:
        background, self._running = self._running, None
        if background is not None:
            atexit.unregister(self._stop)
            background.stop()

    @property
    def _background(self) -> Background:
        if self._running is None:
            raise self._not_running()
        return self._running

    @staticmethod
    def _not_running() -> EmuError:
        return EmuError(
            "NOT_RUNNING",
            "This emulator does not run.",
            "Use it inside its `with` block, or between start() and stop().",
        )

    def __repr__(self) -> str:
        at = self.url if self._running is not None else "not running"
        return f"<{type(self).__name__} {str(self._folder)!r}: {at}>"

    # What both can tell --------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Where it listens: `http://localhost:PORT`."""
        return self._background.project.url

    @property
    def root(self) -> Path:
        """The project's folder."""
        return self._background.project.prepared.project.root

    @property
    def env(self) -> dict[str, str]:
        """The environment variables that the functions see."""
        project = self._background.project
        pool = next(iter(project.pools.values()), None)
        return dict(pool.spec.environment) if pool is not None else {}

    @property
    def logs(self) -> list[LogLine]:
        """The last lines that the app wrote (at least 10,000), the oldest first."""
        return list(self._log.lines)

    @property
    def log_count(self) -> int:
        """How many lines the app has written so far, for `logs_since`."""
        return self._log.count

    def logs_since(self, count: int) -> list[LogLine]:
        """The lines that came after the first `count`, as far as they are kept."""
        new = self._log.count - count
        return self.logs[-new:] if new > 0 else []

    def wait_for_log(self, text: str, *, since: int = 0, seconds: float = 5.0) -> bool:
        """Whether a line with this text comes within the time, or has come after `since` lines."""
        background = self._background

        def came() -> bool:
            return any(text in line.text for line in self.logs_since(since))

        return background.run(happened(background.project.bus, came, seconds))

    @property
    def invocations(self) -> list[Invocation]:
        """The last invocations (up to 2,000), the oldest first."""
        background = self._background
        recorder = background.project.recorder
        found = background.call(lambda: recorder.recent(2000))
        return [Invocation(record, background) for record in reversed(found)]

    @property
    def visitor(self) -> Visitor:
        """Who asks where a request doesn't say."""
        return self._background.project.visitor

    def set_visitor(self, visitor: Who | None) -> None:
        """Change who asks; None goes back to who it was at the start.

        Raises:
            EmuError: the text means nobody.
        """
        project = self._background.project
        wanted = self._visitor if visitor is None else visitor

        def change() -> None:
            if isinstance(wanted, Visitor):
                project.visitors.current = wanted
            else:
                project.set_visitor(wanted)

        self._background.call(change)

    def _asking(self, visitor: Who | None) -> TextHeaders:
        """The headers of a request as this visitor."""
        project = self._background.project
        if visitor is None:
            return ()
        if not project.visitors.overrides:
            raise EmuError(
                "OVERRIDES_OFF",
                "With overrides=False requests can't choose their visitor.",
                "Use set_visitor.",
            )
        if isinstance(visitor, Visitor):
            return by_fields(visitor)
        if visitor not in self._known:
            self._background.call(lambda: project.visitors.resolve(visitor))
            self._known.add(visitor)
        return by_name(visitor)

    async def _reload(self) -> None:
        """On the emulator's loop: everything anew, until it serves."""
        project = self._background.project
        pools = [pool for pool in project.pools.values() if pool.instances()]
        done = 0

        def count(event: events.Event) -> None:
            nonlocal done
            done += isinstance(event, events.Reloaded | events.InstanceFailed)

        unsubscribe = project.bus.subscribe(count)
        try:
            project.reload()
            finished = await happened(project.bus, lambda: done >= len(pools), RELOAD_SECONDS)
        finally:
            unsubscribe()
        if not finished:
            raise EmuError("RELOAD_TIMEOUT", f"The reload took longer than {RELOAD_SECONDS:g} s.")
        for pool in pools:
            if pool.failure is not None:
                raise pool.failure.as_error()


def merged(asking: TextHeaders, options: dict[str, Any]) -> dict[str, Any]:
    """The options of a request with the visitor's headers; those of the caller win."""
    if not asking:
        return options
    import httpx

    headers = httpx.Headers(list(asking))
    headers.update(options.get("headers") or {})
    return {**options, "headers": headers}

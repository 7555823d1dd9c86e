"""The last invocations with their logs, put together from events.

The control API, the Python API and the pytest plugin read them here; the terminal shows the same
events as they come.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from vercel_emu import events

KEPT = 2000
LINES_KEPT = 500
TEXT_KEPT = 32 * 1024 * 1024
"""Characters of all invocations' log lines together; the oldest invocations go first."""


@dataclass(slots=True, kw_only=True)
class Invocation:
    """What became of one request; durations in milliseconds, `status` 0 while it runs.

    `ended` tells whether the runtime has reported the end, so that `wait_until` work is done.
    """

    id: str
    method: str
    path: str
    visitor: str
    function: str = ""
    instance: str = ""
    cold: bool = False
    status: int = 0
    duration_ms: float = 0.0
    error_code: str = ""
    ended: bool = False
    logs: list[events.LogLine] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The log lines as text."""
        return "\n".join(line.text for line in self.logs)

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "method": self.method,
            "path": self.path,
            "visitor": self.visitor,
            "function": self.function,
            "instance": self.instance,
            "cold": self.cold,
            "status": self.status,
            "duration_ms": round(self.duration_ms, 3),
            "error_code": self.error_code,
            "ended": self.ended,
            "logs": [
                {"level": line.level, "stream": line.stream, "text": line.text}
                for line in self.logs
            ],
        }


class Recorder:
    """Subscribes to the event bus and keeps the last invocations."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._invocations: OrderedDict[str, Invocation] = OrderedDict()
        self._text = 0

    def __call__(self, event: events.Event) -> None:
        kind = type(event)
        if kind is events.InvocationStarted:
            self._started(event)  # type: ignore[arg-type]
        elif kind is events.ResponseSent:
            self._answered(event)  # type: ignore[arg-type]
        elif kind is events.InvocationEnded:
            if found := self._invocations.get(event.invocation_id):  # type: ignore[attr-defined]
                found.ended = True
        elif kind is events.LogLine:
            found = self._invocations.get(event.invocation_id)  # type: ignore[attr-defined]
            if found is not None and len(found.logs) < LINES_KEPT:
                self._log(found, event)  # type: ignore[arg-type]

    def get(self, invocation_id: str) -> Invocation | None:
        """An invocation by the id at the end of its `x-vercel-id`, if it is still kept."""
        return self._invocations.get(invocation_id.rpartition("::")[2])

    def recent(self, limit: int = 50) -> list[Invocation]:
        """The last invocations, the newest first."""
        found = list(self._invocations.values())[-limit:]
        return found[::-1]

    def _started(self, event: events.InvocationStarted) -> None:
        self._keep(
            Invocation(
                id=event.invocation_id,
                method=event.method,
                path=event.path,
                visitor=event.visitor,
                function=event.function,
                instance=event.instance,
                cold=event.cold,
            )
        )

    def _answered(self, event: events.ResponseSent) -> None:
        found = self._invocations.get(event.invocation_id)
        if found is None:
            found = self._keep(
                Invocation(
                    id=event.invocation_id,
                    method=event.method,
                    path=event.path,
                    visitor=event.visitor,
                    ended=True,
                )
            )
        found.status = event.status
        found.duration_ms = event.duration_ms
        found.error_code = event.error_code

    def _keep(self, invocation: Invocation) -> Invocation:
        self._invocations[invocation.id] = invocation
        if len(self._invocations) > self._kept:
            self._forget_oldest()
        return invocation

    def _log(self, invocation: Invocation, line: events.LogLine) -> None:
        invocation.logs.append(line)
        self._text += len(line.text)
        while self._text > TEXT_KEPT and len(self._invocations) > 1:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        _, oldest = self._invocations.popitem(last=False)
        self._text -= sum(len(line.text) for line in oldest.logs)

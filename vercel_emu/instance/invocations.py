"""The invocations an instance is working on: from the first byte sent to it until `end`.

An invocation is over when its response is complete *and* the runtime has reported `end`, because
`wait_until` work runs after the response (`vc_init`). Where the runtime never started
user code for a request (it refused it as malformed), there is no `end` to wait for.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum


class Kind(Enum):
    REQUEST = "request"
    STREAM = "stream"
    SOCKET = "socket"


@dataclass(slots=True)
class Invocation:
    """One request inside an instance; times are monotonic seconds."""

    id: str
    started: float = field(default_factory=time.monotonic)
    kind: Kind = Kind.REQUEST
    handler_started: bool = False
    ended: bool = False
    response_done_at: float | None = None
    on_end: Callable[[], None] | None = None
    """Called at the runtime's `end`."""
    traceback: str = ""
    """The last exception that was logged for it."""
    _traceback_waiter: asyncio.Future[None] | None = None
    _end_waiter: asyncio.Future[None] | None = None

    async def wait_ended(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds for the runtime's `end`."""
        if not self.ended:
            self._end_waiter = asyncio.get_running_loop().create_future()
            await asyncio.wait([self._end_waiter], timeout=timeout)
        return self.ended

    async def wait_traceback(self, timeout: float) -> str:
        """The last traceback; where there is none yet, up to `timeout` seconds are waited."""
        if not self.traceback:
            self._traceback_waiter = asyncio.get_running_loop().create_future()
            await asyncio.wait([self._traceback_waiter], timeout=timeout)
        return self.traceback

    def logged(self, text: str) -> None:
        """It wrote a traceback."""
        self.traceback = text
        if self._traceback_waiter is not None and not self._traceback_waiter.done():
            self._traceback_waiter.set_result(None)

    def end(self) -> None:
        self.ended = True
        if self._end_waiter is not None and not self._end_waiter.done():
            self._end_waiter.set_result(None)
        if self.on_end is not None:
            self.on_end()


class Invocations:
    """Bookkeeping of the running invocations of one instance."""

    UNSTARTED_GRACE = 1.0
    """Seconds after a response in which `handler-started` may still be on its way."""

    def __init__(self) -> None:
        self._running: dict[str, Invocation] = {}
        self.served = 0
        self.answering = 0
        """How many have not sent their whole response; `wait_until` work is not counted."""

    def __len__(self) -> int:
        return len(self._running)

    def begin(self, invocation_id: str) -> Invocation:
        invocation = self._running[invocation_id] = Invocation(invocation_id)
        self.served += 1
        self.answering += 1
        return invocation

    def get(self, invocation_id: str) -> Invocation | None:
        return self._running.get(invocation_id)

    def handler_started(self, invocation_id: str) -> None:
        if found := self._running.get(invocation_id):
            found.handler_started = True

    def ended(self, invocation_id: str) -> Invocation | None:
        """The runtime said `end`; returns the invocation if it is known."""
        found = self._running.get(invocation_id)
        if found is not None:
            found.end()
            self._drop_if_over(found)
        return found

    def response_done(self, invocation_id: str) -> None:
        """The edge has sent (or given up) the whole response."""
        found = self._running.get(invocation_id)
        if found is not None and found.response_done_at is None:
            self.answering -= 1
            found.response_done_at = time.monotonic()
            self._drop_if_over(found)

    def to_wait_for(self, now: float, *, long_lived: bool) -> int:
        """How many still run. Sockets and endless streams count only with `long_lived`."""
        for invocation in list(self._running.values()):
            done_at = invocation.response_done_at
            never_started = done_at is not None and not invocation.handler_started
            if never_started and done_at is not None and now - done_at > self.UNSTARTED_GRACE:
                del self._running[invocation.id]
        return sum(1 for one in self._running.values() if long_lived or one.kind is Kind.REQUEST)

    def _drop_if_over(self, invocation: Invocation) -> None:
        if invocation.ended and invocation.response_done_at is not None:
            del self._running[invocation.id]

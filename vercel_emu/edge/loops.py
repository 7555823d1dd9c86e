"""Recognises a request that calls the deployment itself for ever: 508 INFINITE_LOOP_DETECTED.

A call from inside carries no mark of its own, so two signs tell its caller: the `x-vercel-id` that
a forwarded request still has, and the client's port, which the function instance has announced
before it connected (`guest/self_calls.py`). From these follows how deep a request is nested. A
fan-out of a thousand calls is one level deep and passes; only depth is refused. Without either sign
(a subprocess, threads without the request's context) a loop is not seen and ends with the
function's duration.
"""

from __future__ import annotations

from collections import OrderedDict

from vercel_emu.events import Event, SelfCall
from vercel_emu.transport.headers import RawHeaders

_PORTS_KEPT = 4096


class LoopGuard:
    """How deep the running invocations are nested; costs nothing while nothing calls itself."""

    def __init__(self) -> None:
        self._callers: OrderedDict[int, str] = OrderedDict()
        self._depths: dict[str, int] = {}

    def on_event(self, event: Event) -> None:
        """A subscriber: a function instance is about to connect on behalf of an invocation."""
        if type(event) is SelfCall:
            self.announced(event.port, event.invocation_id)

    def announced(self, port: int, invocation_id: str) -> None:
        """`port` is where an invocation's own request will come from."""
        self._callers.pop(port, None)
        self._callers[port] = invocation_id
        if len(self._callers) > _PORTS_KEPT:
            self._callers.popitem(last=False)

    def enter(self, invocation_id: str, port: int, headers: RawHeaders, limit: int | None) -> bool:
        """Note a new invocation; False where it is deeper than `limit`, and must be refused."""
        caller = self._callers.get(port) if self._callers else None
        caller = caller or _forwarded_id(headers)
        if not caller:
            return True
        depth = self._depths.get(caller, 0) + 1
        if limit is not None and depth > limit:
            return False
        self._depths[invocation_id] = depth
        return True

    def leave(self, invocation_id: str) -> None:
        """The invocation has been answered."""
        self._depths.pop(invocation_id, None)


def _forwarded_id(headers: RawHeaders) -> str:
    """The id of the request whose headers were passed on, from `region::...::id`."""
    for name, value in headers:
        if name == b"x-vercel-id":
            return value.decode("latin-1").rpartition("::")[2]
    return ""

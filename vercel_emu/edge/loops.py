"""Recognises a request that calls the deployment itself for ever: 508 INFINITE_LOOP_DETECTED.

A call from inside carries no mark of its own, so two signs tell its caller: the `x-vercel-id` that
a forwarded request still has, and the client's port, which the function instance has announced
before it connected (`guest/self_calls.py`). From these follows how deep a request is nested. A
fan-out of a thousand calls is one level deep and passes; only depth is refused. Without either sign
(a subprocess, uvloop, threads without the request's context) a loop is not seen and ends with the
function's duration.
"""

from __future__ import annotations

from collections import OrderedDict

MAX_DEPTH = 20
"""Below the 40 threads that serve blocking code in ASGI frameworks, where a loop would stall."""
_PORTS_KEPT = 4096

type Headers = list[tuple[bytes, bytes]]


class LoopGuard:
    """How deep the running invocations are nested; costs nothing while nothing calls itself."""

    def __init__(self, max_depth: int = MAX_DEPTH) -> None:
        self._max_depth = max_depth
        self._callers: OrderedDict[int, str] = OrderedDict()
        self._depths: dict[str, int] = {}

    def announced(self, port: int, invocation_id: str) -> None:
        """A function instance is about to connect from `port`, on behalf of an invocation."""
        self._callers.pop(port, None)
        self._callers[port] = invocation_id
        if len(self._callers) > _PORTS_KEPT:
            self._callers.popitem(last=False)

    def enter(self, invocation_id: str, port: int, headers: Headers) -> bool:
        """Note a new invocation; False where it is one too deep, and must be refused."""
        caller = self._callers.get(port) if self._callers else None
        caller = caller or _forwarded_id(headers)
        if not caller:
            return True
        depth = self._depths.get(caller, 0) + 1
        if depth > self._max_depth:
            return False
        self._depths[invocation_id] = depth
        return True

    def leave(self, invocation_id: str) -> None:
        """The invocation has been answered."""
        self._depths.pop(invocation_id, None)


def _forwarded_id(headers: Headers) -> str:
    """The id of the request whose headers were passed on, from `region::...::id`."""
    for name, value in headers:
        if name == b"x-vercel-id":
            return value.decode("latin-1").rpartition("::")[2]
    return ""

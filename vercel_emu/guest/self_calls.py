"""Tells the emulator which invocation opens a connection to the deployment itself.

Only with that can the edge tell a request that calls itself for ever from one that fans out into
many. The connection is given its local port before it connects, and the emulator is told
"this port is that invocation". Not seen: connections of uvloop, of programs that the code starts,
and of threads that were started without the request's context.

Runs inside the function instance: standard library only.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Callable
from typing import Any

type Report = Callable[[int, str], None]

_LOOPBACK = {"127.0.0.1": "127.0.0.1", "localhost": "", "0.0.0.0": "127.0.0.1", "::1": "::1"}


class SelfCalls:
    """Handles the audit event `socket.connect`."""

    def __init__(self, port: int, report: Report) -> None:
        self._port = port
        self._report = report

    def on_connect(self, connecting: socket.socket, address: Any) -> None:
        if not isinstance(address, tuple) or len(address) < 2 or address[1] != self._port:
            return
        source = _LOOPBACK.get(address[0])
        invocation = current_invocation()
        if source is None or not invocation:
            return
        with contextlib.suppress(OSError):
            if connecting.type & socket.SOCK_STREAM and not connecting.getsockname()[1]:
                connecting.bind((source, 0))
            self._report(connecting.getsockname()[1], invocation)


def current_invocation() -> str:
    """The invocation whose code is running, as the runtime knows it; empty outside of one."""
    context = getattr(sys.modules.get("vercel_runtime.vc_init"), "storage", None)
    found = context.get() if context is not None else None
    return str(found.get("invocationId", "")) if isinstance(found, dict) else ""


def own_port() -> int | None:
    """The port under which the deployment is reached, from the address every function is told."""
    port = os.environ.get("VERCEL_URL", "").rpartition(":")[2]
    return int(port) if port.isdigit() else None

"""Tells the emulator which invocation opens a connection to the deployment itself.

Only with that can the edge tell a request that calls itself for ever from one that fans out into
many. The connection is given its local port before it connects, and the emulator is told
"this port is that invocation". uvloop connects below Python, so where it is used its connections to
this one address are made with a Python socket. Not seen: connections of programs that the code
starts, and of threads that were started without the request's context.

Runs inside the function instance: standard library only.
"""

from __future__ import annotations

import contextlib
import importlib
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
        self._taken_over = False

    def handlers(self) -> dict[str, Callable[..., None]]:
        """What is to be called at which audit event."""
        if "uvloop" in sys.modules:
            self._take_over(sys.modules["uvloop"])
            return {"socket.connect": self.on_connect}
        return {"socket.connect": self.on_connect, "import": self._on_import}

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

    def _on_import(self, name: str, *_: object) -> None:
        """The event comes before the import: it is done here, and the importer finds it done."""
        if name == "uvloop" and not self._taken_over:
            self._taken_over = True
            with contextlib.suppress(ImportError):
                self._take_over(importlib.import_module(name))

    def _take_over(self, uvloop: Any) -> None:
        self._taken_over = True
        original = uvloop.Loop.create_connection

        async def create_connection(
            loop: Any, factory: Any, host: Any = None, port: Any = None, **options: Any
        ) -> Any:
            is_own = port == self._port and host in _LOOPBACK and not options.get("sock")
            if is_own and not options.get("ssl") and current_invocation():
                connected = await self._connected(loop)
                if connected is not None:
                    return await original(loop, factory, sock=connected)
            return await original(loop, factory, host, port, **options)

        uvloop.Loop.create_connection = create_connection

    async def _connected(self, loop: Any) -> socket.socket | None:
        connecting = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        connecting.setblocking(False)
        try:
            await loop.sock_connect(connecting, ("127.0.0.1", self._port))
        except BaseException as error:
            connecting.close()
            if isinstance(error, OSError):
                return None  # it listens elsewhere: uvloop finds it
            raise
        return connecting


def current_invocation() -> str:
    """The invocation whose code is running, as the runtime knows it; empty outside of one."""
    context = getattr(sys.modules.get("vercel_runtime.vc_init"), "storage", None)
    found = context.get() if context is not None else None
    return str(found.get("invocationId", "")) if isinstance(found, dict) else ""


def own_port() -> int | None:
    """The port under which the deployment is reached, from the address every function is told."""
    port = os.environ.get("VERCEL_URL", "").rpartition(":")[2]
    return int(port) if port.isdigit() else None

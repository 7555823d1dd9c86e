"""How the app's output gets to the emulator: in pieces, and one message after the other.

The runtime makes one message of each `write()`, however long, and any thread sends its own. Runs
inside the function instance, just before user code is imported; standard library only.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

PIECE = 64 * 1024
"""Characters of one `write()` that become one message."""


class OneAtATime:
    """A lock that a signal handler may take again, and that a fork does not leave taken."""

    def __init__(self) -> None:
        self._renew()
        os.register_at_fork(after_in_child=self._renew)

    def _renew(self) -> None:
        self.lock = threading.RLock()


class WholeMessages:
    """The runtime's socket to the emulator; a message that fills it is not cut into by another."""

    def __init__(self, connection: Any, one: OneAtATime) -> None:
        self._connection = connection
        self._one = one

    def sendall(self, message: bytes) -> None:
        with self._one.lock:
            self._connection.sendall(message)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def install() -> None:
    """Put this between the runtime and user code; what the runtime no longer has is left out."""
    one = OneAtATime()
    vc_init: Any = sys.modules.get("vercel_runtime.vc_init")
    connection = getattr(vc_init, "_ipc_sock", None)
    if connection is not None:
        vc_init._ipc_sock = WholeMessages(connection, one)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "stream_name"):
            _write_in_pieces(stream, one)


def _write_in_pieces(stream: Any, one: OneAtATime) -> None:
    write = stream.write

    def write_in_pieces(message: str) -> Any:
        if not isinstance(message, str) or len(message) <= PIECE:
            return write(message)
        with one.lock:
            for start in range(0, len(message), PIECE):
                write(message[start : start + PIECE])
        return None

    stream.write = write_in_pieces

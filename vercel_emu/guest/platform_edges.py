"""A deployed function's surroundings: few file descriptors, a read-only file system, loop guard.

Also how the app's output gets to the emulator: in pieces, one message after the other.

Runs inside the function instance, just before user code is imported; standard library only.
"""

from __future__ import annotations

import contextlib
import os
import resource
import sys
import threading
from typing import TYPE_CHECKING, Any, Protocol

from . import purge_api, self_calls
from .file_system import writes
from .file_system.uses import Uses

if TYPE_CHECKING:
    from .file_system.reads import Reads
    from .own_code import OwnCode

PIECE = 64 * 1024
"""Characters of one `write()` that become one message."""


class Reports(Protocol):
    """The line to the emulator (`Control`)."""

    def report(self, kind: str, **payload: object) -> None: ...


def install(settings: dict[str, Any], control: Reports, own: OwnCode) -> None:
    """Put everything in place that `settings` (of the boot variable) asks for."""
    if limit := settings.get("fd_limit"):
        limit_descriptors(limit)
    send_output_in_pieces()
    if access := settings.get("control"):
        purge_api.install(access["url"], access["authorization"])

    def report_write(path: str, where: str, refused: bool) -> None:
        control.report("emu-fs-write", path=path, where=where, refused=refused)

    def report_call(port: int, invocation: str) -> None:
        control.report("emu-self-call", port=port, invocation=invocation)

    def report_use(path: str, where: str, listed: bool) -> None:
        control.report("emu-used", path=path, where=where, listed=listed)

    def report_own_write(path: str, how: str, stamp: tuple[int, ...]) -> None:
        control.report("emu-wrote", path=path, how=how, stamp=stamp)

    more = {}
    port = self_calls.own_port()
    if port is not None:
        more = self_calls.SelfCalls(port, report_call).handlers()
    reads = _watched_reads(settings, control, own) if settings.get("left_out") else None
    strict = bool(settings.get("strict_fs"))
    follows = bool(settings.get("report_files"))
    writes.install(
        settings["root"],
        report_write,
        strict=strict,
        reads=reads,
        uses=Uses(settings["root"], report_use, own.libraries) if follows else None,
        wrote=report_own_write if follows else None,
        more=more,
    )


def _watched_reads(settings: dict[str, Any], control: Reports, own: OwnCode) -> Reads:
    """What tells of files that the project has and its deployment has not."""
    from .file_system.left_out import LeftOut
    from .file_system.reads import Reads

    def report(what: str, path: str, where: str, why: str, refused: bool) -> None:
        control.report("emu-left-out", what=what, path=path, where=where, why=why, refused=refused)

    reads = Reads(
        settings["root"],
        LeftOut(settings["left_out"]),
        report,
        strict=bool(settings.get("strict_fs")),
        others=(os.path.join(sys.prefix, ""), *own.libraries),
    )
    own.on_import = reads.imported
    reads.hide()
    return reads


def limit_descriptors(count: int) -> None:
    """The platform's limit, for this process and all it starts (never more than it has now)."""
    with contextlib.suppress(OSError, ValueError):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft == resource.RLIM_INFINITY or soft > count:
            resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


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


def send_output_in_pieces() -> None:
    """However long a `write()` is, and whichever thread writes.

    The runtime makes one message of each, and any thread sends its own. What the runtime no
    longer has is left out.
    """
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

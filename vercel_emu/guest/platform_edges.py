"""A deployed function's surroundings: few file descriptors, a read-only file system, loop guard.

Runs inside the function instance, just before user code is imported; standard library only.
"""

from __future__ import annotations

import contextlib
import resource
from typing import Any, Protocol

from . import fs_guard, output, purge_api, self_calls


class Reports(Protocol):
    """The line to the emulator (`Control`)."""

    def report(self, kind: str, **payload: object) -> None: ...


def install(settings: dict[str, Any], control: Reports) -> None:
    """Put everything in place that `settings` (of the boot variable) asks for."""
    if limit := settings.get("fd_limit"):
        limit_descriptors(limit)
    output.install()
    purge_api.install()

    def report_write(path: str, where: str, refused: bool) -> None:
        control.report("emu-fs-write", path=path, where=where, refused=refused)

    def report_call(port: int, invocation: str) -> None:
        control.report("emu-self-call", port=port, invocation=invocation)

    more = {}
    port = self_calls.own_port()
    if port is not None:
        more = self_calls.SelfCalls(port, report_call).handlers()
    fs_guard.install(
        settings["root"], report_write, strict=bool(settings.get("strict_fs")), more=more
    )


def limit_descriptors(count: int) -> None:
    """The platform's limit, for this process and all it starts (never more than it has now)."""
    with contextlib.suppress(OSError, ValueError):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft == resource.RLIM_INFINITY or soft > count:
            resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))

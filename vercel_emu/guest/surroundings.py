"""What the platform's surroundings are to user code, where they differ from a terminal's.

Runs inside the function instance; standard library only.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType


class RuntimeFinder:
    """Makes exactly one foreign package importable: `vercel_runtime`, from the emulator."""

    def __init__(self, directory: str) -> None:
        self._directory = directory

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != "vercel_runtime":
            return None
        return PathFinder.find_spec(name, [self._directory], target)


def use_roomy_listen_queue() -> None:
    """`socketserver` queues 5 connections; under load Linux then drops SYNs for a second."""
    import socketserver

    socketserver.TCPServer.request_queue_size = 1024


def explain_breakpoint() -> None:
    """`breakpoint()` would wait for a terminal that a function does not have."""

    def hook(*_args: object, **_options: object) -> None:
        frame = sys._getframe(1)
        where = f"{frame.f_code.co_filename}:{frame.f_lineno}"
        print(
            f"breakpoint() at {where} was passed: start with `vercel-emu dev --debugpy` "
            "and attach a debugger.",
            file=sys.stderr,
        )

    # A hook that the person has chosen (PYTHONBREAKPOINT) stays theirs.
    if "PYTHONBREAKPOINT" not in os.environ:
        sys.breakpointhook = hook


def start_debugger() -> int:
    """Listen with the app environment's own debugpy; the port, which the emulator passes on to."""
    try:
        import debugpy
    except ImportError:
        sys.stderr.write(
            "--debugpy: the app's environment has no debugpy. Install it there "
            "(`uv pip install debugpy` or `pip install debugpy`).\n"
        )
        sys.exit(1)
    # Sub-processes of the app would look for a debugger of their own.
    debugpy.configure(subProcess=False)
    port: int = debugpy.listen(("127.0.0.1", 0))[1]
    sys.breakpointhook = debugpy.breakpoint
    return port

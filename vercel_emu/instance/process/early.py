"""An interpreter that is started before it is known what it will run.

Reading a project takes about as long as a Python process needs to come up and import what every
function needs. So the first instance's process starts first, and gets its orders when they are
known: its environment, its folder, its entrypoint.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from vercel_emu import guest
from vercel_emu.errors import EmuError
from vercel_emu.project.variables.inherited import PYTHON_DEFAULTS, inherited_variables

BOOT = guest.FOLDER / "boot.py"
_READ_AT_START = ("PYTHON", "LD_", "DYLD_", "MALLOC_", "LC_", "LANG", "COVERAGE_PROCESS_")
"""Variables with these prefixes count when a process starts; later they are too late."""


def runtime_dir() -> Path:
    """The folder that holds the `vercel_runtime` package the functions will run in."""
    spec = importlib.util.find_spec("vercel_runtime")
    if spec is None or spec.origin is None:
        raise EmuError(
            "RUNTIME_NOT_FOUND",
            "The package vercel-runtime is not installed beside vercel-emu.",
            "Reinstall vercel-emu: it brings vercel-runtime along.",
        )
    return Path(spec.origin).parent.parent


async def start_python(
    interpreter: Path, environment: Mapping[str, str], folder: Path, *, debug: bool = False
) -> Process:
    """Start `guest/boot.py`, which waits for its orders on standard input.

    Raises:
        OSError: the interpreter can't be executed.
        EmuError: there is no runtime to run functions in.
    """
    return await asyncio.create_subprocess_exec(
        str(interpreter),
        # Debuggers can't stop in modules that are frozen into the interpreter.
        *(["-X", "frozen_modules=off"] if debug else []),
        "-P",
        str(BOOT),
        str(runtime_dir()),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        cwd=folder,
        env=environment,
        start_new_session=True,
    )


class EarlyProcess:
    """A process without orders; whoever takes it has it for good."""

    def __init__(self, process: Process, interpreter: Path, environment: Mapping[str, str]) -> None:
        self._process: Process | None = process
        self._interpreter = interpreter
        self._environment = environment

    def take(self, interpreter: Path, environment: Mapping[str, str]) -> Process | None:
        """The process, if it can still become one of `interpreter` with `environment`."""
        process = self._process
        if process is None or process.returncode is not None or interpreter != self._interpreter:
            return None
        if _fixed(environment) != _fixed(self._environment):
            return None
        self._process = None
        return process

    async def discard(self) -> None:
        """End the process if nobody has taken it."""
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


@contextlib.asynccontextmanager
async def early_process(
    interpreter: Path, folder: Path, environ: Mapping[str, str]
) -> AsyncIterator[EarlyProcess | None]:
    """Start a process for the block; None where the interpreter can't be executed."""
    inherited, _ = inherited_variables(environ, Path(sys.prefix), interpreter)
    environment = {**inherited, **PYTHON_DEFAULTS}
    try:
        process = await start_python(interpreter, environment, folder)
    except OSError:
        yield None  # the start of the function will say what is wrong
        return
    early = EarlyProcess(process, interpreter, environment)
    try:
        yield early
    finally:
        await early.discard()


def _fixed(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(_READ_AT_START)}

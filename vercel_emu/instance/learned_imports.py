"""What the app's last run imported from libraries, kept in `.vercel/emu/` for the next standby.

The standby itself reads the file (`guest/preload.py`); what a step is says `guest/modules.py`.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec

from vercel_emu.emu_folder import write_whole
from vercel_emu.files.reading import read_bytes
from vercel_emu.instance.process.ipc import ImportStep

FORMAT = 3


class Remembered(msgspec.Struct):
    """The file. `excluded` modules and changes of `varying` variables stop being followed."""

    format: int = FORMAT
    interpreter: str = ""
    steps: list[ImportStep] = []
    direct: list[str] = []
    files: list[str] = []
    excluded: list[str] = []
    varying: list[str] = []


class LearnedImports:
    """The steps that a standby follows ahead of user code."""

    def __init__(self, path: Path, interpreter: Path) -> None:
        self._path = path
        self._state = _read(path)
        self._suspected = ""
        if self._state.interpreter != str(interpreter) or self._state.format != FORMAT:
            self._state = Remembered(interpreter=str(interpreter))

    @property
    def modules(self) -> list[str]:
        """The modules that a standby would import."""
        return [step for step in self._state.steps if isinstance(step, str)]

    def learn(self, steps: list[ImportStep], direct: list[str], files: list[str]) -> bool:
        """Note what an instance that serves has imported by now; True if that is news."""
        fit = fitting(steps, self._state.excluded, self._state.varying)
        state = self._state
        if (fit, direct, files) != (state.steps, state.direct, state.files):
            state.steps, state.direct, state.files = fit, direct, files
            self._write()
            return True
        return False

    def exclude(self, module: str) -> None:
        """Never import `module` ahead of time again: it needs user code."""
        if module not in self._state.excluded:
            self._state.excluded.append(module)
        state = self._state
        state.steps = fitting(state.steps, state.excluded, state.varying)
        self._write()

    def differed(self, what: str) -> None:
        """A standby's steps no longer fit user code: forget them, the next run is learned.

        A variable that differs twice in a row holds something new in each run (a time, an id):
        from its change on nothing can be imported ahead.
        """
        if what == self._suspected and what.startswith("os.environ["):
            self._state.varying.append(what.removeprefix("os.environ['").removesuffix("']"))
        self._suspected = what
        self._state.steps, self._state.direct, self._state.files = [], [], []
        self._write()

    def followed(self) -> None:
        """A standby's steps fitted user code."""
        self._suspected = ""

    def _write(self) -> None:
        # Only speed depends on this file: a folder that can't be written is not an error.
        with contextlib.suppress(OSError):
            write_whole(self._path, msgspec.json.encode(self._state))


def fitting(steps: list[ImportStep], excluded: list[str], varying: list[str]) -> list[ImportStep]:
    """Without excluded modules, and only up to the first change of a variable that varies."""
    fit: list[ImportStep] = []
    for step in steps:
        if isinstance(step, str):
            if step not in excluded:
                fit.append(step)
        elif step[0] in varying:
            break
        else:
            fit.append(step)
    return fit


def _read(path: Path) -> Remembered:
    try:
        return msgspec.json.decode(read_bytes(path), type=Remembered)
    except (OSError, msgspec.DecodeError, RecursionError):
        return Remembered()

"""Which libraries the app's last run imported, kept in `.vercel/emu/` for the next standby."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import msgspec


class _Remembered(msgspec.Struct):
    modules: list[str] = []
    excluded: list[str] = []
    interpreter: str = ""


class ModulesMemory:
    """The list of library modules to import ahead of the person's code, in a small JSON file.

    A module that turned out to need the person's code is excluded from then on.
    """

    def __init__(self, path: Path, root: Path, interpreter: Path) -> None:
        self._path = path
        self._state = _read(path)
        if self._state.interpreter != str(interpreter):
            self._state = _Remembered(interpreter=str(interpreter))

    @property
    def modules(self) -> list[str]:
        return self._state.modules

    def remember(self, modules: list[str]) -> None:
        """Note what a running instance has imported by now."""
        excluded = set(self._state.excluded)
        fit = [name for name in modules if name not in excluded]
        if fit != self._state.modules:
            self._state.modules = fit
            self._write()

    def exclude(self, module: str) -> None:
        """Never import `module` ahead of time again."""
        if module not in self._state.excluded:
            self._state.excluded.append(module)
        self._state.modules = [name for name in self._state.modules if name != module]
        self._write()

    def _write(self) -> None:
        # Only speed depends on this file: a folder that can't be written is not an error.
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            temporary = self._path.with_suffix(f".{os.getpid()}.tmp")
            temporary.write_bytes(msgspec.json.encode(self._state))
            temporary.replace(self._path)


def _read(path: Path) -> _Remembered:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Remembered)
    except (OSError, msgspec.DecodeError):
        return _Remembered()

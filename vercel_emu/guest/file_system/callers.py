"""Whose doing it is: the line of user code that a call to the file system comes from."""

from __future__ import annotations

import os
import sys
import sysconfig
from types import FrameType

_HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "")
_GUEST = os.path.join(os.path.dirname(os.path.dirname(_HERE)), "")
_TOOLS = ("/vercel_runtime/", "/debugpy/", "/site-packages/coverage/")
_IMPORTLIB = "<frozen importlib"


class Callers:
    """Tells where in the project in `root` (a real path, ending in a separator) a call began."""

    def __init__(self, root: str) -> None:
        self._root = root
        paths = sysconfig.get_paths()
        folders = {paths["stdlib"], paths["platstdlib"]}
        self._stdlib = tuple(os.path.join(path, "") for path in folders)

    def place(self) -> str | None:
        """`file:line` of user code, or of a library that acts for itself.

        None where the runtime, the emulator or a debugger acts for its own purposes.
        """
        library = None
        frame: FrameType | None = sys._getframe()
        while frame is not None:
            file = frame.f_code.co_filename
            if not file.startswith((_HERE, "<")):
                if file.startswith(_GUEST) or any(tool in file for tool in _TOOLS):
                    return library
                if is_installed(file):
                    library = library or f"{file}:{frame.f_lineno}"
                elif not file.startswith(self._stdlib):
                    return f"{self._shown(file)}:{frame.f_lineno}"
            frame = frame.f_back
        return library

    def users_line(self) -> str:
        """`file:line` of the user code that leads here, by imports too; empty for none."""
        frame: FrameType | None = sys._getframe()
        while frame is not None:
            file = frame.f_code.co_filename
            own = file.startswith((_GUEST, "<")) or any(tool in file for tool in _TOOLS)
            if not own and not is_installed(file) and not file.startswith(self._stdlib):
                return f"{self._shown(file)}:{frame.f_lineno}"
            frame = frame.f_back
        return ""

    def is_users_own(self) -> bool:
        """Whether user code itself calls the standard library: no library, and no import."""
        frame: FrameType | None = sys._getframe()
        while frame is not None:
            file = frame.f_code.co_filename
            if file.startswith(_IMPORTLIB):
                return False
            if is_installed(file):
                return False
            if not file.startswith((_HERE, "<", *self._stdlib)):
                return not file.startswith(_GUEST)
            frame = frame.f_back
        return False

    def is_guest(self, frame: FrameType | None) -> bool:
        """Whether the emulator's own code, or a tool, asked the standard library for this."""
        while frame is not None:
            file = frame.f_code.co_filename
            # An environment's `platstdlib` is the folder above its site-packages.
            if is_installed(file) or not file.startswith(("<", *self._stdlib)):
                return file.startswith(_GUEST) or any(tool in file for tool in _TOOLS)
            frame = frame.f_back
        return True

    def _shown(self, file: str) -> str:
        real = os.path.realpath(file)
        return real[len(self._root) :] if real.startswith(self._root) else file


def is_installed(file: str) -> bool:
    """Whether a module's file belongs to an installed package."""
    return f"{os.sep}site-packages{os.sep}" in file or f"{os.sep}dist-packages{os.sep}" in file

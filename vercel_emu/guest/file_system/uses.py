"""Tells which files the app has read, and which folders it has listed: a save of these matters.

Each file is told once, before it is opened, with the line of user code; files of installed packages
and of the system's own folders never. What C libraries open on their own is not seen.

Runs inside the function instance: standard library only, and cheap, because the interpreter says so
of every file that it opens.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable

from .callers import Callers, is_installed

type Path = str | bytes | os.PathLike[str]
type Report = Callable[[str, str, bool], None]

_IMPORTS = ("<frozen importlib", os.path.join(os.path.dirname(os.__file__), "importlib", ""))
_HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "")
_DEVICES = ("/dev/", "/proc/", "/sys/")
_MOST = 20_000
"""Paths that are remembered as told; beyond that all are told anew."""


class Uses:
    """`report(path, where, listed)` gets an absolute path; `where` is `file:line` or empty.

    Below `others` (libraries, the emulator's own folder) nothing is told.
    """

    def __init__(self, root: str, report: Report, others: Iterable[str]) -> None:
        self._report = report
        self._others = (*_DEVICES, os.path.join(root, ".vercel", ""), *others)
        self._callers = Callers(os.path.join(os.path.realpath(root), ""))
        self._known: set[object] = set()
        self._listed: set[object] = set()

    # Audit events -------------------------------------------------------------------------------

    def opened(self, path: Path | int) -> None:
        """A file is about to be opened for reading, whether it is there or not."""
        if isinstance(path, int) or path in self._known:
            return
        if isinstance(path, str) and path.startswith(self._others):
            return
        if not _is_import():
            self._tell(path, self._known, listed=False)

    def listed(self, path: Path | int | None = None) -> None:
        """A folder's entries are asked for; imports do so too, and are told by themselves."""
        path = "." if path is None else path
        if isinstance(path, int) or path in self._listed or _is_import():
            return
        self._tell(path, self._listed, listed=True)

    def moved(self, *_: object) -> None:
        """The working folder changes: a relative path is another file from now on."""
        self._known.clear()
        self._listed.clear()

    # Else ---------------------------------------------------------------------------------------

    def _tell(self, path: Path, known: set[object], *, listed: bool) -> None:
        if len(known) > _MOST:
            known.clear()
        known.add(path)
        try:
            full = os.path.abspath(os.fsdecode(path))
        except (TypeError, ValueError, OSError):
            return
        if full.startswith(self._others) or is_installed(full):
            return
        where = self._callers.place() or ""
        self._report(full, "" if is_installed(where) else where, listed)


def _is_import() -> bool:
    """Whether an import asks, or who looks for the metadata of packages."""
    frame = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename.startswith(_HERE):
        frame = frame.f_back  # type: ignore[assignment]
    return frame is not None and frame.f_code.co_filename.startswith(_IMPORTS)

"""Notices user code that reads files which its function does not have in a deployment.

`open`, `os.listdir`, `os.scandir`, SQLite databases and imports are seen, whoever calls them; looks
that open nothing (`os.stat`, `os.path.exists`) only with `strict`, where all of them fail as they
would there. Not seen: what C libraries open on their own, and programs that the code starts.

Runs inside the function instance: standard library only. It is imported only where a project has
such files, and files outside of the project are never looked at.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any

from .callers import Callers
from .left_out import LeftOut

type Path = str | bytes | os.PathLike[str]
type Report = Callable[[str, str, str, str, bool], None]

_MOST = 5
"""Files of which one rule is told; who leaves out a folder of templates knows after these."""
_PUT_THERE = (".env", ".sesskey")
"""Files that tools look for and don't need, or that the build puts there."""


class Reads:
    """Watches for reads of files that `left_out` names.

    `root` is a real path; below `others` (libraries) nothing is looked at.
    `report(what, path, where, why, refused)` is called once for each file.
    """

    def __init__(
        self,
        root: str,
        left_out: LeftOut,
        report: Report,
        *,
        strict: bool = False,
        others: Iterable[str] = (),
    ) -> None:
        self._root = os.path.join(os.path.realpath(root), "")
        self._left_out = left_out
        self._report = report
        self._strict = strict
        self._others = (os.path.join(self._root, ".vercel", ""), *others)
        self._callers = Callers(self._root)
        self._reported: dict[str, set[str]] = {}
        self._stat = os.stat

    # Audit events; each may raise what a deployment would. ----------------------------------------

    def opened(self, path: Path | int) -> None:
        """A file is opened for reading."""
        file = self._inside(path)
        why = self._left_out.why(file) if file else ""
        if why and self._is_there(file) and self._fails("opens", file, why):
            raise _not_there(path)

    def listed(self, path: Path | int | None = None) -> None:
        """A folder's entries are asked for. Libraries do so to find out what there is."""
        file = self._inside("." if path is None else path)
        why = self._left_out.why_folder(file) if file else ""
        is_told = why and self._is_there(file) and self._callers.is_users_own()
        if is_told and self._fails("lists", file, why):
            raise _not_there(path)

    def database_fails(self, path: str) -> bool:
        """A database that exists is opened; whether that has to fail."""
        file = self._inside(path)
        why = self._left_out.why(file) if file else ""
        return bool(why) and self._is_there(file) and self._fails("opens", file, why)

    # Else ---------------------------------------------------------------------------------------

    def imported(self, name: str, path: str) -> None:
        """A module of the project's own is about to be read."""
        file = self._inside(path)
        why = self._left_out.why(file) if file else ""
        if why:
            self._tell("imports", file, self._callers.users_line(), why)
            if self._strict:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    def hide(self) -> None:
        """With `strict`, `os.stat` knows nothing of such files, so `exists()` says no."""
        if not self._strict:
            return
        original = os.stat

        def stat(path: Any, *arguments: Any, **options: Any) -> os.stat_result:
            file = self._inside(path)
            why = file and (self._left_out.why(file) or self._left_out.why_folder(file))
            asked = why and self._is_there(file) and not self._callers.is_guest(sys._getframe(1))
            if asked and self._fails("looks for", file, why):
                raise _not_there(path)
            return original(path, *arguments, **options)

        for able in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks):
            if original in able:
                able.add(stat)
        os.stat = stat

    # Decisions -----------------------------------------------------------------------------------

    def _inside(self, path: Path | int | None) -> str:
        """The path relative to the root, or nothing where it lies elsewhere."""
        if isinstance(path, int) or path is None:
            return ""
        try:
            full = path if isinstance(path, str) else os.fsdecode(path)
        except TypeError:
            return ""
        if not full.startswith("/"):
            full = os.path.abspath(full)
        if not full.startswith(self._root) or full.startswith(self._others):
            return ""
        if "/." in full or "//" in full:
            full = os.path.normpath(full)
            if not full.startswith(self._root) or full.startswith(self._others):
                return ""
        file = full[len(self._root) :].rstrip("/")
        is_metadata = ".egg-info/" in file or ".dist-info/" in file
        is_put_there = file.rpartition("/")[2].startswith(_PUT_THERE)
        return "" if is_metadata or is_put_there else file

    def _is_there(self, file: str) -> bool:
        """The kernel's own errors come first: what isn't there, is told as such."""
        try:
            self._stat(self._root + file)
        except (OSError, ValueError):
            return False
        return True

    def _fails(self, what: str, file: str, why: str) -> bool:
        """Report it; whether it has to fail. A tool's doing is nobody's fault."""
        where = self._callers.place()
        if where is None:
            return False
        self._tell(what, file, where, why)
        return self._strict

    def _tell(self, what: str, file: str, where: str, why: str) -> None:
        told = self._reported.setdefault(why, set())
        if file not in told and len(told) < _MOST:
            told.add(file)
            self._report(what, file, where, why, self._strict)


def _not_there(path: Path | int | None) -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)

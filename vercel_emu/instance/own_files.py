"""Which of the user's files a function is made of, so that a save concerns no other function."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from pathlib import Path

from vercel_emu.project.model import Entrypoint


class OwnFiles:
    """The Python files that a function's instances have imported, told as they import them.

    `alone` is the function that is a whole project: everything concerns it.
    """

    def __init__(self, root: Path, entrypoint: Entrypoint, *, alone: bool) -> None:
        self._root = os.path.realpath(root)
        self._alone = alone
        self._entrypoint = entrypoint.file
        self._imported: set[str] = set()

    def add(self, path: str) -> None:
        """An instance is about to run this file."""
        self._imported.add(os.path.realpath(path))

    def concern(self, files: Iterable[str], appeared: Collection[str], *, failed: bool) -> bool:
        """Whether a change of `files` (relative) may change what the function does.

        A file that is not Python may have been read by anything. One that came or went may be what
        an import found or did not find, but another function's file is only that: it concerns those
        that imported it, and those that could not start for the want of it.
        """
        return any(self._concerns(file, file in appeared, failed) for file in files)

    def _concerns(self, file: str, appeared: bool, failed: bool) -> bool:
        if self._alone or file == self._entrypoint or not file.endswith(".py"):
            return True
        if os.path.realpath(Path(self._root, file)) in self._imported:
            return True
        return appeared and (failed or not file.startswith("api/"))

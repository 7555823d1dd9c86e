"""The watched part of the file system at one moment: which folders and files, in which state.

Reads directories; decides nothing but through `Rules`.
"""

# Paths come and go as text here, by the thousand.
# ruff: noqa: PTH110, PTH112, PTH114, PTH116, PTH120
from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vercel_emu.watching.rules import ENVIRONMENT_MARK, IGNORE_FILES, Rules, ignore_lines

type Stamp = tuple[int, int, int]
"""Modification time (ns), size, inode: equal exactly if a file was not written in between."""

MAX_DEPTH = 40


def stamp(path: str) -> Stamp | None:
    """The state of a file, links followed; None where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino)


@dataclass(slots=True)
class Tree:
    """Folders and files below `root`, as absolute paths."""

    folders: set[str] = field(default_factory=set)
    files: dict[str, Stamp] = field(default_factory=dict)
    linked: dict[str, set[str]] = field(default_factory=dict)
    """Folders elsewhere that hold the targets of linked files -> those files' paths here."""


class Reader:
    """Reads trees of one project. `extra` are the paths of `--watch`, anywhere.

    `kept` folders are watched whatever git ignores.
    """

    def __init__(
        self,
        root: Path,
        ignore: tuple[str, ...],
        extra: tuple[Path, ...] = (),
        kept: tuple[str, ...] = (),
    ) -> None:
        self.root = str(root)
        self.extra = tuple(str(path.absolute()) for path in extra)
        self._ignore = ignore
        self._kept = kept
        self._ignore_files: dict[str, tuple[str, ...]] = {}
        self.rules = Rules(ignore, kept=kept)

    def relative(self, path: str) -> str:
        """The path as a person reads it: relative to the project where it lies in there."""
        inside = path.removeprefix(self.root + os.sep)
        return inside.replace(os.sep, "/")

    def skips(self, path: str) -> bool:
        """Whether a file at `path`, found in a watched folder, is of no interest."""
        return self.rules.skips_file(self.relative(path)) and path not in self.extra

    def read(self) -> Tree:
        """The whole tree; the ignore files are read anew."""
        self._ignore_files = {}
        self.rules = Rules(self._ignore, kept=self._kept)
        tree = Tree()
        self.add(self.root, tree)
        for path in self.extra:
            if os.path.isdir(path):
                self.add(path, tree)
            else:
                self._add_file(path, tree)
                tree.folders.add(os.path.dirname(path))
        return tree

    def add(
        self, folder: str, tree: Tree, depth: int = 0, above: frozenset[str] = frozenset()
    ) -> None:
        """Add a folder with everything below it that is watched."""
        real = os.path.realpath(folder)
        if depth > MAX_DEPTH or real in above or os.path.exists(f"{folder}/{ENVIRONMENT_MARK}"):
            return
        tree.folders.add(folder)
        above |= {real}
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            listed = list(entries)
            self._read_ignore_files(folder, {entry.name for entry in listed})
            for entry in listed:
                if entry.is_dir():
                    if not self.rules.skips_folder(self.relative(entry.path)):
                        self.add(entry.path, tree, depth + 1, above)
                elif not self.skips(entry.path):
                    self._add_file(entry.path, tree)

    def _add_file(self, path: str, tree: Tree) -> None:
        state = stamp(path)
        if state is not None:
            tree.files[path] = state
        note_link(path, tree)

    def _read_ignore_files(self, folder: str, names: set[str]) -> None:
        texts = list(_texts(folder, names))
        if texts:
            relative = "" if folder == self.root else self.relative(folder)
            self._ignore_files[relative] = ignore_lines(texts)
            self.rules = Rules(self._ignore, self._ignore_files, self._kept)


def _texts(folder: str, names: set[str]) -> Iterator[str]:
    for name in IGNORE_FILES:
        if name in names:
            with contextlib.suppress(OSError):
                yield Path(folder, name).read_text(encoding="utf-8", errors="replace")


def note_link(path: str, tree: Tree) -> None:
    """Remember where a linked file's target is."""
    if os.path.islink(path):
        target = os.path.realpath(path)
        tree.linked.setdefault(os.path.dirname(target), set()).add(path)


def differences(before: Mapping[str, Stamp], after: Mapping[str, Stamp]) -> set[str]:
    """Paths whose state differs between two readings."""
    return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}

"""The watched part of the file system at one moment: which folders and files, in which state.

Reads directories; decides nothing but through `Rules`.
"""

# Paths come and go as text here, by the thousand.
# ruff: noqa: PTH112, PTH114, PTH116, PTH120
from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from vercel_emu.files.reading import read_text
from vercel_emu.files.walking import Allowance, Folder, Follow, Link, Walk, is_environment
from vercel_emu.watching.rules import IGNORE_FILES, Rules, ignore_lines

type Stamp = tuple[int, int, int]
"""Modification time (ns), size, inode: equal exactly if a file was not written in between."""


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
    links: set[str] = field(default_factory=set)
    """Links to folders. What lies behind one has this path, unless it has one without links."""
    too_large: dict[str, str] = field(default_factory=dict)
    """Links out of the project with too much behind them to be watched -> where they lead."""

    def add(self, other: Tree) -> None:
        """Have what `other` has too."""
        self.folders |= other.folders
        self.files |= other.files
        self.links |= other.links
        self.too_large |= other.too_large
        for folder, links in other.linked.items():
            self.linked.setdefault(folder, set()).update(links)


class Reader:
    """Reads trees of one project, in any thread.

    `extra` are the paths of `--watch`, anywhere, read whole. What lies at `beside`, and behind a
    link out of the project, is read as far as `allowance` goes. `kept` folders are watched whatever
    git ignores.
    """

    def __init__(
        self,
        root: Path,
        ignore: tuple[str, ...],
        extra: tuple[Path, ...] = (),
        kept: tuple[str, ...] = (),
        *,
        beside: tuple[Path, ...] = (),
        allowance: Allowance | None = None,
    ) -> None:
        self.root = str(root)
        self.extra = tuple(str(path.absolute()) for path in extra)
        self.beside = tuple(str(path.absolute()) for path in beside)
        self._allowance = allowance or Allowance()
        self.followed: frozenset[str] = frozenset()
        """Single files that are watched wherever they lie, and whatever git ignores."""
        self._stopped = False
        self.rules = Rules(ignore, kept=kept)

    def relative(self, path: str) -> str:
        """The path as a person reads it: relative to the project where it lies in there."""
        inside = path.removeprefix(self.root + os.sep)
        return inside.replace(os.sep, "/")

    def skips(self, path: str) -> bool:
        """Whether a file at `path`, found in a watched folder, is of no interest."""
        return path not in self.followed and self._skips(path, self.rules)

    def stop(self) -> None:
        """End a reading that goes on in another thread, and let no other begin."""
        self._stopped = True

    def read(self) -> Tree:
        """The whole tree; the ignore files are read anew."""
        tree, rules = self._walk(self.root, self.root, replace(self.rules, ignore_files={}))
        for path in self.extra:
            if os.path.isdir(path):
                found, rules = self._walk(path, path, rules)
                tree.add(found)
            else:
                _add_file(path, tree)
                tree.folders.add(os.path.dirname(path))
        for path in self.beside:
            found, rules = self._walk(path, self.root, rules)
            tree.add(found)
        for path in self.followed - tree.files.keys():
            _add_file(path, tree)
        self.rules = rules
        return tree

    def read_folder(self, folder: str) -> Tree:
        """A folder with everything below it that is watched; its links to folders only by name."""
        tree, self.rules = self._walk(folder, folder, self.rules, Follow.NONE)
        return tree

    def _walk(
        self, top: str, inside: str, rules: Rules, follow: Follow = Follow.BOUNDED
    ) -> tuple[Tree, Rules]:
        """What is at and below `top`, and the rules with those of the folders on the way."""

        def enters(path: str) -> bool:
            if path in self.extra or rules.skips_folder(self.relative(path)):
                return False
            return not is_environment(path)

        walk = Walk(
            top,
            enters=enters,
            follow=follow,
            inside=inside,
            allowance=self._allowance,
            stopped=lambda: self._stopped,
        )
        parts: dict[Link | None, Tree] = {None: Tree()}
        for folder in walk:
            tree = parts.setdefault(folder.link, Tree())
            tree.folders.add(folder.path)
            if lines := _ignore_lines(folder):
                name = "" if folder.path == self.root else self.relative(folder.path)
                rules = replace(rules, ignore_files={**rules.ignore_files, name: lines})
            for entry in folder.files():
                if not self._skips(entry.path, rules):
                    _add_file(entry.path, tree)
        whole = Tree(links=walk.links, too_large={one.path: one.real for one in walk.too_large})
        for link, tree in parts.items():
            if link is None or not link.is_void:
                whole.add(tree)
        return whole, rules

    def _skips(self, path: str, rules: Rules) -> bool:
        return rules.skips_file(self.relative(path)) and path not in self.extra


def _ignore_lines(folder: Folder) -> tuple[str, ...]:
    texts = []
    for entry in folder.entries:
        if entry.name in IGNORE_FILES:
            with contextlib.suppress(OSError):
                texts.append(read_text(Path(entry.path), encoding="utf-8", errors="replace"))
    return ignore_lines(texts)


def _add_file(path: str, tree: Tree) -> None:
    state = stamp(path)
    if state is not None:
        tree.files[path] = state
    note_link(path, tree)


def note_link(path: str, tree: Tree) -> None:
    """Remember where a linked file's target is."""
    if os.path.islink(path):
        target = os.path.realpath(path)
        tree.linked.setdefault(os.path.dirname(target), set()).add(path)


def differences(before: Mapping[str, Stamp], after: Mapping[str, Stamp]) -> set[str]:
    """Paths whose state differs between two readings."""
    return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}

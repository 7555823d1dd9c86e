"""Go through a folder, each real folder once, whatever its links lead to.

Folders come before links, so that a file has the path that it has without them. A link out of the
tree is followed only if the caller says so, and then as far as an allowance goes: `ln -s / all` is
one link, and half the machine.
"""

# Paths come and go as text here, by the thousand.
from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto

MOST_TOO_LARGE = 8
"""After so many links that were too large, further ones out of the tree are not tried."""


class Follow(Enum):
    """Which links to folders are followed."""

    NONE = auto()
    INSIDE = auto()
    BOUNDED = auto()
    """Those inside, and those that lead out as far as the allowance goes."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What may lie behind one link out of the tree."""

    folders: int = 2_000
    files: int = 20_000


@dataclass(slots=True, eq=False)
class Link:
    """A link that leads out of the tree, with what has been met behind it."""

    path: str
    real: str
    via: Link | None = None
    folders: int = 0
    entries: int = 0
    too_large: bool = False
    met: set[str] = field(default_factory=set)

    @property
    def is_void(self) -> bool:
        """Nothing that was met behind it counts."""
        return self.too_large or (self.via is not None and self.via.is_void)


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder on the way, as it was reached and without links.

    `link` is the one out of the tree that it lies behind.
    """

    path: str
    real: str
    entries: list[os.DirEntry[str]]
    link: Link | None = None

    def files(self) -> Iterator[os.DirEntry[str]]:
        """The entries that are no folders and no links to folders."""
        return (entry for entry in self.entries if not is_folder(entry))


class Walk:
    """Iterate over the folders at and below `top`.

    `enters` is asked for the path of each folder and link to one, after the folder that holds it
    was given out. A path out of `inside` (`top`, unless given) has the allowance, `top` included.
    Once `stopped` says so, the walk ends.
    """

    def __init__(
        self,
        top: str,
        *,
        enters: Callable[[str], bool] = lambda _: True,
        follow: Follow = Follow.NONE,
        inside: str | None = None,
        allowance: Allowance | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self.too_large: list[Link] = []
        """Links with more behind them than the allowance; ask the folders' links (`is_void`)."""
        self.links: set[str] = set()
        """Every link to a folder that was met, followed or not."""
        self.real = os.path.realpath(top)
        """Where `top` is without links."""
        self._top = top
        self._inside = os.path.realpath(inside or top)
        self._enters = enters
        self._follow = follow
        self._allowance = allowance or Allowance()
        self._stopped = stopped
        self._met: set[str] = set()
        self._pending: list[tuple[str, str, Link | None]] = []
        self._links_ahead: deque[tuple[str, Link | None]] = deque()

    def __iter__(self) -> Iterator[Folder]:
        self._start()
        while not self._stopped():
            if self._pending:
                path, real, link = self._pending.pop()
            elif self._links_ahead:
                self._follow_link(*self._links_ahead.popleft())
                continue
            else:
                return
            if link is not None and link.is_void:
                continue
            entries = _entries(path, self._allowance.files + 1 if link is not None else None)
            if link is not None and not self._is_allowed(link, len(entries)):
                continue
            yield Folder(path, real, entries, link)
            self._plan(entries, real, link)

    def _start(self) -> None:
        link = None if is_within(self.real, self._inside) else Link(self._top, self.real)
        self._enter(self._top, self.real, link)

    def _enter(self, path: str, real: str, link: Link | None) -> None:
        if real not in self._met:
            self._met.add(real)
            if link is not None:
                link.met.add(real)
            self._pending.append((path, real, link))

    def _plan(self, entries: list[os.DirEntry[str]], real: str, link: Link | None) -> None:
        folders = [one for one in entries if is_folder(one) and self._enters(one.path)]
        links = [one.path for one in folders if one.is_symlink()]
        self.links.update(links)
        if self._follow is not Follow.NONE:
            self._links_ahead.extend((path, link) for path in links)
        for entry in reversed(folders):  # the last one in is the first one out
            if not entry.is_symlink():
                self._enter(entry.path, os.path.join(real, entry.name), link)  # noqa: PTH118

    def _follow_link(self, path: str, via: Link | None) -> None:
        if via is not None and via.is_void:
            return
        real = os.path.realpath(path)
        if real in self._met:
            return
        if is_within(real, self._inside) or (via is not None and is_within(real, via.real)):
            self._enter(path, real, via)
        elif self._follow is Follow.BOUNDED:
            link = Link(path, real, via)
            known = any(is_within(one.real, real) for one in self.too_large)
            if known or len(self.too_large) >= MOST_TOO_LARGE:
                self._refuse(link)
            else:
                self._enter(path, real, link)

    def _is_allowed(self, link: Link, entries: int) -> bool:
        link.folders += 1
        link.entries += entries
        if link.folders > self._allowance.folders or link.entries > self._allowance.files:
            self._refuse(link)
        return not link.too_large

    def _refuse(self, link: Link) -> None:
        link.too_large = True
        self.too_large.append(link)
        # Another link may lead to a small part of it.
        self._met -= link.met


def is_within(path: str, folder: str) -> bool:
    """Whether `path` is `folder` or lies in it, both without links."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def is_environment(folder: str) -> bool:
    """Whether a folder is a virtual environment, whatever its name."""
    return os.path.exists(f"{folder}/pyvenv.cfg")  # noqa: PTH110 - an unreadable folder is none


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a folder or a link to one; a link in a circle is none."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _entries(folder: str, most: int | None) -> list[os.DirEntry[str]]:
    """What a folder holds, sorted; nothing where it can't be read."""
    try:
        with os.scandir(folder) as entries:
            return sorted(itertools.islice(entries, most), key=lambda entry: entry.name)
    except OSError:
        return []

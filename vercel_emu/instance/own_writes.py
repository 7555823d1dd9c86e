"""What the app writes itself while it serves: that is no save.

An instance tells of each write before it begins, and of nothing when it ends. So what a file's news
mean follows from how many writes were begun, and how many of them the process still has open; a
person's later save of the same file is a save.
"""

# Paths come as text from the processes and from the watcher.
# ruff: noqa: PTH112, PTH115, PTH118, PTH208
from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

from vercel_emu.guest import family
from vercel_emu.instance.process.ipc import WrotePayload

type Stamp = tuple[int, ...]
"""Modification time (ns), size, inode."""

NEWS_SECONDS = 1.0
"""Seconds in which the news of a write that was begun, and is not open, must have come."""


@dataclass(slots=True)
class _Written:
    """Writes of one path whose news are still to come."""

    opened: int = 0
    made: Stamp = ()
    gone: bool = False
    folder: bool = False
    at: float = 0.0
    pids: set[int] = field(default_factory=set)


class OwnWrites:
    """The writes of all instances of a project.

    `held(path, pids)` says how often these processes have the file open for writing, None where
    the system doesn't tell.
    """

    def __init__(
        self,
        held: Callable[[str, Collection[int]], int | None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        later: Callable[[float, Callable[[], None]], object] | None = None,
    ) -> None:
        self._held = held or times_open
        self._clock = clock
        self._later = later or _later
        self._written: dict[str, _Written] = {}
        self._databases: set[str] = set()
        self.look: Callable[[], None] = lambda: None
        """Has the watcher tell at once what is known by now."""
        self.on_begun: Callable[[], None] = lambda: None
        """Told of each write: its news may have been read before."""

    def begun(self, pid: int, write: WrotePayload) -> None:
        """A process is about to write."""
        if write.how == "database":
            self._databases.add(write.path)
            return
        if not self._written:
            self._later(NEWS_SECONDS, self._forget_old)
        one = self._written.setdefault(write.path, _Written())
        one.at = self._clock()
        one.pids.add(pid)
        if write.how == "open":
            one.opened += 1
        elif write.how == "made":
            one.made = write.stamp
        else:
            one.gone = write.how == "gone" or one.gone
            one.folder = write.how == "folder" or one.folder
        self.on_begun()

    def explain(
        self, path: str, stamp: Stamp | None, *, half_made: bool = False, ends_only: bool = True
    ) -> bool:
        """Whether the news of `path`, whose state is `stamp` now, come from the app's own writing.

        `half_made` ones are still being written. With `ends_only` news come when a writer closes
        the file, else at any time while it writes.
        """
        if not self._written and not self._databases:
            return False
        return any(
            self._explains(one, stamp, half_made=half_made, ends_only=ends_only)
            for one in {path, _real_folder(path), os.path.realpath(path)}
        )

    def _explains(
        self, path: str, stamp: Stamp | None, *, half_made: bool, ends_only: bool
    ) -> bool:
        if path in self._databases:
            return True
        above = (self._written.get(str(folder)) for folder in Path(path).parents)
        if any(one is not None and one.folder for one in above):
            return True
        one = self._written.get(path)
        if one is None:
            return False
        if (stamp is None and one.gone) or (stamp is not None and stamp == one.made):
            return True
        if not one.opened:
            return False
        held = self._held(path, one.pids)
        if held is None:
            return self._clock() - one.at < NEWS_SECONDS
        if half_made or (held and not ends_only):
            return True
        if held >= one.opened:
            return False
        # News of several ends come as one, unless the last write has only been announced.
        one.opened = held + (one.opened - held > 1)
        return True

    def ended(self, pid: int) -> None:
        """An invocation of this process answers or has ended, and so have most of its writes."""
        if not self._written:
            return
        self.look()
        for path, one in list(self._written.items()):
            if pid in one.pids and one.opened:
                held = self._held(path, one.pids)
                if held is not None:
                    one.opened = held
                self._forget(path, one)

    def _forget_old(self) -> None:
        """Writes that failed, or of files that nobody watches."""
        before = self._clock() - NEWS_SECONDS / 2
        for path, one in list(self._written.items()):
            if one.at < before:
                one.made, one.gone, one.folder = (), False, False
                one.opened = self._held(path, one.pids) or 0
                self._forget(path, one)
        if self._written:
            self._later(NEWS_SECONDS, self._forget_old)

    def _forget(self, path: str, one: _Written) -> None:
        if not (one.opened or one.made or one.gone or one.folder):
            del self._written[path]


def _later(seconds: float, work: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(seconds, work)


def _real_folder(path: str) -> str:
    head, tail = os.path.split(path)
    return os.path.join(os.path.realpath(head), tail)


def times_open(path: str, pids: Collection[int]) -> int | None:
    """How often these processes, and what they started, have a file open for writing."""
    if not os.path.isdir("/proc/self/fdinfo"):
        return None
    count = 0
    for pid in {*pids, *(one for one, _ in family.descendants(pids))}:
        with contextlib.suppress(OSError):
            for number in os.listdir(f"/proc/{pid}/fd"):
                with contextlib.suppress(OSError):
                    if os.readlink(f"/proc/{pid}/fd/{number}") == path:
                        count += _is_for_writing(pid, number)
    return count


def _is_for_writing(pid: int, number: str) -> bool:
    text = Path(f"/proc/{pid}/fdinfo/{number}").read_text()
    flags = next(line for line in text.splitlines() if line.startswith("flags:"))
    return int(flags.split()[1], 8) & os.O_ACCMODE != os.O_RDONLY

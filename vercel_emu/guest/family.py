"""Processes that user code started and that left its group, found where Linux tells of them.

Used on both sides: by the emulator when it ends, and inside the instance when the emulator is gone.
Standard library only. Elsewhere than on Linux nothing is found.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterable, Iterator

MARK = "VERCEL_IPC_PATH="
"""Every process that an instance starts inherits this variable, which names the instance."""

type Member = tuple[int, bytes]
"""A process's id and when it started: ids are given again."""


def descendants(pids: Iterable[int]) -> list[Member]:
    """What these processes started, and so on."""
    found: list[Member] = []
    waiting = list(pids)
    while waiting:
        for child in _children(waiting.pop()):
            if (since := started(child)) is not None:
                found.append((child, since))
                waiting.append(child)
    return found


def marked(value: str) -> list[Member]:
    """The processes whose variable begins with `value`, and their descendants; never this one."""
    mark = b"\0" + os.fsencode(MARK + value)
    found = []
    for pid in map(int, filter(str.isdigit, _listed("/proc"))):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/environ", "rb") as file:
            if pid != os.getpid() and mark in b"\0" + file.read():
                found.append((pid, started(pid) or b""))
    return found + descendants([pid for pid, _ in found])


def end(members: Iterable[Member]) -> None:
    """SIGKILL for those that still are who they were."""
    for pid, since in members:
        if started(pid) == since:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)


def _children(pid: int) -> Iterator[int]:
    for thread in _listed(f"/proc/{pid}/task"):
        path = f"/proc/{pid}/task/{thread}/children"
        with contextlib.suppress(OSError), open(path, "rb") as file:
            yield from map(int, file.read().split())


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def started(pid: int) -> bytes | None:
    """When a process started, in ticks of the system's clock."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[19]
    except (OSError, IndexError):
        return None

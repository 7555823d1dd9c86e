"""Notices that packages were installed, upgraded or removed in the app's environment.

Looks at the names of the `.dist-info` folders once a second: a system call as long as nothing
changes, and no watching of thousands of folders.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path

SECONDS = 1.0

type Installed = frozenset[tuple[str, int]]


def installed(folders: Sequence[Path]) -> Installed:
    """Every installed distribution with the time it was installed."""
    found: set[tuple[str, int]] = set()
    for folder in folders:
        with contextlib.suppress(OSError):
            for entry in folder.iterdir():
                if entry.suffix == ".dist-info":
                    with contextlib.suppress(OSError):
                        found.add((entry.name, entry.stat().st_mtime_ns))
    return frozenset(found)


def _times(folders: Sequence[Path]) -> list[int]:
    times: list[int] = []
    for folder in folders:
        try:
            times.append(folder.stat().st_mtime_ns)
        except OSError:
            times.append(0)
    return times


async def watch_packages(folders: Sequence[Path], on_change: Callable[[], None]) -> None:
    """Call `on_change` after each finished installation, for ever."""
    known, times = installed(folders), _times(folders)
    while True:
        await asyncio.sleep(SECONDS)
        now = _times(folders)
        if now == times:
            continue
        # An installer is at work: wait until it has left the folder alone for a while.
        while now != times:
            times = now
            await asyncio.sleep(SECONDS)
            now = _times(folders)
        current = installed(folders)
        if current != known:
            known = current
            on_change()

"""Where news of changed files comes from: inotify, watchfiles, or looking again and again."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Protocol

from vercel_emu import tasks
from vercel_emu.watching.inotify import Inotify
from vercel_emu.watching.watcher import Watcher

POLL_SECONDS = 0.25
POLL_SHARE = 20
"""Polling rests this many times as long as it took to look."""


class Source(Protocol):
    """Feeds a watcher from `start` until it is closed."""

    ends_only: bool
    """Whether news of a file that is written come when its writer closes it, not before."""

    async def start(self) -> None:
        """Take the present state as known, and report what comes.

        Raises:
            OSError: the system's limits don't allow it.
        """

    def look(self) -> None:
        """Report what is known by now, at once; only inotify knows for certain."""

    async def close(self) -> None: ...


class InotifySource:
    """Linux: news are in our hands as soon as the saving program goes on."""

    ends_only = True

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._inotify = Inotify()
        self._watched: set[str] = set()
        self._loop = asyncio.get_running_loop()
        watcher.on_folders = self._add

    async def start(self) -> None:
        try:
            await self._watcher.begin()
        except BaseException:
            self._inotify.close()
            raise
        self._loop.add_reader(self._inotify.descriptor, self.look)

    def _add(self, folders: set[str]) -> None:
        for folder in sorted(folders):
            self._inotify.add(folder)

    def look(self) -> None:
        paths, unfinished, lost = self._inotify.read()
        if lost:
            self._watcher.notice_everything()
        elif paths:
            self._watcher.notice(paths, unfinished)

    async def close(self) -> None:
        self._loop.remove_reader(self._inotify.descriptor)
        self._inotify.close()


class WatchfilesSource:
    """macOS: the system's events through watchfiles, a few milliseconds after the save."""

    ends_only = False

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._stop = asyncio.Event()
        self._ready = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self._watcher.begin()
        self._task = tasks.start(self._run(), "watching")

    def look(self) -> None:
        """The events come on a thread; there is nothing to ask."""

    async def _run(self) -> None:
        from watchfiles import awatch

        reader = self._watcher.reader
        beside = (path for path in reader.beside if path not in self._watcher.tree.too_large)
        paths = (reader.root, *reader.extra, *beside)
        events = awatch(
            *paths,
            watch_filter=None,
            debounce=50,
            step=10,
            stop_event=self._stop,
            rust_timeout=1000,
        )
        async for changes in events:
            self._watcher.notice({path for _, path in changes})

    async def close(self) -> None:
        self._stop.set()
        if self._task is not None:
            await self._task


class PollingSource:
    """Any file system: compares the tree with what it was, in a thread, as often as is cheap."""

    ends_only = False

    def __init__(self, watcher: Watcher, seconds: float = POLL_SECONDS) -> None:
        self._watcher = watcher
        self._seconds = seconds
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self._watcher.begin()
        self._task = tasks.start(self._run(), "watching")

    def look(self) -> None:
        """Looking takes too long to do it for a request."""

    async def _run(self) -> None:
        rest = self._seconds
        while True:
            await asyncio.sleep(rest)
            started = time.monotonic()
            now = await asyncio.to_thread(self._watcher.reader.read)
            rest = max(self._seconds, POLL_SHARE * (time.monotonic() - started))
            self._watcher.compare(now)

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task


async def start_source(
    watcher: Watcher, *, poll: bool, on_limit: Callable[[OSError], None]
) -> Source:
    """The best source here; `on_limit` is told where inotify's limits force us to poll."""
    source: Source
    if poll:
        source = PollingSource(watcher)
    elif not Inotify.available():
        source = WatchfilesSource(watcher)
    else:
        try:
            source = InotifySource(watcher)
            await source.start()
        except OSError as error:
            watcher.on_folders = lambda _: None
            on_limit(error)
            source = PollingSource(watcher)
        else:
            return source
    await source.start()
    return source

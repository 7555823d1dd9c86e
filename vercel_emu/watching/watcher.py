"""Turns news of single paths into changes that are complete: seen at once, told when settled."""

# Paths come and go as text here, by the thousand.
# ruff: noqa: PTH110, PTH112, PTH114, PTH116, PTH118, PTH120
from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace

from vercel_emu.tasks import TaskSet
from vercel_emu.watching.rules import IGNORE_FILES
from vercel_emu.watching.settling import LONGEST, Pending, seconds_of_quiet
from vercel_emu.watching.tree import Reader, Stamp, Tree, differences, note_link, stamp

ROOT_SECONDS = 0.25
"""How often it is looked whether the project's folder is where it was."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A settled change: files as a person reads them; `appeared` were created or deleted."""

    files: tuple[str, ...]
    appeared: frozenset[str] = frozenset()


class Watcher:
    """What the sources report, compared with what is known of each file.

    Folders are read in another thread; requests are served meanwhile, or wait for what comes of it.
    `on_seen` is called at the first sign of a change, `on_settled` once when it is complete; with
    None if nothing had changed after all.
    """

    def __init__(
        self,
        reader: Reader,
        on_seen: Callable[[], None],
        on_settled: Callable[[Saved | None], None],
    ) -> None:
        self.reader = reader
        self.tree = Tree()
        self.on_folders: Callable[[set[str]], None] = lambda _: None
        """Told of new folders, for sources that watch each of them."""
        self.on_too_large: Callable[[str, str], None] = lambda *_: None
        """Told once of each link that is not followed, and where it leads."""
        self.on_root: Callable[[bool], None] = lambda _: None
        """Told that the project's folder is gone, and that it is back."""
        self.is_own: Callable[[str, Stamp | None, bool], bool] = lambda *_: False
        """Asked of each path, its state, and whether it is half made: did the app write it?"""
        self.on_own: Callable[[str], None] = lambda _: None
        """Told of each file that the app itself has made or removed."""
        self._on_seen = on_seen
        self._on_settled = on_settled
        self._pending: dict[str, Stamp | None] = {}
        self._unfinished: set[str] = set()
        self._first = self._last = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._git_lock = os.path.join(reader.root, ".git", "index.lock")
        self._unread: set[str] = set()
        self._tasks = TaskSet("watching")
        self._reading: asyncio.Task[None] | None = None
        self._root = _identity(reader.root)
        self._closed = False

    async def begin(self) -> None:
        """Take the present state as known."""
        tree = await asyncio.to_thread(self.reader.read)
        self.tree.files = tree.files
        self._adopt(tree)
        self._tasks.start(self._guard_root(), "the project's folder")

    async def close(self) -> None:
        """Tell nothing any more."""
        self._closed = True
        self.reader.stop()
        self._forget_timer()
        await self._tasks.cancel()

    def follow(self, path: str, before: Stamp | tuple[int, ...] = ()) -> None:
        """Watch a single file, whatever is ignored; `before` is the state that somebody has read.

        Raises:
            OSError: the system's limits don't allow it.
        """
        if path in self.tree.files or path in self.reader.followed:
            return
        self.reader.followed |= {path}
        new = Tree()
        note_link(path, new)
        self.tree.linked |= new.linked
        self.on_folders({os.path.dirname(path), *new.linked})
        state = stamp(path)
        if state is not None:
            self.tree.files[path] = state
        if state != before and before:
            self.tree.files[path] = (before[0], before[1], before[2])
            self.notice([path])

    # What sources report -----------------------------------------------------------------------

    def notice(self, paths: Iterable[str], unfinished: Iterable[str] = ()) -> None:
        """There is news of these paths; `unfinished` ones are still open for writing."""
        if not self._root_is_there():
            return
        found: set[str] = set()
        for path in paths:
            self._resolve(path, found)
        half_made = {path for path in found & set(unfinished) if not os.path.islink(path)}
        self._note(found, half_made)
        if self._unread and self._reading is None:
            self._reading = self._tasks.start(self._read(), "reading folders")
            self._seen()

    def _note(self, files: Iterable[str], half_made: Collection[str] = ()) -> None:
        """Something may have happened to these files."""
        news = False
        for path in files:
            state = stamp(path)
            if path not in half_made and state == self.tree.files.get(path):
                # Opened for writing and not written, or back to what it was: nothing to wait for.
                self._pending.pop(path, None)
                self._unfinished.discard(path)
                continue
            if path not in self._pending and self._adopt_own(path, state, path in half_made):
                continue
            was_half_made = path in self._unfinished
            (self._unfinished.add if path in half_made else self._unfinished.discard)(path)
            if (self._pending.get(path, ()), was_half_made) != (state, path in half_made):
                self._pending[path] = state
                news = True
        if news:
            self._seen()

    def _adopt_own(self, path: str, state: Stamp | None, half_made: bool = False) -> bool:
        """Take what the app itself has written as known; False if it was somebody else."""
        if not self.is_own(path, state, half_made):
            return False
        if half_made:
            return True
        appeared = (path in self.tree.files) != (state is not None)
        if state is None:
            self.tree.files.pop(path, None)
        else:
            self.tree.files[path] = state
        if appeared:
            self.on_own(self.reader.relative(path))
        return True

    def reconsider(self) -> None:
        """The app has told of a write: what is pending may be that."""
        for path in list(self._pending):
            if self._adopt_own(path, stamp(path), path in self._unfinished):
                del self._pending[path]
                self._unfinished.discard(path)
        if not self._pending and self._reading is None and self._forget_timer():
            self._on_settled(None)

    def notice_everything(self) -> None:
        """News was lost: compare the whole tree."""
        self._unread.add(self.reader.root)
        self.notice(())

    def compare(self, now: Tree) -> None:
        """The whole tree was read anew."""
        if self._root_is_there():
            self._adopt(now)
            self.tree.folders, self.tree.links = now.folders, now.links
            self.tree.too_large = now.too_large
            self._note(differences(self.tree.files, now.files))

    def _resolve(self, path: str, found: set[str]) -> None:
        """Collect the files that news of `path` may concern, and the folders to read for it."""
        folder, name = os.path.split(path)
        if links := self.tree.linked.get(folder):
            found.update(link for link in links if os.path.realpath(link) == path)
        if path in self.reader.followed:
            found.add(path)
            return
        if folder not in self.tree.folders and path not in self.tree.folders:
            return
        if os.path.isdir(path):
            if not self.reader.rules.skips_folder(self.reader.relative(path)):
                found.update(file for file in self.tree.files if _within(file, path))
                # A link may lead to what is known already; only a whole reading tells.
                self._unread.add(self.reader.root if os.path.islink(path) else path)
        elif path in self.tree.folders:
            if any(_within(link, path) for link in self.tree.links):
                # What was reached by a link that has gone may be behind another one.
                self._unread.add(self.reader.root)
            self.tree.folders = {f for f in self.tree.folders if not _within(f, path)}
            found.update(file for file in self.tree.files if _within(file, path))
        elif not self.reader.skips(path):
            found.add(path)
            self._follow_link(path)
            if name in IGNORE_FILES:
                self._unread.add(self.reader.root)

    def _follow_link(self, path: str) -> None:
        new = Tree()
        note_link(path, new)
        if new.linked:
            self._adopt(new)

    # Reading folders ---------------------------------------------------------------------------

    async def _read(self) -> None:
        """Read the folders that are new, or that came here by renaming, with what is in them."""
        try:
            while self._unread:
                unread, self._unread = self._unread, set()
                if self.reader.root in unread:
                    await self._read_all()
                else:
                    for folder in sorted(unread):
                        await self._read_folder(folder)
        finally:
            self._reading = None
            if self._timer is not None:
                self._schedule()

    async def _read_folder(self, folder: str) -> None:
        known: set[str] = set()
        while True:
            new = await asyncio.to_thread(self.reader.read_folder, folder)
            # What is made in a folder before it is watched is found by reading it once more.
            self._adopt(new)
            self._note(new.files)
            if new.links:
                self._unread.add(self.reader.root)
            if new.folders <= known:
                break
            known |= new.folders

    async def _read_all(self) -> None:
        while True:
            new = await asyncio.to_thread(self.reader.read)
            before = set(self.tree.folders)
            self.compare(new)
            if new.folders <= before:
                break

    def _adopt(self, new: Tree) -> None:
        for link in new.too_large.keys() - self.tree.too_large.keys():
            self.on_too_large(link, new.too_large[link])
        self.tree.add(replace(new, files={}))
        self.on_folders(new.folders | new.linked.keys())

    # The project's folder itself ---------------------------------------------------------------

    def _root_is_there(self) -> bool:
        """Whether it is; where it has just gone, everybody is told, and waits until it is back."""
        if self._root is not None and _identity(self.reader.root) is None:
            self._root = None
            self._pending, self._unfinished = {}, set()
            self._unread.clear()
            if self._forget_timer():
                self._on_settled(None)
            self.on_root(False)
        return self._root is not None

    async def _guard_root(self) -> None:
        while True:
            await asyncio.sleep(ROOT_SECONDS)
            now = _identity(self.reader.root)
            if now is None:
                self._root_is_there()
            elif now != self._root:
                # It is back, or another one is in its place: nothing of it is watched any more.
                self._root = now
                self.on_root(True)
                self.notice_everything()

    # Settling ----------------------------------------------------------------------------------

    def _seen(self) -> None:
        if self._closed:
            return
        now = self._loop.time()
        if self._timer is None:
            self._first = now
            self._on_seen()
        self._last = now
        self._schedule()

    def _forget_timer(self) -> bool:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        return timer is not None

    def _schedule(self) -> None:
        self._forget_timer()
        self._timer = self._loop.call_at(self._due(), self._consider)

    def _consider(self) -> None:
        """Act, unless more is to come."""
        if self._due() > self._loop.time() + 0.001:
            self._schedule()
        else:
            self._timer = None
            self._on_settled(self._take())

    def _due(self) -> float:
        latest = self._first + LONGEST
        if self._reading is not None:
            return latest
        return min(self._last + seconds_of_quiet(self._state()), latest)

    def _state(self) -> Pending:
        exists = {path: stamp(path) is not None for path in self._pending}
        known = self.tree.files
        return Pending(
            changed=len(self._pending),
            vanished=sum(not there and path in known for path, there in exists.items()),
            unfinished=len(self._unfinished),
            git_is_busy=os.path.exists(self._git_lock),
        )

    def _take(self) -> Saved | None:
        """Make the present state the known one; what differed from it before."""
        changed: list[str] = []
        appeared: set[str] = set()
        for path in self._pending:
            before: Stamp | None = self.tree.files.get(path)
            now = stamp(path)
            if now == before or self._adopt_own(path, now):
                continue
            name = self.reader.relative(path)
            changed.append(name)
            if before is None or now is None:
                appeared.add(name)
            if now is None:
                del self.tree.files[path]
            else:
                self.tree.files[path] = now
        self._pending, self._unfinished = {}, set()
        return Saved(tuple(sorted(changed)), frozenset(appeared)) if changed else None


def _identity(folder: str) -> tuple[int, int] | None:
    """Which folder is at this path; None where there is none."""
    try:
        found = os.stat(folder)
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISDIR(found.st_mode) else None


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + os.sep)

"""Turns news of single paths into changes that are complete: seen at once, told when settled."""

# Paths come and go as text here, by the thousand.
# ruff: noqa: PTH110, PTH112, PTH114, PTH118
from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from vercel_emu.watching.rules import IGNORE_FILES
from vercel_emu.watching.settling import LONGEST, Pending, seconds_of_quiet
from vercel_emu.watching.tree import Reader, Stamp, Tree, differences, note_link, stamp


@dataclass(frozen=True, slots=True)
class Saved:
    """A settled change: files as a person reads them; `appeared` were created or deleted."""

    files: tuple[str, ...]
    appeared: frozenset[str] = frozenset()


class Watcher:
    """What the sources report, compared with what is known of each file.

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
        self._on_seen = on_seen
        self._on_settled = on_settled
        self._pending: dict[str, Stamp | None] = {}
        self._unfinished: set[str] = set()
        self._first = self._last = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._git_lock = os.path.join(reader.root, ".git", "index.lock")

    def begin(self) -> None:
        """Take the present state as known."""
        self.tree = self.reader.read()
        self.on_folders(self.tree.folders | self.tree.linked.keys())

    def close(self) -> None:
        """Tell nothing any more."""
        if self._timer is not None:
            self._timer.cancel()

    # What sources report -----------------------------------------------------------------------

    def notice(self, paths: Iterable[str], unfinished: Iterable[str] = ()) -> None:
        """There is news of these paths; `unfinished` ones are still open for writing."""
        found: set[str] = set()
        for path in paths:
            self._resolve(path, found)
        half_made = {path for path in found & set(unfinished) if not os.path.islink(path)}
        news = False
        for path in found:
            state = stamp(path)
            if path not in half_made and state == self.tree.files.get(path):
                # Opened for writing and not written, or back to what it was: nothing to wait for.
                self._pending.pop(path, None)
                self._unfinished.discard(path)
                continue
            was_half_made = path in self._unfinished
            (self._unfinished.add if path in half_made else self._unfinished.discard)(path)
            if (self._pending.get(path, ()), was_half_made) != (state, path in half_made):
                self._pending[path] = state
                news = True
        if news:
            self._seen()

    def notice_everything(self) -> None:
        """News was lost: compare the whole tree."""
        before = self.tree.files
        now = self.reader.read()
        self._adopt_folders(now)
        self.notice(differences(before, now.files))

    def _resolve(self, path: str, found: set[str]) -> None:
        """Collect the files that news of `path` may concern."""
        folder, name = os.path.split(path)
        if links := self.tree.linked.get(folder):
            found.update(link for link in links if os.path.realpath(link) == path)
        if folder not in self.tree.folders and path not in self.tree.folders:
            return
        if os.path.isdir(path):
            if not self.reader.rules.skips_folder(self.reader.relative(path)):
                self._add_folder(path, found)
        elif path in self.tree.folders:
            self.tree.folders = {f for f in self.tree.folders if not _within(f, path)}
            found.update(file for file in self.tree.files if _within(file, path))
        elif not self.reader.skips(path):
            found.add(path)
            self._follow_link(path)
            if name in IGNORE_FILES:
                self._adopt_folders(self.reader.read())

    def _follow_link(self, path: str) -> None:
        new = Tree()
        note_link(path, new)
        if new.linked:
            self._adopt_folders(new)

    def _add_folder(self, path: str, found: set[str]) -> None:
        """A folder that is new, or that came here by renaming; files may have come with it."""
        found.update(file for file in self.tree.files if _within(file, path))
        known: set[str] = set()
        while True:
            new = Tree()
            self.reader.add(path, new)
            # What is made in a folder before it is watched is found by reading it once more.
            self._adopt_folders(new)
            if new.folders <= known:
                break
            known |= new.folders
        found.update(new.files)

    def _adopt_folders(self, new: Tree) -> None:
        self.tree.folders |= new.folders
        for folder, links in new.linked.items():
            self.tree.linked.setdefault(folder, set()).update(links)
        self.on_folders(new.folders | new.linked.keys())

    # Settling ----------------------------------------------------------------------------------

    def _seen(self) -> None:
        now = self._loop.time()
        if self._timer is None:
            self._first = now
            self._on_seen()
        else:
            self._timer.cancel()
        self._last = now
        self._timer = self._loop.call_later(seconds_of_quiet(self._state()), self._consider)

    def _consider(self) -> None:
        """Act, unless more is to come."""
        now = self._loop.time()
        due = min(self._last + seconds_of_quiet(self._state()), self._first + LONGEST)
        if due > now + 0.001:
            self._timer = self._loop.call_at(due, self._consider)
        else:
            self._timer = None
            self._on_settled(self._take())

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
            if now == before:
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


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + os.sep)

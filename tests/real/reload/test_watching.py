"""Real files, saved in every way there is: each triggers one change, ignored places none."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.real.support import PATIENCE
from vercel_emu.watching import sources
from vercel_emu.watching.inotify import Inotify
from vercel_emu.watching.tree import Reader
from vercel_emu.watching.watcher import Saved, Watcher

SOURCES: dict[str, Callable[[Watcher], sources.Source]] = {
    "inotify": sources.InotifySource,
    "watchfiles": sources.WatchfilesSource,
    "polling": lambda watcher: sources.PollingSource(watcher, seconds=0.03),
}
MARK = "last.mark"


class Watched:
    """A watched folder, and the changes that were told."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.changes: asyncio.Queue[Saved] = asyncio.Queue()
        self.seen = 0

    def settled(self, saved: Saved | None) -> None:
        if saved is not None:
            self.changes.put_nowait(saved)

    def see(self) -> None:
        self.seen += 1

    async def next(self) -> Saved:
        async with asyncio.timeout(PATIENCE):
            return await self.changes.get()

    async def only(self) -> Saved:
        """The next change; a file that is saved after it proves that there is no second."""
        first = await self.next()
        (self.root / MARK).write_text(str(self.seen))
        assert (await self.next()).files == (MARK,)
        return first

    async def nothing(self) -> None:
        (self.root / MARK).write_text("x")
        assert (await self.next()).files == (MARK,)


@pytest.fixture(params=list(SOURCES))
def any_source(request: pytest.FixtureRequest) -> str:
    if request.param == "inotify" and not Inotify.available():
        pytest.skip("inotify is Linux's")
    return str(request.param)


@pytest.fixture(params=["inotify", "polling"])
def source(request: pytest.FixtureRequest) -> str:
    """The sources that are quick to test; watchfiles takes part where it matters."""
    if request.param == "inotify" and not Inotify.available():
        pytest.skip("inotify is Linux's")
    return str(request.param)


def watching(
    root: Path,
    source: str,
    test: Callable[[Watched], Awaitable[None]],
    ignore: tuple[str, ...] = (),
    extra: tuple[Path, ...] = (),
) -> None:
    """Run a test against a watcher of `root`."""

    async def run() -> None:
        watched = Watched(root)
        watcher = Watcher(Reader(root, ignore, extra), watched.see, watched.settled)
        feeding = SOURCES[source](watcher)
        if source == "watchfiles":
            await settled_watchfiles(watched)
        try:
            await test(watched)
        finally:
            watcher.close()
            await feeding.close()

    asyncio.run(run())


async def settled_watchfiles(watched: Watched) -> None:
    """watchfiles doesn't say when it has begun: save until it notices, then once more."""
    number = 0
    while watched.changes.empty():
        number += 1
        (watched.root / "begin.mark").write_text(str(number))
        await asyncio.sleep(0.05)
    (watched.root / "begun.mark").write_text("")
    while "begun.mark" not in (await watched.next()).files:
        pass


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = (tmp_path / "project").resolve()
    (root / "pkg").mkdir(parents=True)
    (root / "app.py").write_text("one")
    (root / "pkg" / "mod.py").write_text("one")
    return root


def in_place(path: Path) -> None:
    path.write_text("changed in place")


def by_rename(path: Path) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text("changed by rename")
    temporary.replace(path)


def like_vim(path: Path) -> None:
    backup = path.with_name(path.name + "~")
    path.rename(backup)
    with path.open("w") as file:
        file.write("changed ")
        file.flush()
        os.fsync(file.fileno())
        file.write("like vim")
    backup.unlink()


def like_an_odd_editor(path: Path) -> None:
    temporary = path.with_name("xyz8241")
    temporary.write_text("changed by an unknown temporary name")
    temporary.replace(path)


def by_touch(path: Path) -> None:
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime + 5))
    with path.open("a"):
        pass


def by_deletion(path: Path) -> None:
    path.unlink()


WAYS = [in_place, by_rename, like_vim, like_an_odd_editor, by_touch, by_deletion]


@pytest.mark.parametrize("save", [in_place, by_rename, by_deletion])
def test_the_usual_ways_to_save_from_every_source(
    root: Path, any_source: str, save: Callable[[Path], None]
) -> None:
    async def test(watched: Watched) -> None:
        save(root / "app.py")
        assert (await watched.only()).files == ("app.py",)

    watching(root, any_source, test)


@pytest.mark.parametrize("save", WAYS)
def test_every_way_to_save_is_one_change(
    root: Path, source: str, save: Callable[[Path], None]
) -> None:
    async def test(watched: Watched) -> None:
        save(root / "pkg" / "mod.py")
        assert (await watched.only()).files == ("pkg/mod.py",)

    watching(root, source, test)


def test_many_files_at_once_are_one_change(root: Path, any_source: str) -> None:
    names = [f"pkg/m{number}.py" for number in range(40)]

    async def test(watched: Watched) -> None:
        for name in names:
            (root / name).write_text("new")
        assert (await watched.only()).files == tuple(sorted(names))

    watching(root, any_source, test)


def test_a_git_checkout_is_one_change(root: Path, any_source: str) -> None:
    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)

    git("init", "-b", "main")
    for number in range(20):
        (root / f"m{number}.py").write_text("old")
    git("add", ".")
    git("commit", "-m", "old")
    for number in range(20):
        (root / f"m{number}.py").write_text("new version")
    git("commit", "-am", "new")

    async def test(watched: Watched) -> None:
        await asyncio.to_thread(git, "checkout", "HEAD~1")
        assert len((await watched.only()).files) == 20

    watching(root, any_source, test)


def test_a_folder_that_appears_later_is_watched(root: Path, any_source: str) -> None:
    async def test(watched: Watched) -> None:
        (root / "late" / "deep").mkdir(parents=True)
        (root / "late" / "deep" / "a.json").write_text("1")
        assert (await watched.only()).files == ("late/deep/a.json",)
        (root / "late" / "deep" / "a.json").write_text("2 now")
        assert (await watched.only()).files == ("late/deep/a.json",)

    watching(root, any_source, test)


def test_a_folder_that_is_moved_in_or_away(root: Path, tmp_path: Path, source: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.py").write_text("x")

    async def test(watched: Watched) -> None:
        outside.rename(root / "inside")
        assert (await watched.only()).files == ("inside/x.py",)
        (root / "inside").rename(outside)
        saved = await watched.only()
        assert saved.files == ("inside/x.py",)
        assert saved.appeared == {"inside/x.py"}

    watching(root, source, test)


def test_links_to_folders_and_files(root: Path, tmp_path: Path, source: str) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "lib.py").write_text("1")
    (tmp_path / "single.py").write_text("1")
    (root / "shared").symlink_to(shared)
    (root / "single.py").symlink_to(tmp_path / "single.py")
    (root / "loop").symlink_to(root)

    async def test(watched: Watched) -> None:
        (shared / "lib.py").write_text("22")
        assert (await watched.only()).files == ("shared/lib.py",)
        (tmp_path / "single.py").write_text("22")
        assert (await watched.only()).files == ("single.py",)
        (tmp_path / "other.py").write_text("22")
        await watched.nothing()
        (tmp_path / "next").symlink_to(tmp_path / "other.py")
        (tmp_path / "next").rename(root / "single.py")
        assert (await watched.only()).files == ("single.py",)

    watching(root, source, test)


@pytest.mark.parametrize(
    "place",
    [
        ".git/index",
        ".venv/lib/x.py",
        "node_modules/a/index.js",
        "pkg/__pycache__/mod.cpython-313.pyc",
        ".vercel/emu/cache.sqlite3-wal",
        "myenv/lib/x.py",
        "ignored/x.py",
        "undeployed/x.py",
        "optional/x.md",
        "app.log",
        "db.sqlite3",
    ],
)
def test_ignored_places_are_no_change(root: Path, source: str, place: str) -> None:
    (root / ".gitignore").write_text("ignored/\n")
    (root / ".vercelignore").write_text("undeployed\n")
    (root / "myenv").mkdir()
    (root / "myenv" / "pyvenv.cfg").write_text("")
    path = root / place
    path.parent.mkdir(parents=True, exist_ok=True)

    async def test(watched: Watched) -> None:
        path.write_text("1")
        path.write_text("22")
        await watched.nothing()

    watching(root, source, test, ignore=("*.md",))


def test_extra_paths_outside_the_project(root: Path, tmp_path: Path, source: str) -> None:
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "x.py").write_text("1")

    async def test(watched: Watched) -> None:
        (tmp_path / "library" / "x.py").write_text("22")
        assert (await watched.only()).files == (str(tmp_path / "library" / "x.py"),)

    watching(root, source, test, extra=(tmp_path / "library",))


def test_opening_for_writing_without_writing_is_no_change(root: Path, source: str) -> None:
    async def test(watched: Watched) -> None:
        with (root / "app.py").open("r+"):
            pass
        await watched.nothing()

    watching(root, source, test)


@pytest.mark.skipif(sys.platform != "linux", reason="only inotify knows at once")
def test_a_save_is_known_without_waiting(root: Path) -> None:
    async def run() -> None:
        watched = Watched(root)
        watcher = Watcher(Reader(root, ()), watched.see, watched.settled)
        source = sources.InotifySource(watcher)
        for number in range(50):
            (root / "app.py").write_text("x" * number)
            source.look()
            assert watched.seen == number + 1
            await watched.next()
        watcher.close()
        await source.close()

    asyncio.run(run())


def test_a_project_that_vanishes_is_survived(root: Path, source: str) -> None:
    async def test(watched: Watched) -> None:
        shutil.rmtree(root)
        assert (await watched.next()).files == ("app.py", "pkg/mod.py")

    watching(root, source, test)

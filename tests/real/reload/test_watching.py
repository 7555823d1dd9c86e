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
from vercel_emu.files.walking import Allowance
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
        self.too_large: list[str] = []
        self.roots: asyncio.Queue[bool] = asyncio.Queue()

    def settled(self, saved: Saved | None) -> None:
        if saved is not None:
            self.changes.put_nowait(saved)

    def see(self) -> None:
        self.seen += 1

    async def next(self) -> Saved:
        async with asyncio.timeout(PATIENCE):
            return await self.changes.get()

    async def came_or_went(self) -> bool:
        """Whether the project's folder is there, when that has changed."""
        async with asyncio.timeout(10):
            return await self.roots.get()

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
    allowance: Allowance | None = None,
) -> None:
    """Run a test against a watcher of `root`."""

    async def run() -> None:
        watched = Watched(root)
        reader = Reader(root, ignore, extra, allowance=allowance)
        watcher = Watcher(reader, watched.see, watched.settled)
        watcher.on_root = watched.roots.put_nowait
        watcher.on_too_large = lambda link, _: watched.too_large.append(link)
        feeding = SOURCES[source](watcher)
        await feeding.start()
        if source == "watchfiles":
            await settled_watchfiles(watched)
        try:
            await test(watched)
        finally:
            await watcher.close()
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


@pytest.mark.parametrize("ignore_file", [".gitignore", ".vercelignore"])
def test_an_ignored_module_is_watched_all_the_same(
    root: Path, source: str, ignore_file: str
) -> None:
    (root / ignore_file).write_text("local_settings.py\nlocal_settings.json\n")
    (root / "local_settings.py").write_text("1")

    async def test(watched: Watched) -> None:
        (root / "local_settings.json").write_text("1")
        (root / "local_settings.py").write_text("22")
        assert (await watched.only()).files == ("local_settings.py",)

    watching(root, source, test)


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
        await source.start()
        for number in range(50):
            (root / "app.py").write_text("x" * number)
            source.look()
            assert watched.seen == number + 1
            await watched.next()
        await watcher.close()
        await source.close()

    asyncio.run(run())


def test_a_project_that_vanishes_and_comes_back(root: Path, source: str) -> None:
    async def test(watched: Watched) -> None:
        shutil.rmtree(root)
        assert not await watched.came_or_went()
        (root / "pkg").mkdir(parents=True)
        (root / "app.py").write_text("the next one")
        assert await watched.came_or_went()
        while (root / "app.py").read_text() != "last":
            (root / "app.py").write_text("last")
        files: set[str] = set()
        while not {"app.py", "pkg/mod.py"} <= files:
            files |= set((await watched.next()).files)
        (root / "pkg" / "new.py").write_text("1")
        assert (await watched.next()).files == ("pkg/new.py",)

    watching(root, source, test)


def test_a_project_that_is_renamed_and_renamed_back(root: Path, source: str) -> None:
    async def test(watched: Watched) -> None:
        root.rename(root.with_name("aside"))
        assert not await watched.came_or_went()
        root.with_name("aside").rename(root)
        assert await watched.came_or_went()
        (root / "pkg" / "mod.py").write_text("a save after that")
        assert (await watched.next()).files == ("pkg/mod.py",)

    watching(root, source, test)


def test_a_folder_above_that_is_renamed_and_renamed_back(root: Path, source: str) -> None:
    above = root.parent / "above"
    above.mkdir()
    root.rename(above / "project")
    inside = above / "project"

    async def test(watched: Watched) -> None:
        above.rename(root.parent / "aside")
        assert not await watched.came_or_went()
        (root.parent / "aside").rename(above)
        assert await watched.came_or_went()
        (inside / "app.py").write_text("a save after that")
        assert (await watched.next()).files == ("app.py",)

    watching(inside, source, test)


def test_a_link_with_too_much_behind_it_is_named_and_not_watched(
    root: Path, tmp_path: Path, source: str
) -> None:
    large, small = tmp_path / "large", tmp_path / "small"
    for folder in (large / "a", large / "b", large / "c", small):
        folder.mkdir(parents=True)
        (folder / "lib.py").write_text("1")
    (root / "large").symlink_to(large)
    (root / "small").symlink_to(small)

    async def test(watched: Watched) -> None:
        (large / "a" / "lib.py").write_text("22")
        await watched.nothing()
        (small / "lib.py").write_text("22")
        assert (await watched.only()).files == ("small/lib.py",)
        (root / "later").symlink_to(large)
        (root / "app.py").write_text("changed")
        assert (await watched.only()).files == ("app.py",)
        assert watched.too_large == [str(root / name) for name in ("large", "later")]

    watching(root, source, test, allowance=Allowance(folders=3, files=20))


def test_what_is_named_is_watched_whole(root: Path, tmp_path: Path, source: str) -> None:
    for name in "abcd":
        (tmp_path / "large" / name).mkdir(parents=True)
        (tmp_path / "large" / name / "lib.py").write_text("1")
    (root / "large").symlink_to(tmp_path / "large")

    async def test(watched: Watched) -> None:
        (tmp_path / "large" / "d" / "lib.py").write_text("22")
        assert (await watched.only()).files == ("large/d/lib.py",)
        assert watched.too_large == []

    small = Allowance(folders=3, files=20)
    watching(root, source, test, extra=(root / "large",), allowance=small)


def test_folders_that_link_to_each_other_are_watched_by_their_own_paths(
    root: Path, source: str
) -> None:
    for number in range(25):
        (root / f"d{number}").mkdir()
        (root / f"d{number}" / "lib.py").write_text("1")
    for number in range(24):
        for name in ("a", "b"):
            (root / f"d{number}" / name).symlink_to(f"../d{number + 1}")

    async def test(watched: Watched) -> None:
        (root / "d0" / "a" / "b" / "lib.py").write_text("22")
        assert (await watched.only()).files == ("d2/lib.py",)

    watching(root, source, test)


def test_links_to_folders_that_come_and_go(root: Path, tmp_path: Path, source: str) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "lib.py").write_text("1")

    async def test(watched: Watched) -> None:
        (root / "one").symlink_to(shared)
        assert (await watched.only()).files == ("one/lib.py",)
        (root / "two").symlink_to(shared)
        (shared / "lib.py").write_text("22")
        assert (await watched.only()).files == ("one/lib.py",)
        (root / "one").unlink()
        assert set((await watched.only()).files) == {"one/lib.py", "two/lib.py"}
        (shared / "lib.py").write_text("333")
        assert (await watched.only()).files == ("two/lib.py",)

    watching(root, source, test)

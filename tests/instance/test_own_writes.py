"""What news of a file mean that the app itself writes."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection

import pytest

from vercel_emu.instance.own_writes import NEWS_SECONDS, OwnWrites, Stamp, times_open
from vercel_emu.instance.process.ipc import WrotePayload

FILE = "/p/data.json"
NOW: Stamp = (1, 2, 3)
PID = 7


class Book:
    """The writes of one process, with a clock and files that a test sets."""

    def __init__(self) -> None:
        self.open: int | None = 0
        self.time = 0.0
        self.timers: list[tuple[float, Callable[[], None]]] = []
        self.looked = 0
        self.writes = OwnWrites(self._held, lambda: self.time, self._later)
        self.writes.look = self._look

    def _held(self, path: str, pids: Collection[int]) -> int | None:
        return self.open

    def _later(self, seconds: float, work: Callable[[], None]) -> None:
        self.timers.append((self.time + seconds, work))

    def _look(self) -> None:
        self.looked += 1

    def pass_time(self) -> None:
        """Everything that was to be done later is done."""
        due, self.timers = self.timers, []
        for at, work in due:
            self.time = max(self.time, at)
            work()

    def begin(self, how: str = "open", path: str = FILE, stamp: Stamp = ()) -> None:
        self.writes.begun(PID, WrotePayload(path, how, stamp))  # type: ignore[arg-type]

    def own(self, stamp: Stamp | None = NOW, path: str = FILE, **how: bool) -> bool:
        return self.writes.explain(path, stamp, **how)


@pytest.fixture
def book() -> Book:
    return Book()


def test_nobody_wrote(book: Book) -> None:
    assert not book.own()


def test_a_write_is_the_apps_and_the_next_save_a_persons(book: Book) -> None:
    book.begin()
    assert book.own()
    assert not book.own()
    assert not book.own(path="/p/other.json")


def test_a_file_that_is_being_made(book: Book) -> None:
    book.begin()
    book.open = 1
    assert book.own(half_made=True)
    book.open = 0
    assert book.own()
    assert not book.own()


def test_a_save_of_a_file_that_the_app_holds_open(book: Book) -> None:
    book.begin()
    book.open = 1
    assert not book.own()
    book.pass_time()
    assert not book.own()
    book.open = 0
    assert book.own(), "it is closed as its process ends, much later"
    assert not book.own()


def test_one_of_two_open_files_is_closed(book: Book) -> None:
    book.begin()
    book.begin()
    book.open = 1
    assert book.own()
    assert not book.own()


def test_news_of_several_writes_may_come_as_one_or_apart(book: Book) -> None:
    book.begin()
    book.begin()
    assert book.own()
    assert book.own()
    assert not book.own()


def test_writes_end_with_the_invocation(book: Book) -> None:
    book.begin()
    book.begin()
    assert book.own()
    book.writes.ended(PID)
    assert book.looked == 1
    assert not book.own()


def test_another_processes_invocation_ends_nothing(book: Book) -> None:
    book.begin()
    book.writes.ended(PID + 1)
    assert book.own()


def test_a_write_that_failed_is_forgotten(book: Book) -> None:
    book.begin()
    book.pass_time()
    assert not book.own()
    assert not book.timers


def test_a_write_that_was_begun_while_older_ones_are_forgotten(book: Book) -> None:
    book.begin()
    book.time = NEWS_SECONDS * 0.9
    book.begin(path="/p/second.json")
    book.pass_time()
    assert book.own(path="/p/second.json")
    book.pass_time()
    book.pass_time()
    assert not book.timers


def test_an_atomic_write(book: Book) -> None:
    book.begin(path="/p/new")
    assert book.own(path="/p/new")
    book.begin("gone", path="/p/new")
    book.begin("made", stamp=(9, 9, 9))
    assert book.own(None, path="/p/new")
    assert book.own((9, 9, 9))
    assert not book.own((10, 9, 9)), "a person has saved since"


def test_a_removed_file_that_a_person_brings_back(book: Book) -> None:
    book.begin("gone")
    assert book.own(None)
    assert not book.own(NOW)


def test_a_renamed_folder(book: Book) -> None:
    book.begin("folder", path="/p/old")
    assert book.own(None, path="/p/old/a/b.txt")
    book.pass_time()
    assert not book.own(None, path="/p/old/a/b.txt")


def test_a_database_is_never_saved(book: Book) -> None:
    book.begin("database", path="/p/app.store")
    book.pass_time()
    assert book.own(path="/p/app.store")
    assert not book.own(path="/p/app.json")


def test_where_news_come_at_any_time(book: Book) -> None:
    book.begin()
    book.open = 1
    assert book.own(ends_only=False)
    assert book.own(ends_only=False)
    book.open = 0
    assert book.own(ends_only=False)
    assert not book.own(ends_only=False)


def test_where_nobody_knows_what_is_open(book: Book) -> None:
    book.open = None
    book.begin()
    assert book.own()
    book.time = NEWS_SECONDS
    assert not book.own()


@pytest.mark.skipif(not os.path.isdir("/proc/self/fdinfo"), reason="Linux tells what is open")
def test_how_often_a_file_is_open(tmp_path: os.PathLike[str]) -> None:
    path = os.path.join(os.path.realpath(tmp_path), "a.txt")
    me = {os.getpid()}
    assert times_open(path, me) == 0
    with open(path, "w"), open(path, "a"), open(path):
        assert times_open(path, me) == 2
    assert times_open(path, me) == 0

"""The wall clock jumps, as it does after a laptop slept or when the time is set.

What is counted in seconds (deadlines, idle times, startup limits) goes by a clock that never jumps.
What has a date (the expiry of a cache item) goes by the wall clock, as it must outlive a restart.
"""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.faults.rows import row
from tests.real.faults.support import (
    Asking,
    ask,
    begun,
    let_go,
    pid_of,
    project,
    request_waits,
    save,
    starting,
)
from tests.real.support import Emulation
from vercel_emu.emulator import serve
from vercel_emu.runtime_cache import open_store

AHEAD = "The clock jumps a day ahead"
BACK = "The clock jumps a day back"
DAY = 86_400.0


class Clock:
    """The emulator's wall clock."""

    def __init__(self) -> None:
        self._time = time.time
        self._ahead = 0.0

    def __call__(self) -> float:
        return self._time() + self._ahead

    def jump(self, seconds: float) -> None:
        self._ahead += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """In place of the real one in this process, where the emulator runs."""
    found = Clock()
    monkeypatch.setattr(time, "time", found)
    monkeypatch.setattr(serve, "open_store", functools.partial(open_store, clock=found))
    yield found
    monkeypatch.undo()


def during_a_request(tmp_path: Path, clock: Clock, seconds: float) -> None:
    with project(tmp_path, max_duration=600) as running:
        waiting = Asking(running, "/held?name=one")
        begun(tmp_path, "one")
        clock.jump(seconds)
        assert ask(running, "/") == "200 0"
        let_go(tmp_path, "one")
        assert waiting.saw() == "200 0"


@row(AHEAD, "during a request", "200: its deadline is no nearer.")
def test_ahead_during_a_request(tmp_path: Path, clock: Clock) -> None:
    during_a_request(tmp_path, clock, DAY)


@row(BACK, "during a request", "200.")
def test_back_during_a_request(tmp_path: Path, clock: Clock) -> None:
    during_a_request(tmp_path, clock, -DAY)


@row(BACK, "during a response stream", "The whole response.")
def test_stream(tmp_path: Path, clock: Clock) -> None:
    with project(tmp_path, max_duration=600) as running:
        waiting = Asking(running, "/stream?name=one")
        begun(tmp_path, "one")
        clock.jump(-DAY)
        let_go(tmp_path, "one")
        assert waiting.saw() == "200 firstlast"


@row(AHEAD, "starting", "200: its startup limit is no nearer.")
def test_starting(tmp_path: Path, clock: Clock) -> None:
    hold = tmp_path / "hold-start"
    hold.touch()
    with project(tmp_path, startup_timeout=600) as running:
        waiting = Asking(running, "/")
        starting(tmp_path)
        request_waits(running)
        clock.jump(DAY)
        hold.unlink()
        assert waiting.saw() == "200 0"


async def look_for_idle(running: Emulation) -> None:
    running.pool.stop_if_idle()


@row(AHEAD, "idle", "200 from the same instance: it was not idle for a day.")
def test_idle(tmp_path: Path, clock: Clock) -> None:
    with project(tmp_path, idle_timeout=600) as running:
        pid = pid_of(running)
        clock.jump(DAY)
        running.run(look_for_idle(running))
        assert pid_of(running) == pid


@row(BACK, "during a reload", "200 from the new code, though its file is older than the last.")
def test_reload(tmp_path: Path, clock: Clock) -> None:
    with project(tmp_path, reload=True, standby=True) as running:
        assert ask(running, "/") == "200 0"
        clock.jump(-DAY)
        save(running, 1)
        yesterday = time.time()
        os.utime(running.root / "app.py", (yesterday, yesterday))
        assert ask(running, "/") == "200 1"


@row(
    AHEAD,
    "while writing the cache",
    "Items whose time is over are gone, the others are there; new ones are written.",
)
def test_cache_ahead(tmp_path: Path, clock: Clock) -> None:
    with project(tmp_path) as running:
        assert ask(running, "/put?key=hour&value=1&ttl=3600") == "200 hour=1"
        assert ask(running, "/put?key=week&value=2&ttl=604800") == "200 week=2"
        assert ask(running, "/put?key=ever&value=3") == "200 ever=3"
        clock.jump(DAY)
        assert ask(running, "/take?key=hour") == "200 null"
        assert ask(running, "/take?key=week") == '200 "2"'
        assert ask(running, "/take?key=ever") == '200 "3"'
        assert ask(running, "/put?key=hour&value=4&ttl=3600") == "200 hour=4"
        assert ask(running, "/take?key=hour") == '200 "4"'


@row(BACK, "while writing the cache", "Nothing is lost; new items are written, and end in time.")
def test_cache_back(tmp_path: Path, clock: Clock) -> None:
    with project(tmp_path) as running:
        assert ask(running, "/put?key=before&value=1&ttl=3600") == "200 before=1"
        clock.jump(-DAY)
        assert ask(running, "/take?key=before") == '200 "1"'
        assert ask(running, "/put?key=after&value=2&ttl=3600") == "200 after=2"
        assert ask(running, "/take?key=after") == '200 "2"'
        clock.jump(7200)
        assert ask(running, "/take?key=after") == "200 null"

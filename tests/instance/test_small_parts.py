"""Retries, the gate, and what is remembered of modules."""

from __future__ import annotations

import asyncio
import shutil
import stat
import tempfile
from pathlib import Path

import pytest

from vercel_emu.errors import EmuError
from vercel_emu.instance.gate import Gate
from vercel_emu.instance.learned_imports import LearnedImports, fitting
from vercel_emu.instance.process.ipc import ImportStep
from vercel_emu.instance.process.socket_folder import candidates, make_folder, socket_folder
from vercel_emu.instance.retry import NEVER, Retry

PYTHON = Path("/python")


def test_a_start_that_failed_is_repeated_ever_more_rarely() -> None:
    retry = Retry()
    retry.failed(100.0, took=0.5, timed_out=False)
    assert retry.at == 130.0
    retry.failed(200.0, took=0.5, timed_out=False)
    assert retry.at == 260.0
    for _ in range(10):
        retry.failed(0.0, took=0.5, timed_out=False)
    assert retry.at == 600.0
    retry.reset()
    assert retry.at == 0.0


def test_a_start_that_hung_is_not_repeated() -> None:
    retry = Retry()
    retry.failed(100.0, took=30.0, timed_out=True)
    assert retry.at == NEVER


def test_a_broken_app_costs_less_than_two_percent() -> None:
    retry, now, spent = Retry(), 0.0, 0.0
    while now < 600:
        retry.failed(now, took=0.5, timed_out=False)
        spent += 0.5
        now = retry.at
    assert spent / now < 0.02


def test_the_gate_asks_for_news_and_holds_requests() -> None:
    async def run() -> None:
        gate = Gate()
        assert gate.is_open
        gate.look = gate.close
        held = not gate.is_open
        assert held
        waiting = asyncio.create_task(gate.wait_open())
        await asyncio.sleep(0)
        assert not waiting.done()
        gate.look = lambda: None
        gate.open()
        await waiting
        assert gate.is_open

    asyncio.run(run())


def test_modules_are_remembered_for_the_same_interpreter(tmp_path: Path) -> None:
    file = tmp_path / "modules" / "app.json"
    memory = LearnedImports(file, PYTHON)
    assert memory.learn(["a", "b"], ["a"], ["/p/app.py"])
    assert not memory.learn(["a", "b"], ["a"], ["/p/app.py"])
    assert LearnedImports(file, PYTHON).modules == ["a", "b"]
    assert LearnedImports(file, Path("/other")).modules == []
    memory.exclude("a")
    memory.learn(["a", "b"], [], [])
    assert LearnedImports(file, PYTHON).modules == ["b"]


def test_a_variable_that_differs_twice_in_a_row_varies(tmp_path: Path) -> None:
    memory = LearnedImports(tmp_path / "app.json", PYTHON)
    steps: list[ImportStep] = ["a", ["NOW", "1", []], "b"]
    memory.learn(steps, [], [])
    memory.differed("os.environ['NOW']")
    memory.learn(steps, [], [])
    assert memory.modules == ["a", "b"]
    memory.differed("os.environ['NOW']")
    memory.learn(steps, [], [])
    assert memory.modules == ["a"]


def test_damaged_memory_is_no_memory(tmp_path: Path) -> None:
    (tmp_path / "app.json").write_text("{not json")
    assert LearnedImports(tmp_path / "app.json", PYTHON).modules == []


def test_fitting_cuts_at_what_varies() -> None:
    steps: list[ImportStep] = ["a", ["X", "1", []], "b", ["NOW", "1", []], "c"]
    assert fitting(steps, ["b"], ["NOW"]) == ["a", ["X", "1", []]]


def test_a_start_that_a_signal_ended_is_repeated_soon() -> None:
    retry = Retry()
    pauses = []
    for _ in range(9):
        retry.killed(100.0)
        pauses.append(retry.at - 100.0)
    assert pauses == [0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    retry.reset()
    retry.killed(100.0)
    assert retry.at == 100.0


def test_sockets_find_a_short_place(tmp_path: Path) -> None:
    long = tmp_path / ("t" * 80)
    long.mkdir()
    short = tempfile.mkdtemp(prefix="ve", dir="/tmp")
    try:
        folder = make_folder(["/nowhere/at/all", str(long), short])
        assert folder.parent == Path(short)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert list(long.iterdir()) == []
    finally:
        shutil.rmtree(short)


def test_without_a_short_place_it_says_so(tmp_path: Path) -> None:
    long = tmp_path / ("t" * 80)
    long.mkdir()
    with pytest.raises(EmuError, match="NO_SHORT_TEMP_FOLDER") as raised:
        make_folder([str(long)])
    assert str(long) in str(raised.value)
    assert "at most 70 characters" in str(raised.value)


def test_the_folder_for_sockets_is_where_it_was_as_long_as_it_can_be() -> None:
    places = candidates({"XDG_RUNTIME_DIR": "/run/user/1"})
    assert places == [tempfile.gettempdir(), "/run/user/1", "/tmp", "/var/tmp"]
    assert candidates({"XDG_RUNTIME_DIR": "relative"})[1:] == ["/tmp", "/var/tmp"]
    with socket_folder({}) as folder:
        assert folder.is_dir()
    assert not folder.exists()

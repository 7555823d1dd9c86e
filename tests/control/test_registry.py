"""How commands find a running emulator, and which files they don't believe."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vercel_emu.control.registry import RunningEmulator, announced, find_running


def emulator(control_url: str) -> RunningEmulator:
    return RunningEmulator(
        pid=os.getpid(),
        url="http://localhost:3000",
        control_url=control_url,
        token="secret",
        project="p",
        environment="development",
        region="iad1",
        cache="file",
        started_at=1.0,
    )


def test_one_that_is_announced_is_found(tmp_path: Path) -> None:
    (tmp_path / ".vercel" / "emu").mkdir(parents=True)
    wanted = emulator("http://127.0.0.1:1")
    with announced(tmp_path, wanted):
        assert find_running(tmp_path) == wanted
    assert find_running(tmp_path) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://203.0.113.9:80",
        "http://evil.example",
        "http://127.0.0.1.evil.example:80",
        "http://127.0.0.1@evil.example:80",
        "//evil.example",
        "nonsense",
        "",
    ],
)
def test_one_on_another_machine_is_not_believed(tmp_path: Path, url: str) -> None:
    (tmp_path / ".vercel" / "emu").mkdir(parents=True)
    with announced(tmp_path, emulator(url)):
        assert find_running(tmp_path) is None

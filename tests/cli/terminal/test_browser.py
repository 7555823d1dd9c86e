"""Which command opens an address."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from vercel_emu.cli.terminal.browser import open_in_browser, opener


def command(folder: Path, name: str, exit_code: int = 0) -> Path:
    file = folder / name
    file.write_text(f'#!/bin/sh\necho "$1" > "{folder}/asked"\necho noise >&2\nexit {exit_code}\n')
    file.chmod(0o755)
    return file


def test_a_mac_has_one() -> None:
    assert opener("darwin", {}) == ["open"]


def test_elsewhere_the_one_that_is_there(tmp_path: Path) -> None:
    path = {"PATH": str(tmp_path)}
    assert opener("linux", path) is None
    assert opener("linux", {**path, "BROWSER": "code --open %s:other"}) == ["code", "--open"]
    xdg = command(tmp_path, "xdg-open")
    assert opener("linux", {**path, "BROWSER": "code"}) == [str(xdg)]
    wsl = command(tmp_path, "wslview")
    assert opener("linux", path) == [str(wsl)]


@pytest.mark.parametrize(("exit_code", "opened"), [(0, True), (3, False)])
def test_it_is_asked_in_silence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    exit_code: int,
    opened: bool,
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert asyncio.run(open_in_browser("http://localhost:1")) is False
    command(tmp_path, "xdg-open", exit_code)
    assert asyncio.run(open_in_browser("http://localhost:1")) is opened
    assert (tmp_path / "asked").read_text() == "http://localhost:1\n"
    assert capfd.readouterr() == ("", "")

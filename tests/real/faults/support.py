"""The project that is struck at, and the clients that see what comes of it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.real.support import (
    APPS,
    PATIENCE,
    Address,
    DevProcess,
    Emulation,
    Files,
    emulation,
    wait_until,
)

FAILED = "500 FUNCTION_INVOCATION_FAILED"
TIMED_OUT = "504 FUNCTION_INVOCATION_TIMEOUT"
CUT = "cut"


def app(version: int = 0) -> str:
    """The source of `apps/faulty.py` in a version."""
    source = (APPS / "faulty.py").read_text()
    return source.replace("VERSION = 0\n", f"VERSION = {version}\n", 1)


def files() -> Files:
    return {"app.py": app()}


def project(tmp_path: Path, **options: Any) -> Emulation:
    """An emulator in this process for the project `tmp_path/project`."""
    return emulation(tmp_path / "project", files(), **options)


def save(running: Emulation | DevProcess, version: int) -> None:
    (running.root / "app.py").write_text(app(version))


def pid_of(running: Address) -> int:
    """The instance that answers."""
    return int(running.get("/pid").text)


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def begun(tmp_path: Path, name: str) -> None:
    """Wait until the request with that name is under way in the app."""
    wait_until((tmp_path / f"{name}.begun").exists, what=f"{name} begins")


def let_go(tmp_path: Path, name: str) -> None:
    (tmp_path / f"{name}.go-on").touch()


def starting(tmp_path: Path) -> int:
    """The process that is held while it imports the app."""
    mark = tmp_path / "starting"

    def found() -> int:
        text = mark.read_text() if mark.exists() else ""
        return int(text or 0)

    pid = wait_until(found, what="the app is imported")
    mark.unlink()
    return pid


class Asking:
    """One request that is under way."""

    def __init__(self, running: Address, path: str, body: bytes | None = None) -> None:
        self._running, self._path, self._body = running, path, body
        self._saw = ""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        self._saw = ask(self._running, self._path, self._body)

    def saw(self) -> str:
        """What became of it: `200 TEXT`, `500 CODE`, or `cut`."""
        self._thread.join(PATIENCE)
        assert self._saw, f"{self._path} was never answered"
        return self._saw


def ask(running: Address, path: str, body: bytes | None = None) -> str:
    """What a client sees: `200 TEXT`, `500 CODE`, or `cut`."""
    try:
        answer = running.request("POST" if body else "GET", path, content=body)
    except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
        return CUT
    return f"{answer.status_code} {answer.headers.get('x-vercel-error') or answer.text}"


def acknowledged_until(strike: Callable[[], object], running: Address) -> list[int]:
    """An app writes item after item to the runtime cache and tells of each until it is struck."""
    told = ""
    with running.client() as client, client.stream("GET", "/fill") as response:
        pieces = response.iter_text()
        while told.count("\n") < 20:
            told += next(pieces)
        strike()
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):  # noqa: PT012
            for piece in pieces:
                told += piece
    return [int(line) for line in told.splitlines(keepends=True) if line.endswith("\n")]


def lost(running: Address, written: list[int]) -> list[int]:
    """Which of these items are no longer in the cache."""
    with running.client() as client:
        return [one for one in written if client.get(f"/take?key=k{one}").text != f'"{one}"']


def request_waits(running: Emulation) -> None:
    """Wait until a request waits for an instance."""
    wait_until(lambda: running.pool._waiters, what="a request waits")


def stream_cut_by(strike: Callable[[], object], running: Address, name: str = "one") -> None:
    """A response stream gets its first piece, is struck, and then must end as a broken one."""
    with running.client() as client, client.stream("GET", f"/stream?name={name}") as response:
        pieces = response.iter_text()
        assert next(pieces) == "first"
        strike()
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            list(pieces)

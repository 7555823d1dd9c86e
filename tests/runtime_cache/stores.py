"""Stores for tests, on a clock that the test moves."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from vercel_emu.events import Event, Notice
from vercel_emu.runtime_cache import DEFAULT_MAX_BYTES, Scope, Store, open_store

SCOPE = Scope("shop", "development", "iad1")


@dataclass
class Clock:
    now: float = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Log:
    events: list[Event] = field(default_factory=list)

    def __call__(self, event: Event) -> None:
        self.events.append(event)

    def notices(self, code: str | None = None) -> list[Notice]:
        found = [event for event in self.events if isinstance(event, Notice)]
        return [notice for notice in found if code is None or notice.code == code]


@dataclass
class Place:
    """Where a store of some kind can be opened, again and again."""

    spec: str
    folder: Path
    clock: Clock = field(default_factory=Clock)
    log: Log = field(default_factory=Log)

    @property
    def path(self) -> Path:
        return self.folder / ".vercel" / "emu" / "cache.sqlite3"

    def open(self, max_bytes: int = DEFAULT_MAX_BYTES) -> Store:
        return open_store(
            self.spec, path=self.path, max_bytes=max_bytes, clock=self.clock, emit=self.log
        )


@contextlib.contextmanager
def redis_server(*options: str) -> Iterator[str]:
    """A Redis server of our own on a unix socket in a new folder; its address."""
    with tempfile.TemporaryDirectory(prefix="vemu") as folder:
        url = f"unix://{folder}/redis.sock"
        with redis_server_at(url, *options):
            yield url


@contextlib.contextmanager
def redis_server_at(url: str, *more: str) -> Iterator[None]:
    """The same at an address that is known already."""
    program = shutil.which("redis-server")
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("redis-server is needed where CI=true")
        pytest.skip("redis-server is not installed")
    socket = Path(url.removeprefix("unix://"))
    socket.parent.mkdir(exist_ok=True)
    options: list[str | Path] = [
        "--port",
        "0",
        "--unixsocket",
        socket,
        "--dir",
        socket.parent,
        "--save",
        "",
        *more,
    ]
    server = subprocess.Popen([program, *options], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        for line in server.stdout:
            if "eady to accept connections" in line:
                break
        yield
    finally:
        server.terminate()
        server.communicate()

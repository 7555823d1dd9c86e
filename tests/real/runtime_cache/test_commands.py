"""The `cache` commands on a stopped emulator's file and on a running emulator's listener."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from click.testing import CliRunner, Result
from starlette.applications import Starlette
from starlette.routing import Mount

from tests.real.support import PATIENCE
from vercel_emu.cli import cli
from vercel_emu.cli.commands.cache.view import duration
from vercel_emu.control import cache_routes as admin
from vercel_emu.control.registry import RunningEmulator, announced
from vercel_emu.errors import EmuError
from vercel_emu.runtime_cache import Scope, open_store

TOKEN = "test-token"


@dataclass
class Folder:
    """A project's folder to run commands in."""

    root: Path
    running: bool = False

    @property
    def path(self) -> Path:
        return self.root / ".vercel" / "emu" / "cache.sqlite3"

    def run(self, *arguments: str, stdin: bytes | None = None) -> Result:
        return CliRunner().invoke(
            cli, ["cache", arguments[0], "--dir", str(self.root), *arguments[1:]], input=stdin
        )

    def ok(self, *arguments: str, stdin: bytes | None = None) -> str:
        result = self.run(*arguments, stdin=stdin)
        assert result.exit_code == 0, result.output + repr(result.exception)
        return result.stdout

    def error(self, *arguments: str) -> EmuError:
        result = self.run(*arguments)
        assert isinstance(result.exception, EmuError), result.output
        return result.exception


@contextmanager
def emulator(root: Path) -> Iterator[None]:
    """What `vercel-emu dev` offers to the commands: a control listener and a state file."""
    ready, stop, address = threading.Event(), [], []
    path = root / ".vercel" / "emu" / "cache.sqlite3"

    async def main() -> None:
        store = open_store("file", path=path)
        routes = admin.routes(store, Scope(root.name, "development", "iad1"))
        app = Starlette(routes=[Mount("/emu/v1/cache", routes=routes)])
        config = uvicorn.Config(app, port=0, log_level="warning", lifespan="off")
        config.load()
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        await server.startup()
        address.append(server.servers[0].sockets[0].getsockname()[1])
        stop.append(server)
        ready.set()
        await server.main_loop()
        await server.shutdown()
        await store.close()

    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    try:
        assert ready.wait(PATIENCE)
        state = RunningEmulator(
            pid=os.getpid(),
            url="http://localhost:1",
            control_url=f"http://127.0.0.1:{address[0]}",
            token=TOKEN,
            project=root.name,
            environment="development",
            region="iad1",
            cache="file",
            started_at=time.time(),
        )
        with announced(root, state):
            yield
    finally:
        stop[0].should_exit = True
        thread.join(PATIENCE)


@pytest.fixture(params=["stopped", "running"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Folder]:
    root = tmp_path / "shop"
    root.mkdir()
    if request.param == "stopped":
        yield Folder(root)
        return
    with emulator(root):
        yield Folder(root, running=True)


def test_set_get_ls_rm(folder: Folder) -> None:
    folder.ok("set", "one", '{"a": 1}', "--tag", "red", "--ttl", "100", "--name", "first")
    folder.ok("set", "--key", "user:1", "--namespace", "users", "plain text")
    folder.ok("set", "two", "-", "--tag", "red", "--tag", "blue", stdin=b"[1,  2]")
    table = folder.ok("ls")
    assert table.splitlines()[0].split() == ["KEY", "NAME", "SIZE", "TAGS", "AGE", "LEFT", "HITS"]
    assert "one" in table
    assert "first" in table
    listed = json.loads(folder.ok("ls", "--json"))
    assert {item["key"]: item["size"] for item in listed["items"]} == {
        "one": 8,
        "two": 7,
        "users$6935999f": 12,
    }
    tagged = json.loads(folder.ok("ls", "--json", "--tag", "blue"))
    assert [item["key"] for item in tagged["items"]] == ["two"]
    named = json.loads(folder.ok("ls", "--json", "--namespace", "users"))
    assert [item["namespace"] for item in named["items"]] == ["users"]
    plain = json.loads(folder.ok("ls", "--json", "--namespace", "users", "--key", "user:1"))
    assert len(plain["items"]) == 1
    assert folder.ok("get", "two", "--raw") == "[1,  2]"
    assert folder.ok("get", "--key", "user:1", "--namespace", "users", "--raw") == '"plain text"'
    shown = folder.ok("get", "one")
    assert '"a": 1' in shown
    assert "first" in shown
    assert json.loads(folder.ok("get", "one", "--json"))["value"] == {"a": 1}
    assert "Deleted 'one'" in folder.ok("rm", "one")
    assert folder.run("get", "one").exit_code == 1
    result = folder.run("rm", "two", "one")
    assert result.exit_code == 1
    assert "Deleted 'two'" in result.stdout
    assert "There is no fresh item 'one'" in result.stderr


def test_tags_stats_and_clear(folder: Folder) -> None:
    for number in range(3):
        folder.ok("set", f"k{number}", "12345", "--tag", "all", "--tag", f"t{number}")
    assert "Expired 't0': 1 item." in folder.ok("expire-tag", "t0")
    missing = folder.run("expire-tag", "t0")
    assert (missing.exit_code, "No fresh item has the tag 't0'" in missing.stderr) == (1, True)
    stats = json.loads(folder.ok("stats", "--json"))
    assert (stats["stats"]["items"], stats["stats"]["bytes"]) == (2, 10)
    assert stats["stats"]["tags"][0] == {"tag": "all", "items": 2, "bytes": 10}
    assert "hit rate" in folder.ok("stats")
    folder.ok("clear")
    empty = folder.run("ls")
    assert (empty.exit_code, empty.stdout) == (0, ""), "an empty list is no failure"
    assert "No items in shop, development, iad1" in empty.stderr


def test_export_and_import(folder: Folder, tmp_path: Path) -> None:
    file = tmp_path / "items.jsonl"
    folder.ok("set", "text", '{"ü": [1,  2]}', "--tag", "t", "--ttl", "1000", "--name", "n")
    folder.ok("set", "bytes", "-", "--raw", stdin=b"\xff\x00")
    folder.ok("export", str(file))
    before = json.loads(folder.ok("ls", "--json"))["items"]
    folder.ok("clear")
    folder.ok("import", str(file))
    after = json.loads(folder.ok("ls", "--json"))["items"]
    for item in (*before, *after):
        item.pop("age")
        item["ttl"] = item["ttl"] and round(item["ttl"], -2)
    assert after == before
    assert folder.run("get", "bytes", "--raw").stdout_bytes == b"\xff\x00"
    assert folder.ok("get", "text", "--raw") == '{"ü": [1,  2]}'
    result = folder.run("import", stdin=b'{"key":"ok","body":"1"}\n{"key":1}\n')
    assert isinstance(result.exception, EmuError)
    assert ":2: " in result.exception.message
    assert folder.ok("get", "ok", "--raw") == "1"


def test_a_key_is_called_what_was_typed(folder: Folder) -> None:
    plain = ("--key", "visits", "--namespace", "site")
    shown = "'visits' of namespace 'site' (stored as 'site$761ac7e7')"
    assert folder.ok("set", "1", *plain) == f"Stored {shown}.\n"
    assert folder.ok("ls", *plain).splitlines()[1].startswith("visits site$761ac7e7 ")
    assert folder.ok("rm", *plain) == f"Deleted {shown}.\n"
    for command in ("rm", "get"):
        lost = folder.run(command, *plain)
        assert (lost.exit_code, f"no fresh item {shown}" in lost.stderr) == (1, True)
    assert f"No items with key {shown} in" in folder.run("ls", *plain).stderr


def test_environments_and_regions(folder: Folder) -> None:
    folder.ok("set", "k", "1", "--env", "preview", "--region", "fra1")
    lost = folder.run("ls")
    assert lost.exit_code == 0
    assert "--env preview --region fra1" in lost.stderr
    assert "k" in folder.ok("ls", "--env", "preview", "--region", "fra1")


def test_limits_hold_here_too(folder: Folder) -> None:
    tags = [part for number in range(129) for part in ("--tag", f"t{number}")]
    error = folder.error("set", "k", "1", *tags)
    assert "Too many cache tags: 129" in error.message
    assert folder.run("set", "k", "1", "--ttl", "soon").exit_code == 2
    assert folder.run("get", "a", "--key", "b").exit_code == 2


def fill(path: Path, count: int) -> None:
    """Many items at once, beside the one that the file has."""
    with sqlite3.connect(path) as connection:
        connection.execute(
            "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
            "INSERT INTO items (scope, key, name, tags, size, weight, created, sequence, used) "
            "SELECT scope, printf('k%06d', i), '', json_array(printf('t%d', i % 10)), 1, 300, "
            "created, 0, i FROM n, items WHERE key = 'k'",
            (count - 1,),
        )
        connection.execute(
            "INSERT INTO bodies SELECT id, '1' FROM items WHERE id NOT IN (SELECT id FROM bodies)"
        )
    connection.close()


def test_a_hundred_thousand_items_are_paged(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    root.mkdir()
    folder = Folder(root)
    folder.ok("set", "k", "1")
    fill(folder.path, 100_000)
    first = json.loads(folder.ok("ls", "--json"))
    second = json.loads(folder.ok("ls", "--json", "--after", first["next"], "--tag", "t3"))
    assert [len(first["items"]), len(second["items"])] == [100, 100]
    assert second["items"][0]["key"] == "k000103"  # the first page had k, k000000...


class TestClearMessages:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Folder:
        root = tmp_path / "shop"
        root.mkdir()
        return Folder(root)

    def test_no_cache(self, folder: Folder) -> None:
        error = folder.error("ls")
        assert error.code == "NO_CACHE"
        assert str(folder.path) in error.message
        assert "vercel-emu dev" in (error.hint or "")
        assert not folder.path.exists()
        assert folder.error("ls", "--cache", "memory").code == "NO_CACHE"

    def test_a_wrong_store(self, folder: Folder) -> None:
        assert folder.error("ls", "--cache", "mysql://x").code == "INVALID_CACHE"

    def test_a_locked_file(self, folder: Folder) -> None:
        folder.ok("set", "k", "1")
        with sqlite3.connect(folder.path, isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            assert "k" in folder.ok("ls"), "reading goes on"
            error = folder.error("set", "k", "2")
            other.execute("ROLLBACK")
        other.close()
        assert error.code == "CACHE_BUSY"
        assert "holds a lock" in (error.hint or "")

    def test_a_newer_schema(self, folder: Folder) -> None:
        folder.ok("set", "k", "1")
        with sqlite3.connect(folder.path) as other:
            other.execute("PRAGMA user_version = 99")
        other.close()
        error = folder.error("ls")
        assert error.code == "CACHE_TOO_NEW"
        assert "Upgrade" in (error.hint or "")

    def test_a_silent_emulator(self, folder: Folder) -> None:
        with emulator(folder.root):
            pass
        with announced(folder.root, silent(os.getpid())):
            assert folder.error("ls").code == "EMULATOR_SILENT"

    def test_an_emulator_that_was_killed_is_none(self, folder: Folder) -> None:
        """Whatever process has its number now."""
        folder.ok("set", "k", "1")
        with announced(folder.root, silent(os.getppid())):
            assert "k" in folder.ok("ls")
            assert not list((folder.root / ".vercel" / "emu" / "run").iterdir())


def silent(pid: int) -> RunningEmulator:
    """Nobody listens where it says."""
    return RunningEmulator(
        pid=pid,
        url="",
        control_url="http://127.0.0.1:9",
        token="",
        project="shop",
        environment="development",
        region="iad1",
        cache="file",
        started_at=0,
    )


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (59.9, "59s"),
        (3599.7, "59m 59s"),
        (3600, "1h 0m"),
        (86_399.9, "23h 59m"),
        (172_800, "2d"),
        (1e300, "centuries"),
    ],
)
def test_times_are_never_rounded_up(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text

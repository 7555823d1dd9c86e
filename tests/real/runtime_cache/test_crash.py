"""The listener killed with SIGKILL at random moments: no acknowledged write is lost or torn."""

from __future__ import annotations

import http.client
import random
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

from tests.real.support import PATIENCE
from vercel_emu.runtime_cache.sqlite.file import connect

KILLS = 25
THREADS = 4
TOKEN = "test-token"

SERVER = """
import asyncio, sys
from pathlib import Path
import uvicorn
from vercel_emu.runtime_cache import Scope, open_store
from vercel_emu.runtime_cache.http_api import RuntimeCacheAPI

async def main(path):
    store = open_store("file", path=Path(path), emit=lambda event: print(event, file=sys.stderr))
    api = RuntimeCacheAPI(store, Scope("crash"), "test-token", lambda event: None)
    config = uvicorn.Config(api, port=0, log_level="error", lifespan="off", http="httptools")
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    api.port = server.servers[0].sockets[0].getsockname()[1]
    print(api.port, flush=True)
    await server.main_loop()

asyncio.run(main(sys.argv[1]))
"""


def value(thread: int, turn: int) -> bytes:
    """A body that shows whether it is whole: every part of it says whose it is."""
    return f"[{thread},{turn}]".encode() * (1 + turn * 37 % 900)


class Writer(threading.Thread):
    """Writes item after item; remembers the last acknowledged, and the one under way."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number
        self.port = 0
        self.acknowledged: dict[str, int] = {}
        self.under_way: tuple[str, int] = ("", 0)
        self.turn = 0
        self.first_write = threading.Event()

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        headers = {"authorization": f"Bearer {TOKEN}", "x-vercel-cache-tags": f"t{self.number}"}
        try:
            while True:
                self.turn += 1
                key = f"w{self.number}-{self.turn % 20}"
                self.under_way = (key, self.turn)
                body = value(self.number, self.turn)
                connection.request("POST", f"/v1/suspense-cache/{key}", body, headers)
                answer = connection.getresponse()
                answer.read()
                assert answer.status == 200
                self.acknowledged[key] = self.turn
                self.first_write.set()
        except (OSError, http.client.HTTPException):
            pass  # the server was killed
        finally:
            connection.close()


def stored(path: Path) -> dict[str, bytes]:
    with closing(connect(path, busy_timeout_ms=1000, cache_kb=1024)) as reader:
        assert reader.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert reader.execute("SELECT items, bytes FROM totals").fetchone() == (
            reader.execute("SELECT count(*), total(size) FROM items").fetchone()
        )
        return dict(reader.execute("SELECT key, body FROM items JOIN bodies USING (id)"))


def test_killed_25_times(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite3"
    rng = random.Random(8)
    acknowledged: dict[str, int] = {}
    turn = 0
    for _ in range(KILLS):
        server = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(path)], stdout=subprocess.PIPE, text=True
        )
        try:
            assert server.stdout is not None
            port = int(server.stdout.readline())
            writers = [Writer(number) for number in range(THREADS)]
            for writer in writers:
                writer.port, writer.turn = port, turn
                writer.start()
            for writer in writers:
                assert writer.first_write.wait(PATIENCE)
            threading.Event().wait(rng.uniform(0, 0.03))  # the random moment
        finally:
            server.kill()
            server.communicate()
        for writer in writers:
            writer.join()
        turn = max(writer.turn for writer in writers)
        kept = stored(path)
        for writer in writers:
            for key, last in writer.acknowledged.items():
                allowed = {value(writer.number, last)}
                if writer.under_way[0] == key:  # written, though never acknowledged
                    allowed.add(value(writer.number, writer.under_way[1]))
                assert kept[key] in allowed
            acknowledged |= writer.acknowledged
        assert kept.keys() >= acknowledged.keys()
    assert turn > KILLS


FULL = """
import asyncio, resource, signal, sys
from pathlib import Path
from vercel_emu.runtime_cache import Scope, StoreUnavailableError, open_store

async def main(path):
    notices = []
    store = open_store("file", path=Path(path), emit=notices.append)
    scope = Scope("full")
    await store.set(scope, "before", b"1")
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
    failed = 0
    for number in range(60):
        try:
            await store.set(scope, f"k{number}", b"x" * 50_000)
        except StoreUnavailableError:
            failed += 1
        assert await store.get(scope, "before")
    assert failed > 20, failed
    assert [notice.level for notice in notices] == ["warn"], notices
    assert (await store.get(scope, "before")).body == b"1"
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await store.set(scope, "after", b"2")
    assert (await store.get(scope, "after")).body == b"2"
    await store.close()
    print(notices[0].code, notices[0].message, notices[-1].level)

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
asyncio.run(main(sys.argv[1]))
"""


def test_a_full_disk_is_a_failed_set_and_one_warning(tmp_path: Path) -> None:
    """A limit on the size of files fails writes as a full disk does."""
    path = tmp_path / "cache.sqlite3"
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert str(path) in done.stdout
    with closing(sqlite3.connect(path)) as reader:
        assert reader.execute("PRAGMA integrity_check").fetchall() == [("ok",)]

"""Saves and what the next requests get: a whole emulator, real processes, real files."""

from __future__ import annotations

import os
import random
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.real.support import PATIENCE, Emulation, alive, emulation, wait_until
from vercel_emu import events

ASGI = """
import asyncio, os, pathlib

VERSION = {version}

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    body = b""
    while (message := await receive())["type"] == "http.request":
        body += message["body"]
        if not message.get("more_body"):
            break
    path = scope["path"]
    if path == "/slow":
        await asyncio.sleep(1.0)
    if path == "/held":
        while not pathlib.Path("../released").exists():
            await asyncio.sleep(0.01)
    text = str(VERSION)
    if path == "/env":
        text = os.environ.get("COLOUR", "none")
    if path == "/data":
        text = pathlib.Path("data.json").read_text()
    if path == "/post":
        text += f" {{len(body)}}"
    await send({{"type": "http.response.start", "status": 200,
                "headers": [(b"content-type", b"text/html")]}})
    if path == "/stream":
        for _ in range(10):
            await send({{"type": "http.response.body", "body": text.encode() + b"\\n",
                        "more_body": True}})
            await asyncio.sleep(0.02)
        text = "end"
    await send({{"type": "http.response.body", "body": text.encode()}})
"""


def version(number: object) -> str:
    return ASGI.format(version=number)


def project(tmp_path: Path, files: dict[str, str] | None = None, **options: Any) -> Emulation:
    """A running emulator that reloads, with a standby unless told otherwise."""
    options = {"reload": True, "standby": True, "app": "app:app", **options}
    return emulation(tmp_path / "p", {"app.py": version(0), **(files or {})}, **options)


def save(emulator: Emulation, text: str, name: str = "app.py") -> None:
    (emulator.root / name).write_text(text)


def test_the_request_after_a_save_gets_the_new_code(tmp_path: Path) -> None:
    with project(tmp_path) as emulator, emulator.client() as client:
        assert client.get("/").text == "0"
        for number in range(1, 8):
            save(emulator, version(number))
            assert client.get("/").text == str(number)
        assert len(emulator.events.all(events.Reloading)) == 7
        assert not emulator.events.all(events.InstanceFailed)


def test_the_first_reload_of_a_session_has_a_prepared_standby(tmp_path: Path) -> None:
    app = version(0).replace("import asyncio", "import fastapi, asyncio", 1)
    with project(tmp_path, {"app.py": app}) as emulator:
        assert emulator.get("/").text == "0"
        emulator.events.wait(events.StandbyReady)
        wait_until(lambda: emulator.pool.preloaded > 100)
        save(emulator, app + "\n")
        assert emulator.get("/").text == "0"
        assert emulator.events.wait(events.Reloaded).warm_standby
    with project(tmp_path, {"app.py": app}) as emulator:
        ready = emulator.events.wait(events.StandbyReady)
        assert ready.modules > 100
        assert ready.memory_mb >= 0


def test_a_running_request_finishes_on_the_old_code(tmp_path: Path) -> None:
    with project(tmp_path) as emulator:
        emulator.wait_ready()
        answers: list[str] = []
        slow = threading.Thread(target=lambda: answers.append(emulator.get("/held").text))
        slow.start()
        emulator.events.wait(events.InvocationStarted, lambda e: e.path == "/held")
        save(emulator, version(1))
        assert emulator.get("/").text == "1"
        assert answers == []
        (emulator.root.parent / "released").touch()
        slow.join()
        assert answers == ["0"]
        emulator.events.wait(events.InstanceStopped)
        wait_until(lambda: len(emulator.instances()) == 2)


@dataclass
class Load:
    """Users who send requests without a pause and check that no answer is older than it may be."""

    emulator: Emulation
    saves: list[int] = field(default_factory=lambda: [0])
    answered: int = 0
    """How many requests there were, about: users count without a lock."""
    wrong: list[str] = field(default_factory=list)
    stopping: bool = False

    def user(self, seed: int) -> None:
        kinds = random.Random(seed)
        with self.emulator.client() as client:
            while not self.stopping:
                path = kinds.choice(["/", "/", "/", "/", "/stream", "/post", "/slow"])
                least = self.saves[-1]
                try:
                    self.check(path, least, client)
                except (httpx.HTTPError, AssertionError, ValueError) as error:
                    self.wrong.append(f"{path}: {error!r}")
                self.answered += 1

    def check(self, path: str, least: int, client: httpx.Client) -> None:
        body = os.urandom(100_000) if path == "/post" else None
        answer = client.request("POST" if body else "GET", path, content=body)
        assert answer.status_code == 200, answer.text
        words = answer.text.split()
        assert int(words[0]) >= least, f"{words[0]} is older than {least}"
        if path == "/post":
            assert words[1] == "100000"
        if path == "/stream":
            assert words == [words[0]] * 10 + ["end"]


def test_no_request_fails_or_sees_old_code_under_load(tmp_path: Path) -> None:
    """A short form; `benchmarks/reload.py --load` is the long one."""
    with project(tmp_path) as emulator:
        emulator.wait_ready()
        load = Load(emulator)
        users = [threading.Thread(target=load.user, args=(seed,)) for seed in range(8)]
        for user in users:
            user.start()
        pauses = random.Random(1)
        for number in range(1, 13):
            if number % 3:
                save(emulator, version(number))
            else:
                save(emulator, version(number), ".app.py.tmp")
                (emulator.root / ".app.py.tmp").replace(emulator.root / "app.py")
            load.saves.append(number)
            enough = load.answered + pauses.randint(1, 60)
            wait_until(lambda: load.answered >= enough)  # noqa: B023
        load.stopping = True
        for user in users:
            user.join()
        assert load.wrong == []
        pids = [one.process.pid for one in emulator.instances()]
        wait_until(lambda: len(emulator.instances()) <= 2)
    assert not [pid for pid in pids if pid and alive(pid)]


def test_data_and_environment_and_static_files(tmp_path: Path) -> None:
    files = {"data.json": "[1]", ".env": "COLOUR=red\n", "public/a.txt": "one"}
    with project(tmp_path, files) as emulator:
        assert emulator.get("/data").text == "[1]"
        assert emulator.get("/env").text == "red"
        save(emulator, "[2]", "data.json")
        assert emulator.get("/data").text == "[2]"
        save(emulator, "COLOUR=green\n", ".env.local")
        assert emulator.get("/env").text == "green"
        reloads = len(emulator.events.all(events.Reloading))
        save(emulator, "two", "public/a.txt")
        assert emulator.get("/a.txt").text == "two"
        assert emulator.get("/env").text == "green"
        assert len(emulator.events.all(events.Reloading)) == reloads == 2


def test_new_rules_need_no_restart_and_wrong_ones_are_refused(tmp_path: Path) -> None:
    def rules(source: str) -> str:
        return f'{{"redirects": [{{"source": "{source}", "destination": "/"}}]}}'

    with project(tmp_path, {"vercel.json": rules("/old")}) as emulator:
        emulator.wait_ready()
        assert emulator.get("/old").status_code == 308
        save(emulator, rules("/older"), "vercel.json")
        assert emulator.get("/old").status_code == 200
        assert emulator.get("/older").status_code == 308
        save(emulator, '{"redirects": 1}', "vercel.json")
        notice = emulator.events.wait(events.Notice, lambda e: e.level == "error")
        assert "vercel.json" in notice.message
        assert "redirects" in notice.message
        assert emulator.get("/older").status_code == 308
        assert not emulator.events.all(events.Reloading)


def test_functions_that_come_and_go(tmp_path: Path) -> None:
    function = (
        "from http.server import BaseHTTPRequestHandler\n"
        "class handler(BaseHTTPRequestHandler):\n"
        "    def do_GET(self):\n"
        "        self.send_response(200); self.end_headers(); self.wfile.write(b'{}')\n"
    )
    files = {"api/a.py": function.format("a")}
    with emulation(tmp_path / "p", files, reload=True, standby=True) as emulator:
        assert emulator.get("/api/a").text == "a"
        assert emulator.get("/api/b").status_code == 404
        save(emulator, function.format("b"), "api/b.py")
        assert emulator.get("/api/b").text == "b"
        (emulator.root / "api" / "a.py").unlink()
        assert emulator.get("/api/a").status_code == 404
        assert emulator.get("/api/b").text == "b"


def test_reload_by_hand_starts_from_scratch(tmp_path: Path) -> None:
    with project(tmp_path) as emulator:
        emulator.wait_ready()
        emulator.events.wait(events.StandbyReady)
        emulator._loop.call_soon_threadsafe(emulator.project.reload)
        reloaded = emulator.events.wait(events.Reloaded)
        assert not reloaded.warm_standby
        assert emulator.get("/").text == "0"


def test_without_reload_nothing_is_watched(tmp_path: Path) -> None:
    with project(tmp_path, reload=False) as emulator:
        emulator.wait_ready()
        save(emulator, version(1))
        assert emulator.get("/").text == "0"
        assert len(emulator.instances()) == 1


def test_by_polling(tmp_path: Path) -> None:
    with project(tmp_path, poll=True, standby=False) as emulator:
        emulator.wait_ready()
        save(emulator, version(1))
        emulator.events.wait(events.Reloaded)
        assert emulator.get("/").text == "1"


def test_several_instances_are_spread_evenly_and_all_swapped(tmp_path: Path) -> None:
    counter = """
COUNT = {start}
async def app(scope, receive, send):
    global COUNT
    COUNT += 1
    await send({{"type": "http.response.start", "status": 200, "headers": []}})
    await send({{"type": "http.response.body", "body": str(COUNT).encode()}})
"""
    files = {"app.py": counter.format(start=0)}
    with project(tmp_path, files, instances=3, standby=False) as emulator:
        emulator.events.wait(events.InstanceReady, count=3)
        with emulator.client() as client:
            for _ in range(300):
                client.get("/")
            served = [event.instance for event in emulator.events.all(events.InvocationStarted)]
            shares = [served.count(name) for name in set(served)]
            assert len(shares) == 3
            assert max(shares) - min(shares) <= 0.2 * 100
            save(emulator, counter.format(start=1000))
            assert int(client.get("/").text) > 1000
            emulator.events.wait(events.InstanceReady, count=6)
            counts = [int(client.get("/").text) for _ in range(6)]
            assert all(count > 1000 for count in counts)
            assert len(set(counts)) < 6  # each instance counts for itself
        assert not emulator.events.all(events.InstanceFailed)


@pytest.mark.parametrize("grace", [0.2])
def test_an_endless_stream_on_old_code_is_cut_after_its_grace(tmp_path: Path, grace: float) -> None:
    app = """
import asyncio
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-type", b"text/event-stream")]})
    while True:
        await send({"type": "http.response.body", "body": b"data: x\\n\\n", "more_body": True})
        await asyncio.sleep(0.05)
"""
    with project(tmp_path, {"app.py": app}, stream_grace=grace) as emulator:
        with emulator.client() as client, client.stream("GET", "/") as response:
            lines = response.iter_lines()
            next(lines)
            save(emulator, version(1))
            assert emulator.get("/").text == "1"
            with pytest.raises(httpx.RemoteProtocolError):
                for _ in lines:
                    pass
        emulator.events.wait(events.InstanceStopped)


def test_a_websocket_on_old_code_is_closed_with_service_restart(tmp_path: Path) -> None:
    app = """
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        return
    await receive()
    await send({"type": "websocket.accept"})
    while (await receive())["type"] != "websocket.disconnect":
        await send({"type": "websocket.send", "text": "echo"})
"""
    with project(tmp_path, {"app.py": app}, stream_grace=0.2) as emulator:
        emulator.wait_ready()
        with connect(emulator.ws, open_timeout=PATIENCE, proxy=None) as socket:
            socket.send("x")
            assert socket.recv(timeout=PATIENCE) == "echo"
            save(emulator, app + "# changed\n")
            with pytest.raises(ConnectionClosed) as closed:
                socket.recv(timeout=PATIENCE)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012

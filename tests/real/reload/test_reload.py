"""Saves and what the next requests get: a whole emulator, real processes, real files."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.real.reload.load import Load, version
from tests.real.support import PATIENCE, Emulation, alive, emulation, wait_until
from vercel_emu import events


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


def test_no_request_fails_or_sees_old_code_under_load(tmp_path: Path) -> None:
    """A short form; `make soak` has the long one."""
    with project(tmp_path) as emulator:
        emulator.wait_ready()
        load = Load(emulator, emulator.root)
        load.start(8)
        for number in range(1, 13):
            load.save(number)
        load.stop()
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

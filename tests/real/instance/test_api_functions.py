"""Files in `api/` as functions: paths, kinds, instances of their own, streams, reloads."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from tests.real.conftest import Emulate
from tests.real.support import Emulation, read_to_end, read_until
from vercel_emu import events

ASGI = """
import os

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    text = f"{os.getpid()} {scope['path']}?{scope['query_string'].decode()}"
    start = {"type": "http.response.start", "status": 200, "headers": []}
    await send(start)
    await send({"type": "http.response.body", "body": text.encode()})
"""
WSGI = """
import os

def app(environ, start_response):
    start_response("200 OK", [("content-type", "text/plain")])
    return [f"{os.getpid()} wsgi {environ['PATH_INFO']}?{environ['QUERY_STRING']}".encode()]
"""
HANDLER = """
import os
from http.server import BaseHTTPRequestHandler

class handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"{os.getpid()} handler {self.path}".encode())
"""
FUNCTIONS = {
    "api/index.py": ASGI,
    "api/hello.py": WSGI,
    "api/users/[id].py": HANDLER,
    "api/users/me.py": ASGI,
    "api/[team]/[id]/info.py": HANDLER,
    "api/_shared.py": "app = None\n",
    "api/helper.py": "value = 1\n",
    "api/broken.py": "import there_is_no_such_module\n\napp = None\n",
}


def said(response: httpx.Response) -> str:
    """What a function answered, without its process id."""
    assert response.status_code == 200, response.text
    return response.text.partition(" ")[2]


def starts(emulation: Emulation) -> list[str]:
    """The functions that instances were started of, in order."""
    return [event.function for event in emulation.events.all(events.InstanceStarting)]


@pytest.mark.parametrize("manifest", [{}, {"requirements.txt": "# none\n"}], ids=["bare", "pip"])
def test_every_file_is_its_own_function(emulate: Emulate, manifest: dict[str, str]) -> None:
    emulation = emulate({**FUNCTIONS, **manifest, "vercel.json": '{"framework": null}'})
    assert starts(emulation) == []
    assert said(emulation.get("/api/hello?a=1")) == "wsgi /api/hello?a=1"
    assert starts(emulation) == ["api/hello"]
    assert said(emulation.get("/api/hello/")) == "wsgi /api/hello/?"
    assert said(emulation.get("/api/hello.py")) == "wsgi /api/hello.py?"
    assert said(emulation.get("/api")) == "/api?"
    assert said(emulation.get("/api/index")) == "/api/index?"
    assert said(emulation.get("/api/users/me")) == "/api/users/me?"
    assert said(emulation.get("/api/users/7?x=y")) == "handler /api/users/7?id=7&x=y"
    text = said(emulation.get("/api/red/7/info"))
    assert text == "handler /api/red/7/info?team=red&id=7"
    for path in ("/api/nothing", "/api/_shared", "/api/helper", "/other"):
        assert emulation.get(path).status_code == 404, path
    pids = {emulation.get(path).text.split()[0] for path in ("/api", "/api/hello")}
    assert len(pids) == 2
    assert sorted(set(starts(emulation))) == [
        *("api/[team]/[id]/info", "api/hello", "api/index", "api/users/[id]", "api/users/me"),
    ]


def test_functions_with_requirements_need_no_settings(emulate: Emulate) -> None:
    files = {"api/hello.py": WSGI, "api/users/[id].py": HANDLER, "requirements.txt": "flask\n"}
    emulation = emulate(files)
    assert said(emulation.get("/api/hello")) == "wsgi /api/hello?"
    assert said(emulation.get("/api/users/5")) == "handler /api/users/5?id=5"
    assert emulation.get("/").status_code == 404


def test_a_broken_function_fails_alone(emulate: Emulate) -> None:
    emulation = emulate({**FUNCTIONS, "vercel.json": '{"framework": null}'})
    page = emulation.get("/api/broken", headers={"accept": "text/html"})
    assert page.status_code == 500
    assert "FUNCTION_INVOCATION_FAILED" in page.text
    assert "there_is_no_such_module" in page.text
    assert "api/broken.py:1" in page.text
    assert said(emulation.get("/api/hello")) == "wsgi /api/hello?"


def test_settings_are_each_functions_own(emulate: Emulate) -> None:
    slow = "import threading\n" + WSGI.replace(
        "    start_response", "    threading.Event().wait()\n    start_response"
    )
    config = '{"framework": null, "functions": {"api/slow*.py": {"maxDuration": 1, "memory": 512}}}'
    emulation = emulate({**FUNCTIONS, "api/slow.py": slow, "vercel.json": config})
    answer = emulation.get("/api/slow")
    assert answer.status_code == 504
    assert answer.headers["x-vercel-error"] == "FUNCTION_INVOCATION_TIMEOUT"
    functions = {one.name: one for one in emulation.project.prepared.project.functions}
    assert functions["api/slow"].memory_mb == 512
    assert functions["api/hello"].max_duration == 300


def test_idle_functions_end_and_start_again(emulate: Emulate) -> None:
    files = {**FUNCTIONS, "vercel.json": '{"framework": null}'}
    emulation = emulate(files, idle_timeout=300)
    first = emulation.get("/api/hello").text
    pool = emulation.project.pools["api/hello"]
    assert pool.settings.idle_timeout == 300
    settings, pool.settings = pool.settings, replace(pool.settings, idle_timeout=0.1)
    stopped = emulation.events.wait(events.InstanceStopped)
    pool.settings = settings
    assert (stopped.function, stopped.reason) == ("api/hello", "idle")
    second = emulation.get("/api/hello").text
    assert first.split()[0] != second.split()[0]
    assert emulation.response("/api/hello", 2).cold


def test_a_slow_start_is_no_idle_time(emulate: Emulate, tmp_path: Path) -> None:
    go_on = tmp_path / "go-on"
    wait = f"import os, time\nwhile not os.path.exists({str(go_on)!r}):\n    time.sleep(0.01)\n"
    files = {"api/slow.py": wait + WSGI, "vercel.json": '{"framework": null}'}
    emulation = emulate(files, idle_timeout=0.05)
    with ThreadPoolExecutor() as threads:
        answer = threads.submit(emulation.get, "/api/slow")
        emulation.events.wait(events.InstanceStarting)

        async def look() -> None:
            emulation.pool.last_used = 0.0
            emulation.pool.stop_if_idle()

        emulation.run(look())
        go_on.touch()
        assert answer.result().status_code == 200


def test_functions_cost_nothing_until_called(emulate: Emulate) -> None:
    files = {f"api/f{number}.py": WSGI for number in range(20)}
    emulation = emulate({**files, "vercel.json": '{"framework": null}'})
    said(emulation.get("/api/f3"))
    said(emulation.get("/api/f11"))
    assert sorted(one.function for one in emulation.instances()) == ["api/f11", "api/f3"]


WAIT = """
import os, time

def until_read():
    while not os.path.exists(os.environ["HAS_READ_THE_FIRST"]):
        time.sleep(0.01)
"""
STREAMS = {
    "asgi": """
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"one\\n", "more_body": True})
    await asyncio.to_thread(until_read)
    await send({"type": "http.response.body", "body": b"two\\n"})
""",
    "wsgi": """
def app(environ, start_response):
    start_response("200 OK", [("content-type", "text/plain")])
    yield b"one\\n"
    until_read()
    yield b"two\\n"
""",
    "handler": """
class handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"one\\n")
        until_read()
        self.wfile.write(b"two\\n")
""",
}
IMPORTS = "import asyncio\nfrom http.server import BaseHTTPRequestHandler\n"


@pytest.mark.parametrize("kind", list(STREAMS))
def test_streams_arrive_chunk_by_chunk(emulate: Emulate, tmp_path: Path, kind: str) -> None:
    mark = tmp_path / "read"
    files = {
        f"api/{kind}.py": IMPORTS + WAIT + STREAMS[kind],
        ".env": f"HAS_READ_THE_FIRST={mark}\n",
        "vercel.json": '{"framework": null}',
    }
    emulation = emulate(files)
    with emulation.connect() as connection:
        connection.sendall(f"GET /api/{kind} HTTP/1.1\r\nhost: x\r\n".encode())
        connection.sendall(b"connection: close\r\n\r\n")
        first = read_until(connection, b"one\n")
        assert b"two\n" not in first
        mark.touch()
        assert b"two\n" in read_to_end(connection)


def pid(response: httpx.Response) -> str:
    found = re.match(r"\d+", response.text)
    assert found, response.text
    return found[0]


def test_a_save_reloads_only_the_function_it_concerns(emulate: Emulate) -> None:
    importing = "import shared\n" + WSGI
    files = {
        "api/a.py": importing,
        "api/b.py": WSGI,
        "shared.py": "x = 1\n",
        "vercel.json": '{"framework": null}',
        "public/index.html": "hello",
    }
    emulation = emulate(files, reload=True)
    a, b = pid(emulation.get("/api/a")), pid(emulation.get("/api/b"))
    (emulation.root / "api/b.py").write_text(WSGI.replace("wsgi", "changed"))
    assert "changed" in emulation.get("/api/b").text
    assert pid(emulation.get("/api/a")) == a
    b = pid(emulation.get("/api/b"))
    (emulation.root / "shared.py").write_text("x = 2\n")
    assert pid(emulation.get("/api/a")) != a
    assert pid(emulation.get("/api/b")) == b


def test_functions_come_and_go(emulate: Emulate) -> None:
    emulation = emulate({"api/a.py": WSGI, "vercel.json": '{"framework": null}'}, reload=True)
    a = pid(emulation.get("/api/a"))
    (emulation.root / "api/new.py").write_text(WSGI)
    assert said(emulation.get("/api/new")) == "wsgi /api/new?"
    assert pid(emulation.get("/api/a")) == a
    (emulation.root / "api/new.py").unlink()
    assert emulation.get("/api/new").status_code == 404
    assert pid(emulation.get("/api/a")) == a
    (emulation.root / "api/part").mkdir()
    (emulation.root / "api/part/[id].py").write_text(WSGI)
    assert said(emulation.get("/api/part/5")) == "wsgi /api/part/5?id=5"


def test_the_standby_follows_the_function_in_use(emulate: Emulate) -> None:
    files = {**FUNCTIONS, "vercel.json": '{"framework": null}'}
    emulation = emulate(files, reload=True, standby=True)
    said(emulation.get("/api/hello"))
    said(emulation.get("/api/users/me"))
    emulation.events.wait(events.StandbyReady)
    assert len(emulation.instances()) == 3


def test_with_a_preset_the_one_app_receives_everything(emulate: Emulate) -> None:
    files = {"app.py": ASGI, "api/other.py": WSGI, "vercel.json": '{"framework": "flask"}'}
    emulation = emulate(files)
    assert said(emulation.get("/api/other?x=1")) == "/api/other?x=1"
    assert said(emulation.get("/")) == "/?"
    assert set(starts(emulation)) == {"app"}

"""What runs beside the app (`vercel_emu/guest`), under every Python that this machine has."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.real.conftest import Emulate
from tests.real.interpreters import interpreters
from tests.real.support import wait_until
from vercel_emu import events

ASGI = """
import asyncio
import json
import sys
from types import SimpleNamespace
from vercel.functions import RuntimeCache, geolocation, get_env, wait_until

VERSION = 1

async def later():
    await asyncio.sleep(0)
    RuntimeCache(namespace="n").set("later", VERSION)
    print("after the answer")

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
    print("asked for", scope["path"])
    if scope["path"] == "/write":
        with open("out.txt", "w") as file:
            file.write("x")
    if scope["path"] == "/later":
        wait_until(later())
    answer = {
        "python": ".".join(map(str, sys.version_info[:3])),
        "version": VERSION,
        "city": geolocation(SimpleNamespace(headers=headers))["city"],
        "env": get_env().VERCEL_ENV,
        "later": RuntimeCache(namespace="n").get("later"),
    }
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps(answer).encode()})
"""
HANDLER = """
import sys
from http.server import BaseHTTPRequestHandler

class handler(BaseHTTPRequestHandler):
    def do_GET(self):
        print("asked for", self.path, file=sys.stderr)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(".".join(map(str, sys.version_info[:3])).encode())
"""


@pytest.fixture(params=interpreters().items(), ids=lambda one: str(one[0]))
def interpreter(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    """A version, and an environment of that Python with no packages at all."""
    version, python = request.param
    folder = tmp_path / "environment"
    subprocess.run([python, "-m", "venv", "--without-pip", folder], check=True)
    return version, folder / "bin" / "python"


def test_an_asgi_app(emulate: Emulate, interpreter: tuple[str, Path]) -> None:
    version, python = interpreter
    given: dict[str, Any] = {"reload": True, "standby": True, "ignore": ("*.txt",)}
    emulator = emulate({"app.py": ASGI}, python=python, **given)
    first = emulator.get("/first", headers={"x-emu-visitor": "Tokyo"}).json()
    assert first == {
        "python": version,
        "version": 1,
        "city": "Tokyo",
        "env": "development",
        "later": None,
    }
    line = emulator.events.wait(events.LogLine, lambda e: e.text == "asked for /first")
    assert line.invocation_id == emulator.response("/first").invocation_id

    emulator.get("/later")
    sent = emulator.response("/later")
    emulator.events.wait(events.InvocationEnded, lambda e: e.invocation_id == sent.invocation_id)
    done = emulator.events.wait(events.LogLine, lambda e: e.text == "after the answer")
    assert done.invocation_id == sent.invocation_id
    assert emulator.get("/").json()["later"] == 1

    emulator.get("/write")
    told = emulator.events.wait(events.Notice, lambda e: e.code == "READ_ONLY_FILE_SYSTEM")
    line_of_open = 1 + ASGI[: ASGI.index("with open(")].count("\n")
    assert told.message.startswith(f"app.py:{line_of_open}: writing out.txt")

    emulator.events.wait(events.StandbyReady)
    wait_until(lambda: emulator.pool.preloaded > 0)
    (emulator.root / "app.py").write_text(ASGI.replace("VERSION = 1", "VERSION = 2"))
    assert emulator.get("/").json()["version"] == 2
    assert emulator.events.wait(events.Reloaded).warm_standby
    assert not emulator.events.all(events.InstanceFailed)


def test_a_handler(emulate: Emulate, interpreter: tuple[str, Path]) -> None:
    version, python = interpreter
    emulator = emulate({"app.py": HANDLER}, python=python)
    assert emulator.get("/first").text == version
    line = emulator.events.wait(events.LogLine, lambda e: e.text == "asked for /first")
    assert line.invocation_id == emulator.response("/first").invocation_id
    assert not emulator.events.all(events.InstanceFailed)

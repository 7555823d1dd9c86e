"""The platform's edges in real processes: file system, memory, descriptors, loops."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.real.conftest import Emulate
from tests.real.support import wait_until
from vercel_emu import events

ASGI = """
import json
async def app(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError
    answer = await respond(scope["path"], dict(scope["headers"]))
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps(answer).encode()})
"""
WRITER = """
import errno, os, pathlib, shutil, sqlite3, tempfile
async def respond(path, headers):
    try:
        if path == "/open":
            open("out.txt", "w").close()
        elif path == "/again":
            open("out.txt", "a").close()
        elif path == "/sqlite":
            sqlite3.connect("new.db").execute("create table t (x)")
        elif path == "/tmp":
            tempfile.NamedTemporaryFile(dir="/tmp").close()
    except (OSError, sqlite3.Error) as error:
        return str(error)
    return "done"
"""
REQUIREMENTS = {"requirements.txt": "", "pyproject.toml": '[tool.vercel]\nentrypoint = "app:app"\n'}


def notices(emulator: object, code: str) -> list[events.Notice]:
    recorded = emulator.events.all(events.Notice)  # type: ignore[attr-defined]
    return [notice for notice in recorded if notice.code == code]


def test_a_write_outside_of_tmp_warns_once_with_its_line(emulate: Emulate) -> None:
    emulator = emulate({**REQUIREMENTS, "app.py": WRITER + ASGI})
    for path in ("/open", "/again", "/open", "/tmp", "/sqlite"):
        assert emulator.get(path).json() == "done"
    wait_until(lambda: len(notices(emulator, "READ_ONLY_FILE_SYSTEM")) == 2)
    told = [notice.message for notice in notices(emulator, "READ_ONLY_FILE_SYSTEM")]
    assert told[0].startswith("app.py:6: writing out.txt")
    assert told[1].startswith("app.py:10: writing new.db")


def test_strict_fs_fails_as_production(emulate: Emulate) -> None:
    emulator = emulate({**REQUIREMENTS, "app.py": WRITER + ASGI}, strict_fs=True)

    def get(path: str) -> object:
        return emulator.get(path).json()

    assert get("/open") == "[Errno 30] Read-only file system: 'out.txt'"
    assert get("/sqlite") == "unable to open database file"
    assert get("/tmp") == "done"
    assert not (emulator.root / "out.txt").exists()


READER = """
import rules
async def respond(path, headers):
    try:
        return open(path[1:]).read()
    except OSError as error:
        return str(error)
"""
DATA = {"rules.py": "", "data/a.json": "1", "public/a.txt": "2", "kept.txt": "3"}


def test_a_read_of_what_is_not_deployed_warns_and_follows_a_save(emulate: Emulate) -> None:
    files = {**REQUIREMENTS, **DATA, "app.py": READER + ASGI, "vercel.json": "{}"}
    emulator = emulate(files, reload=True, standby=True)

    def told() -> list[str]:
        return [notice.message for notice in notices(emulator, "NOT_IN_BUNDLE")]

    for path in ("data/a.json", "./public/a.txt", "public/../kept.txt"):
        assert emulator.get(f"/{path}").json() in ("1", "2", "3")
    emulator.events.wait(events.Notice, lambda one: one.code == "NOT_IN_BUNDLE")
    assert told() == [
        "app.py:5: opens public/a.txt, which this function does not have in a deployment"
    ]
    (emulator.root / ".vercelignore").write_text("data\nrules.py\n")
    assert emulator.get("/data/a.json").json() == "1"
    emulator.events.wait(events.Notice, lambda one: one.code == "NOT_IN_BUNDLE", count=3)
    assert [text.partition(", ")[0] for text in told()[1:]] == [
        "app.py:2: imports rules.py",
        "app.py:5: opens data/a.json",
    ]
    settings = {"functions": {"app.py": {"includeFiles": "public/**", "excludeFiles": "*.txt"}}}
    (emulator.root / "vercel.json").write_text(json.dumps(settings))
    assert emulator.get("/kept.txt").json() == "3"
    emulator.events.wait(events.Notice, lambda one: one.code == "NOT_IN_BUNDLE", count=4)
    assert told()[3].startswith("app.py:5: opens kept.txt")


def test_strict_fs_has_only_what_is_deployed(emulate: Emulate) -> None:
    files = {**REQUIREMENTS, **DATA, "app.py": READER + ASGI, ".vercelignore": "data"}
    emulator = emulate(files, strict_fs=True)
    missing = "[Errno 2] No such file or directory: "
    assert emulator.get("/data/a.json").json() == f"{missing}'data/a.json'"
    assert emulator.get("/public/a.txt").json() == f"{missing}'public/a.txt'"
    assert emulator.get("/kept.txt").json() == "3"


HOG = """
kept = []
async def respond(path, headers):
    if path != "/":
        kept.append(bytearray(int(path[1:]) * 1024 * 1024))
        kept[-1][::4096] = bytes([1]) * len(kept[-1][::4096])
    if path == "/200":
        import asyncio
        await asyncio.Event().wait()  # for ever: it is ended from outside
    return "done"
"""
SMALL = json.dumps({"functions": {"app.py": {"memory": 192}}})


def test_memory_near_the_limit_is_told(emulate: Emulate) -> None:
    files = {**REQUIREMENTS, "app.py": HOG + ASGI, "vercel.json": SMALL}
    emulator = emulate(files)
    assert emulator.get("/130").json() == "done"
    wait_until(lambda: notices(emulator, "MEMORY_NEAR_LIMIT"))
    assert "of its 192 MB" in notices(emulator, "MEMORY_NEAR_LIMIT")[0].message
    assert emulator.get("/").json() == "done"


def test_strict_memory_ends_the_invocation(emulate: Emulate) -> None:
    files = {**REQUIREMENTS, "app.py": HOG + ASGI, "vercel.json": SMALL}
    emulator = emulate(files, strict_memory=True)
    answer = emulator.get("/200")
    assert answer.status_code == 500
    assert answer.headers["x-vercel-error"] == "FUNCTION_INVOCATION_FAILED"
    assert "it was ended" in notices(emulator, "MEMORY_OVER_LIMIT")[0].message
    assert emulator.get("/").json() == "done"


DESCRIPTORS = """
import os, resource
async def respond(path, headers):
    opened = []
    try:
        while True:
            opened.append(os.open("/dev/null", os.O_RDONLY))
    except OSError as error:
        return [resource.getrlimit(resource.RLIMIT_NOFILE)[0], error.errno, len(opened)]
    finally:
        for number in opened:
            os.close(number)
"""


def test_file_descriptors(emulate: Emulate) -> None:
    emulator = emulate({**REQUIREMENTS, "app.py": DESCRIPTORS + ASGI})
    limit, number, count = emulator.get("/").json()
    assert (limit, number) == (1024, 24)
    assert 900 < count < 1024


FLASK = """
import os, urllib.error, urllib.request
from concurrent.futures import ThreadPoolExecutor
from flask import Flask, request
app = Flask(__name__)
BASE = "http://" + os.environ["VERCEL_URL"]

def fetch(path, headers={}):
    try:
        asked = urllib.request.Request(BASE + path, headers=headers)
        return urllib.request.urlopen(asked).read().decode()
    except urllib.error.HTTPError as error:
        return f"{error.code} {error.headers['x-vercel-error']}"

@app.get("/loop")
def loop():
    return fetch("/loop")

@app.get("/forward")
def forward():
    # In a thread without the request's context: only the forwarded headers tell.
    with ThreadPoolExecutor(1) as pool:
        own = {"x-vercel-id": request.headers["x-vercel-id"]}
        return pool.submit(fetch, "/forward", own).result()

@app.get("/fan")
def fan():
    return ",".join([fetch("/leaf") for _ in range(30)])

@app.get("/leaf")
def leaf():
    return "1"
"""
FASTAPI = """
import os
import httpx
from fastapi import FastAPI
app = FastAPI()

@app.get("/loop")
async def loop():
    async with httpx.AsyncClient(timeout=None) as client:
        answer = await client.get("http://" + os.environ["VERCEL_URL"] + "/loop")
    return answer.json() if answer.status_code == 200 else answer.headers["x-vercel-error"]
"""


@pytest.mark.parametrize("path", ["/loop", "/forward"])
def test_a_flask_app_that_calls_itself_for_ever(emulate: Emulate, path: str) -> None:
    emulator = emulate({"requirements.txt": "flask\n", "app.py": FLASK})
    answer = emulator.get(path)
    assert answer.text == "508 INFINITE_LOOP_DETECTED"
    answered = emulator.events.all(events.ResponseSent)
    assert sum(one.status == 508 for one in answered) == 1


def test_a_fan_out_is_no_loop(emulate: Emulate) -> None:
    emulator = emulate({"requirements.txt": "flask\n", "app.py": FLASK})
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: emulator.get("/fan"), range(4)))
    assert {answer.text for answer in answers} == {",".join("1" * 30)}


def test_an_async_app_that_calls_itself_for_ever(emulate: Emulate) -> None:
    emulator = emulate({"requirements.txt": "fastapi\nhttpx\n", "app.py": FASTAPI})
    assert emulator.get("/loop").json() == "INFINITE_LOOP_DETECTED"


def test_the_guard_leaves_starting_and_reloading_alone(emulate: Emulate) -> None:
    """Bytecode, the emulator's own files and libraries' caches are nobody's fault."""
    files = {
        "requirements.txt": "flask\n",
        "app.py": "import helper\n" + FLASK,
        "helper.py": "x = 1",
    }
    emulator = emulate(files, reload=True, standby=True, strict_fs=True)
    assert emulator.get("/leaf").text == "1"
    Path(emulator.root, "helper.py").write_text("x = 2")
    emulator.events.wait(events.Reloaded)
    assert emulator.get("/leaf").text == "1"
    assert not notices(emulator, "READ_ONLY_FILE_SYSTEM")

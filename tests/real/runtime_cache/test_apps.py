"""The official SDK inside real apps: ASGI and WSGI; in requests, in `wait_until`, in threads."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.real.support import PATIENCE, Emulation
from tests.runtime_cache.stores import redis_server
from vercel_emu import events

CHECKS = '''
"""The semantics, as an app meets them. Names keep the places of a run apart."""
import asyncio
import threading
import traceback
from vercel.cache import AsyncRuntimeCache, RuntimeCache

def check(place):
    cache = RuntimeCache(namespace=place)
    assert cache.get("k") is None
    cache.set("k", {"a": [1, "ü"]}, {"tags": [place, "x"], "name": "item"})
    assert cache.get("k") == {"a": [1, "ü"]}
    assert "k" in cache
    cache.set("k", 2, {"tags": [place]})
    assert cache.get("k") == 2, "the last write wins"
    cache.expire_tag(place)
    assert cache.get("k") is None
    cache.set("k", 3, {"tags": [place]})
    assert cache.get("k") == 3, "written after the expiry"
    cache.delete("k")
    cache.delete("k")
    assert "k" not in cache
    cache.set("odd", 1, {"ttl": 0.5})
    cache.set("long", 1, {"ttl": 60})
    assert (cache.get("odd"), cache.get("long")) == (None, 1)
    big = "x" * (2 * 1024 * 1024 - 2)
    cache.set("big", big)
    cache.set("big", big + "x")
    assert cache.get("big") == big, "one byte more is refused"

async def check_async(place):
    cache = AsyncRuntimeCache(namespace=place)
    assert await cache.get("k") is None
    await cache.set("k", {"a": 1}, {"tags": [place, "x"]})
    assert await cache.get("k") == {"a": 1}
    assert await cache.contains("k")
    await cache.expire_tag([place, "other"])
    assert await cache.get("k") is None
    await cache.set("k", 2, {"tags": [place]})
    assert await cache.get("k") == 2
    await cache.delete("k")
    assert not await cache.contains("k")
    await cache.set("odd", 1, {"ttl": 0.5})
    assert await cache.get("odd") is None

def in_thread(place):
    problems = []
    def work():
        try:
            check(place)
            asyncio.run(check_async(place + "-async"))
        except BaseException:
            problems.append(traceback.format_exc())
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return problems[0] if problems else "ok"

async def afterwards(place):
    check(place)
    await check_async(place + "-async")
    RuntimeCache(namespace="done").set(place, "ok")
'''

ASGI = """
from fastapi import FastAPI
from vercel.cache import RuntimeCache
from vercel.functions import wait_until
import checks
app = FastAPI()

@app.get("/request")
async def request():
    checks.check("request")
    await checks.check_async("request-async")
    return "ok"

@app.get("/sync-route")
def sync_route():
    checks.check("route")
    return "ok"

@app.get("/thread")
async def thread():
    return checks.in_thread("thread")

@app.get("/later")
async def later():
    wait_until(checks.afterwards("later"))
    return "ok"

@app.get("/done")
def done():
    return RuntimeCache(namespace="done").get("later")
"""

WSGI = """
import asyncio
from flask import Flask
from vercel.cache import RuntimeCache
from vercel.functions import wait_until
import checks
app = Flask(__name__)

@app.get("/request")
def request():
    checks.check("request")
    asyncio.run(checks.check_async("request-async"))
    return '"ok"'

@app.get("/sync-route")
def sync_route():
    checks.check("route")
    return '"ok"'

@app.get("/thread")
def thread():
    return '"' + checks.in_thread("thread") + '"'

@app.get("/later")
def later():
    wait_until(checks.afterwards("later"))
    return '"ok"'

@app.get("/done")
def done():
    return '"' + str(RuntimeCache(namespace="done").get("later")) + '"'
"""


@pytest.fixture(params=["file", "memory", "redis"])
def store(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "redis":
        with redis_server() as url:
            yield url
    else:
        yield request.param


@pytest.mark.parametrize(
    ("kind", "app"), [("fastapi", ASGI), ("flask", WSGI)], ids=["asgi", "wsgi"]
)
def test_everywhere_in_an_app(
    emulate: Callable[..., Emulation], store: str, kind: str, app: str
) -> None:
    files = {"app.py": app, "checks.py": CHECKS, "requirements.txt": f"{kind}\nvercel\n"}
    emulation = emulate(files, cache=store)
    for path in ("/request", "/sync-route", "/thread"):
        answer = emulation.get(path)
        assert (answer.status_code, answer.text) == (200, '"ok"'), emulation.events.text()
    assert emulation.get("/later").text == '"ok"'
    invocation = emulation.events.wait(events.ResponseSent, lambda e: e.path == "/later")
    emulation.events.wait(
        events.InvocationEnded, lambda e: e.invocation_id == invocation.invocation_id
    )
    assert emulation.get("/done").text == '"ok"', emulation.events.text()
    refused = [n for n in emulation.events.all(events.Notice) if n.code == "CACHE_ITEM_TOO_LARGE"]
    assert len(refused) == 4
    assert "2,097,153" in refused[0].message
    assert "checks.py:" in refused[0].message
    assert "'big'" in refused[0].message


def test_the_cache_outlives_the_emulator(emulate: Callable[..., Emulation], tmp_path: Path) -> None:
    app = """
from fastapi import FastAPI
from vercel.cache import RuntimeCache
app = FastAPI()

@app.get("/count")
def count():
    cache = RuntimeCache()
    cache.set("n", (cache.get("n") or 0) + 1)
    return cache.get("n")
"""
    files = {"app.py": app, "requirements.txt": "fastapi\n"}
    counts = []
    for env in ("development", "development", "production"):
        emulation = emulate(files, env=env)
        counts.append(emulation.get("/count").text)
        emulation.__exit__()
    assert counts == ["1", "2", "1"]


def test_commands_and_scripts_reach_the_running_emulator(
    emulate: Callable[..., Emulation], tmp_path: Path
) -> None:
    """With `--cache memory` nothing but the emulator itself can know the items."""
    app = """
from fastapi import FastAPI
from vercel.cache import RuntimeCache
app = FastAPI()

@app.get("/set")
def set():
    RuntimeCache(namespace="app").set("from-app", 1, {"tags": ["t"], "name": "mine"})

@app.get("/get")
def get():
    return RuntimeCache(namespace="app").get("from-script")
"""
    script = """
from vercel.cache import RuntimeCache
cache = RuntimeCache(namespace="app", strict=True)
print(cache.get("from-app"))
cache.set("from-script", 2)
"""
    files = {"app.py": app, "script.py": script, "requirements.txt": "fastapi\n"}
    emulation = emulate(files, cache="memory", region="fra1")

    def emu(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "vercel_emu", *arguments]
        return subprocess.run(
            command,
            cwd=emulation.root,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    emulation.get("/set")
    ran = emu("run", "--python", sys.executable, "--", sys.executable, "script.py")
    assert (ran.returncode, ran.stdout) == (0, "1\n"), ran.stderr
    assert emulation.get("/get").text == "2"
    listed = json.loads(emu("cache", "ls", "--namespace", "app", "--json").stdout)
    assert sorted(item["name"] for item in listed["items"]) == ["", "mine"]
    found = emu("cache", "get", "--key", "from-app", "--namespace", "app", "--raw")
    assert found.stdout == "1"
    stats = json.loads(emu("cache", "stats", "--json").stdout)
    assert stats["region"] == "fra1"
    assert emu("cache", "expire-tag", "t").returncode == 0
    assert emu("cache", "get", "--key", "from-app", "--namespace", "app").returncode == 1


SILENT = """
import datetime, decimal
from fastapi import FastAPI
from vercel.cache import AsyncRuntimeCache, RuntimeCache
app = FastAPI()
SETS = [
    *((f"ttl {ttl}", 1, {"ttl": ttl}) for ttl in (-5, "abc", True, 1.5, float("inf"), 10**30)),
    ("timedelta", 1, {"ttl": datetime.timedelta(minutes=1), "name": "mine"}),
    ("datetime", datetime.datetime.now(), None),
    ("set", {1}, None),
    ("tag", 1, {"tags": ["é"]}),
    ("newline", 1, {"tags": ["a\\nb"]}),
    ("int tags", 1, {"tags": [1, 2]}),
    ("list", 1, ["ttl"]),
    ("text", 1, {"tags": "blog"}),
    ("comma", 1, {"tags": ["a,b"]}),
    ("TTL", 1, {"TTL": 3}),
    ("fine", 1, {"ttl": "60", "tags": ["a"], "name": "n"}),
]

@app.get("/sync")
def sync():
    for key, value, options in SETS:
        RuntimeCache().set(key, value, options)

@app.get("/async")
async def coroutine():
    for key, value, options in SETS:
        await AsyncRuntimeCache(namespace="a").set(key, value, options)
"""


@pytest.mark.parametrize("sdk", ["vercel\n", ""], ids=["official", "built-in"])
def test_what_is_dropped_or_changed_is_told_once(
    emulate: Callable[..., Emulation], sdk: str
) -> None:
    files = {"app.py": SILENT, "requirements.txt": f"fastapi\n{sdk}"}
    emulation = emulate(files, cache="memory")
    for path in ("/sync", "/sync", "/async", "/async"):
        assert emulation.get(path).status_code == 200
    notices = emulation.events.all(events.Notice)
    told = [one.message for one in notices if (one.code or "").startswith("CACHE_")]
    assert len(told) == 32, told
    assert told[:16] == sorted(told[:16], key=lambda one: "was stored, but" in one)
    lines = [n for n, text in enumerate(SILENT.splitlines(), 1) if ".set(" in text]
    assert all(one.startswith(f"app.py:{lines[0]}: runtime cache item '") for one in told[:16])
    assert all(one.startswith(f"app.py:{lines[1]}: runtime cache item '") for one in told[16:])
    assert "'timedelta' (name 'mine') was not stored: Invalid revalidate value" in told[6]

"""The CDN cache in front of real apps, its commands, and the SDK's purging by tag."""

from __future__ import annotations

import json

import httpx
import pytest
from click.testing import CliRunner, Result

from tests.real.conftest import Dev, Emulate
from tests.real.support import wait_until
from vercel_emu import events
from vercel_emu.cli.commands.cdn import cdn
from vercel_emu.errors import EmuError

FASTAPI = """
import asyncio
from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse
from vercel.cache import get_cache
from vercel.cache.purge import dangerously_delete_by_tag, invalidate_by_tag
app = FastAPI()
calls = 0
has_read_the_first = asyncio.Event()

def answer(control, **more):
    global calls
    calls += 1
    return Response(f"call {calls}", headers={"cache-control": control, **more})

@app.get("/page")
def page():
    return answer("public, s-maxage=60", **{"vercel-cache-tag": "news", "etag": '"one"'})

@app.get("/swr")
def swr():
    return answer("max-age=0", **{"cdn-cache-control": "max-age=1, stale-while-revalidate=60"})

@app.get("/country")
def country(request: Request):
    return Response(
        request.headers.get("x-vercel-ip-country", "none"),
        headers={"vercel-cdn-cache-control": "s-maxage=60", "vary": "x-vercel-ip-country"},
    )

@app.get("/private")
def private():
    return answer("s-maxage=60, private")

@app.get("/stream")
async def stream():
    async def parts():
        yield b"first"
        await has_read_the_first.wait()
        yield b"second"
    return StreamingResponse(parts(), headers={"cache-control": "s-maxage=60"})

@app.get("/go-on")
async def go_on():
    has_read_the_first.set()

@app.get("/purge")
async def purge():
    get_cache().set("key", 1, {"tags": ["news"]})
    await invalidate_by_tag("news")
    return get_cache().get("key")

@app.get("/delete")
def delete():
    dangerously_delete_by_tag(["news"])
    return "done"
"""
FLASK = """
from flask import Flask
from vercel.cache.purge import invalidate_by_tag
app = Flask(__name__)
calls = 0

@app.get("/page")
def page():
    global calls
    calls += 1
    return str(calls), {"cache-control": "s-maxage=60", "vercel-cache-tag": "a"}

@app.get("/purge")
def purge():
    invalidate_by_tag("a")
    return "done"
"""
FILES = {"requirements.txt": "fastapi\nvercel\n", "app.py": FASTAPI}


def state(answer: httpx.Response) -> str:
    return answer.headers["x-vercel-cache"]


def test_hits_ages_and_what_the_client_sees(emulate: Emulate) -> None:
    emulator = emulate(FILES, cdn_cache=True)
    with emulator.client() as client:
        miss, hit = client.get("/page"), client.get("/page")
        assert (state(miss), state(hit)) == ("MISS", "HIT")
        assert (miss.text, hit.text) == ("call 1", "call 1")
        assert hit.headers["age"].isdigit()
        assert miss.headers["cache-control"] == hit.headers["cache-control"] == "public"
        assert hit.headers["server"] == "Vercel"
        assert (
            miss.headers["x-vercel-id"].count("::"),
            hit.headers["x-vercel-id"].count("::"),
        ) == (
            2,
            1,
        )
        not_modified = client.get("/page", headers={"if-none-match": '"one"'})
        assert (not_modified.status_code, state(not_modified)) == (304, "HIT")
        head = client.head("/page")
        assert (state(head), head.headers["content-length"]) == ("HIT", "6")
        assert state(client.get("/page", headers={"authorization": "x"})) == "BYPASS"
        assert [state(client.get("/private")) for _ in range(2)] == ["MISS", "MISS"]
    answered = emulator.events.all(events.ResponseSent, lambda e: e.path == "/page")
    assert [one.function for one in answered[:2]] == ["app", ""]
    assert [one.cache for one in answered] == ["MISS", "HIT", "HIT", "HIT", "BYPASS"]


def test_it_is_off_by_default(emulate: Emulate) -> None:
    emulator = emulate(FILES)
    assert [state(emulator.get("/page")) for _ in range(2)] == ["MISS", "MISS"]


def test_stale_while_revalidate(emulate: Emulate) -> None:
    emulator = emulate(FILES, cdn_cache=True)
    with emulator.client() as client:
        assert client.get("/swr").text == "call 1"
        stale = wait_until(lambda: (one := client.get("/swr")) and state(one) == "STALE" and one)
        assert isinstance(stale, httpx.Response)
        assert stale.text == "call 1"
        fresh = wait_until(lambda: (one := client.get("/swr")).text != "call 1" and one)
        assert isinstance(fresh, httpx.Response)
    assert fresh.text == "call 2"
    # The request in the background is told like any other.
    answered = emulator.events.all(events.ResponseSent, lambda e: e.path == "/swr")
    assert sum(one.function == "app" for one in answered) >= 2


def test_a_reload_empties_it(emulate: Emulate) -> None:
    emulator = emulate(FILES, cdn_cache=True, reload=True)
    with emulator.client() as client:
        assert [state(client.get("/page")) for _ in range(2)] == ["MISS", "HIT"]
        (emulator.root / "app.py").write_text(FASTAPI.replace("call {calls}", "new {calls}"))
        emulator.events.wait(events.Reloaded)
        answer = client.get("/page")
        assert (answer.text, state(answer)) == ("new 1", "MISS")


def test_variants_by_the_visitors_country(emulate: Emulate) -> None:
    emulator = emulate(FILES, cdn_cache=True)
    with emulator.client() as client:
        seen = [
            (answer.text, state(answer))
            for place in ("Tokyo", "Paris", "Osaka", "Paris")
            for answer in [client.get("/country", headers={"x-emu-visitor": place})]
        ]
    assert seen == [("JP", "MISS"), ("FR", "MISS"), ("JP", "HIT"), ("FR", "HIT")]


def test_a_miss_streams(emulate: Emulate) -> None:
    emulator = emulate(FILES, cdn_cache=True)
    with emulator.client() as client, client.stream("GET", "/stream") as answer:
        parts = answer.iter_raw()
        assert next(parts) == b"first"
        emulator.get("/go-on")
        assert list(parts) == [b"second"]
    hit = emulator.get("/stream")
    assert (hit.content, state(hit)) == (b"firstsecond", "HIT")


def test_the_sdk_purges_every_cache(emulate: Emulate) -> None:
    emulator = emulate(FILES, cdn_cache=True)
    with emulator.client() as client:
        client.get("/page")
        assert client.get("/purge").json() is None  # the runtime cache lost its item, too
        assert state(client.get("/page")) == "STALE"
        wait_until(lambda: state(client.get("/page")) == "HIT")
        client.get("/delete")
        assert state(client.get("/page")) == "MISS"


def test_the_sdk_purges_from_threads(emulate: Emulate) -> None:
    files = {"requirements.txt": "flask\nvercel\n", "app.py": FLASK}
    emulator = emulate(files, cdn_cache=True)
    with emulator.client() as client:
        assert [state(client.get("/page")) for _ in range(2)] == ["MISS", "HIT"]
        client.get("/purge")
        assert state(client.get("/page")) == "STALE"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cdn, arguments)


def test_the_commands(dev: Dev) -> None:
    process = dev(FILES, "--cdn-cache").wait_ready()
    root = ("--project", str(process.root))
    process.get("/page?x=1")
    rows = json.loads(run("ls", *root, "--json").stdout)
    (entry,) = rows["entries"]
    assert entry.keys() == {
        *("host", "path", "state", "status", "bytes", "age", "fresh", "stale", "tags", "vary")
    }
    assert (entry["path"], entry["tags"], entry["fresh"]) == ("/page?x=1", ["news"], 60)
    assert "/page?x=1" in run("ls", *root).stdout
    assert "0 responses invalidated" in run("purge", "--tag", "other", *root).stdout
    assert "1 response invalidated" in run("purge", "--tag", "news", *root).stdout
    assert json.loads(run("purge", "--path", "/page", *root, "--json").stdout) == {
        "purged": 1,
        "cdn_cache": True,
    }
    empty = run("ls", *root)
    assert (empty.exit_code, empty.stdout) == (0, "")
    assert "is empty" in empty.stderr
    assert isinstance(run("purge", *root).exception, EmuError)


def test_the_commands_where_the_cache_is_off(dev: Dev) -> None:
    process = dev(FILES).wait_ready()
    error = run("ls", "--project", str(process.root)).exception
    assert isinstance(error, EmuError)
    assert error.code == "CDN_CACHE_OFF"
    assert "--cdn-cache" in (error.hint or "")


@pytest.mark.parametrize("arguments", [["--all", "--tag", "a"], []])
def test_wrong_arguments(arguments: list[str]) -> None:
    assert isinstance(run("purge", *arguments).exception, EmuError)

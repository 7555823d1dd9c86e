"""A person at the keys of `vercel-emu dev`, recorded in tmux: what was typed, what was seen."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx

from tests.real.support import write_project
from tests.real.terminal import Terminal, terminal

APP = """
from urllib.parse import unquote
from vercel.functions import RuntimeCache

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    cache = RuntimeCache()
    visits = (cache.get("visits") or 0) + 1
    cache.set("visits", visits)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(visits).encode()})
"""
FILES = {"app.py": APP}


@contextlib.contextmanager
def session(root: Path, *arguments: str) -> Iterator[tuple[Terminal, httpx.Client]]:
    write_project(root, FILES)
    listen = ("--listen", "localhost:0", "--app", "app:app", "--python", sys.executable)
    with terminal("dev", str(root), *listen, *arguments) as person:
        person.wait_for("press h for the keys")
        url = re.search(r"http://localhost:(\d+)", person.screen.text)
        assert url is not None
        with httpx.Client(base_url=f"http://127.0.0.1:{url[1]}", trust_env=False) as client:
            yield person, client


def test_an_afternoon_at_the_keys(tmp_path: Path) -> None:
    with session(tmp_path / "p") as (person, client):
        assert [client.get("/a", timeout=60).text, client.get("/b").text] == ["1", "2"]
        # Right-arrow, F2, F3, Alt+Q, and a text that was meant for an editor.
        for keys in ("\x1b[C", "\x1bOQ", "\x1bOR", "\x1bq"):
            person.press(keys)
            person.read()
        person.press("import requests\nrequests.get('/c')\nquit\n")
        person.read()
        assert client.get("/c").text == "3"
        person.wait_for("GET /c")
        assert "reloaded" not in person.screen.text

        person.press("c")
        person.wait_for("clear the runtime cache, 1 item in .vercel/emu/cache.sqlite3? [y/N]")
        assert client.get("/d").text == "4"
        person.wait_for("GET /d")
        assert person.screen.lines[-1].startswith("clear the runtime cache")
        person.press("n")
        person.wait_until_gone("[y/N]")
        person.press("c")
        person.wait_for("[y/N]")
        person.press("y")
        person.wait_for("cache cleared (1 item)")
        assert client.get("/e").text == "1"

        person.press("v")
        person.wait_for("visitor:")
        person.press("Tok")
        person.wait_for("visitor: Tok")
        assert client.get("/f").text == "2"
        person.wait_for("GET /f")
        assert person.screen.lines[-1] == "visitor: Tok"
        assert person.screen.line_with("GET /f").endswith("New York")
        person.press("\x03")
        person.wait_until_gone("visitor: Tok")
        assert client.get("/g").text == "3"
        person.press("v")
        person.wait_for("visitor:")
        person.press("\x1b[Dtokyo\r")
        person.wait_for("visitor: Tokyo · ")
        client.get("/h")
        person.wait_for("GET /h")
        assert person.screen.line_with("GET /h").endswith("Tokyo")

        person.press("\x03")
        assert person.exit_code() == 0
        assert person.screen.lines[-2:] == ["stopping ...", ""]
        assert person.echoes()


def test_a_prompt_is_gone_when_the_emulator_ends(tmp_path: Path) -> None:
    with session(tmp_path / "p") as (person, _):
        for descriptor in (0, 1, 2):
            # What is polled becomes non-blocking, for everybody who shares it.
            flags = fcntl.fcntl(person.slave, fcntl.F_GETFL)
            assert not flags & os.O_NONBLOCK, descriptor
        person.press("v")
        person.wait_for("visitor:")
        person.process.send_signal(signal.SIGTERM)
        assert person.exit_code() == 0
        assert person.screen.lines[-2:] == ["stopping ...", ""]


def test_the_json_log_holds_nothing_else(tmp_path: Path) -> None:
    write_project(tmp_path / "p", FILES)
    listen = ("--listen", "localhost:0", "--python", sys.executable, "--log-format", "json")
    with terminal("dev", str(tmp_path / "p"), *listen) as person:
        person.wait_for("LISTENING")
        person.press("h")
        person.read()
        person.press("\x03")
        assert person.exit_code() == 0
        assert "show these keys" not in person.shown

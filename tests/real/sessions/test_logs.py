"""A person who reads the log of `vercel-emu dev`, and opens a broken page in a browser."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx

from tests.real.support import write_project
from tests.real.terminal import Terminal, terminal

APP = """
import json
import logging
import sys

from fastapi import FastAPI

app = FastAPI()
handler_of_the_app = logging.StreamHandler()
handler_of_the_app.setFormatter(logging.Formatter("%(levelname)s:%(name)s:%(message)s"))
log = logging.getLogger("shop")
log.addHandler(handler_of_the_app)

@app.get("/broken")
def broken():
    return json.loads("{")

@app.get("/twice")
def twice():
    log.warning("the stock is low")
    return "ok"

@app.get("/progress")
def progress():
    for percent in (0, 50, 100):
        sys.stderr.write(f"\\\\rwork: {percent}%")
    return "ok"

@app.get("/colours")
def colours():
    print("\\\\x1b[32mgreen\\\\x1b[0m and \\\\x1b[2Jnot cleared")
    return "ok"

@app.get("/crash")
def crash():
    import ctypes
    ctypes.string_at(0)
"""
BROWSER = {"accept": "text/html", "sec-fetch-mode": "navigate"}


@contextlib.contextmanager
def session(root: Path) -> Iterator[tuple[Terminal, httpx.Client]]:
    write_project(root, {"app.py": APP.replace("\\\\", "\\")})
    listen = ("--listen", "localhost:0", "--python", sys.executable, "--editor", "zed")
    with terminal("dev", str(root), *listen) as person:
        person.wait_for("press h for the keys")
        url = re.search(r"http://localhost:(\d+)", person.screen.text)
        assert url is not None
        address = f"http://127.0.0.1:{url[1]}"
        with httpx.Client(base_url=address, trust_env=False, timeout=60) as client:
            yield person, client


def lines_of(person: Terminal, text: str) -> list[str]:
    return [line for line in person.screen.text.split("\n") if text in line]


def test_a_person_reads_the_log(tmp_path: Path) -> None:
    with session(tmp_path / "p") as (person, client):
        client.get("/broken")
        person.wait_for("JSONDecodeError")
        assert "an earlier invocation" not in person.screen.text
        # The library's frames are counted; where it was raised stays.
        assert lines_of(person, "in packages ...")
        assert lines_of(person, "return json.loads")
        assert len(lines_of(person, "json/decoder.py")) == 1

        client.get("/twice")
        client.get("/progress")
        person.wait_for("work: 100%")
        assert len(lines_of(person, "the stock is low")) == 1
        assert not lines_of(person, "work: 50%")

        client.get("/colours")
        person.wait_for("green")
        assert "\x1b[32mgreen" in person.shown
        person.wait_for("\\x1b[2Jnot cleared")

        client.get("/crash")
        person.wait_for("FUNCTION_INVOCATION_FAILED")
        assert lines_of(person, "Segmentation fault")
        assert lines_of(person, "in crash")


def test_a_person_opens_a_broken_page(tmp_path: Path) -> None:
    root = tmp_path / "p"
    with session(root) as (person, client):
        page = client.get("/broken", headers=BROWSER)
        assert page.status_code == 500
        line = 1 + (root / "app.py").read_text().split("\n").index('    return json.loads("{")')
        assert f"zed://file/{root}/app.py:{line}" in page.text
        wait = page.text.partition('fetch("')[2].partition('"')[0]
        person.wait_for("500 GET /broken")
        (root / "app.py").write_text((root / "app.py").read_text().replace('"{"', '"{}"'))
        assert client.get(wait).status_code == 200, "the page is told to reload itself"
        assert client.get("/broken", headers=BROWSER).json() == {}
        person.wait_for("reloaded")

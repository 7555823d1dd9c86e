"""What is a save: a whole emulator, an app that reads and writes files, and a person who does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.real.support import Emulation, emulation
from vercel_emu import events

APP = """
import json, os, pathlib
from urllib.parse import parse_qs
import local

ROOT = pathlib.Path(__file__).parent
SETTINGS = json.loads((ROOT / "settings.json").read_text())
LOG = open(ROOT / "served.txt", "a")
count = 0

def write():
    (ROOT / "count.json").write_text(str(count))

def twice():
    write()
    write()

def atomic():
    (ROOT / "count.new").write_text(str(count))
    os.replace(ROOT / "count.new", ROOT / "count.json")

def log():
    print(count, file=LOG, flush=True)

def remove():
    (ROOT / "count.json").unlink(missing_ok=True)

def folder():
    os.makedirs(ROOT / "made", exist_ok=True)
    (ROOT / "made" / f"{count}.json").write_text("x")

def nothing():
    pass

async def app(scope, receive, send):
    global count
    if scope["type"] != "http":
        return
    count += 1
    globals()[scope["path"].strip("/") or "nothing"]()
    text = f"{count} {local.X} {SETTINGS}"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": text.encode()})
"""


def project(root: Path) -> Emulation:
    files = {
        "app.py": APP,
        "local.py": "X = 1\n",
        "settings.json": "1",
        "other.json": "1",
        "unused.py": "",
        ".gitignore": "local.py\n",
    }
    return emulation(root, files, app="app:app", reload=True, standby=True)


def test_what_the_app_writes_is_no_save_and_what_a_person_saves_is(tmp_path: Path) -> None:
    with project(tmp_path / "p") as emulator, emulator.client() as client:
        ways = ("write", "twice", "atomic", "log", "remove", "folder") * 2
        for count, way in enumerate(ways, 1):
            assert client.get(f"/{way}").text == f"{count} 1 1", way
        assert not emulator.events.all(events.Reloading)
        for way in ("write", "twice", "atomic"):
            client.get(f"/{way}")
            (emulator.root / "count.json").write_text("a person's")
            assert client.get("/").text == "1 1 1", way
        (emulator.root / "served.txt").write_text("a person's")
        assert client.get("/log").text == "1 1 1"
        assert client.get("/log").text == "2 1 1"


def test_only_what_an_instance_has_read_or_imported_restarts_it(tmp_path: Path) -> None:
    with project(tmp_path / "p") as emulator, emulator.client() as client:
        assert client.get("/").text == "1 1 1"
        for name in ("README.md", "Makefile", "a.pdf", "uploads/a.png", "tests/test_app.py"):
            (emulator.root / name).parent.mkdir(exist_ok=True)
            (emulator.root / name).write_text("x")
        for name in ("other.json", "unused.py"):
            (emulator.root / name).write_text("2")
        assert client.get("/").text == "2 1 1", emulator.events.all(events.Reloaded)
        (emulator.root / "settings.json").write_text("2")
        assert client.get("/").text == "1 1 2"
        reloaded = emulator.events.wait(events.Reloaded)
        assert reloaded.files == ("settings.json",)
        assert reloaded.reason == "read by app.py:7"
        (emulator.root / "local.py").write_text("X = 22\n")
        assert client.get("/").text == "1 22 2"
        (emulator.root / "new.py").write_text("X = 3\n")
        assert client.get("/").text == "1 22 2"


@pytest.mark.parametrize("missing", ["missing.json", "missing.py"])
def test_any_file_may_be_what_a_failed_start_lacked(tmp_path: Path, missing: str) -> None:
    with project(tmp_path / "p") as emulator, emulator.client() as client:
        client.get("/")
        line = "import missing" if missing.endswith(".py") else "open(ROOT / 'missing.json')"
        (emulator.root / "app.py").write_text(APP.replace("count = 0", line + "\ncount = 0", 1))
        assert client.get("/").status_code == 500
        (emulator.root / missing).write_text("")
        assert client.get("/").text == "1 1 1"

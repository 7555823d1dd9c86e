"""A person who plays a scenario in a terminal: what was typed, what was seen."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.real.support import write_project
from tests.real.terminal import terminal

APP = """
import asyncio, json
from vercel.functions import wait_until

async def later(path):
    await asyncio.sleep(0.01)
    print("counted", path)

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    path = scope["path"]
    print("printed at", path)
    wait_until(later(path))
    if path == "/slow":
        await asyncio.Event().wait()
    if path == "/boom":
        raise ValueError("no luck")
    body = json.dumps({"slug": "a1", "path": path}).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})
"""
SCENARIO = """
[[steps]]
method = "POST"
path = "/make"
keep = { slug = "$.slug" }
[[steps]]
path = "/s/{slug}"
repeat = 60
at-once = 4
expect = { json = [{ path = "path", equals = "/s/{slug}" }] }
[[steps]]
path = "/boom"
expect = { status = 200 }
"""
PROJECT = '[project]\nname = "x"\nversion = "1"\n[tool.vercel-emu]\nvisitor = "Tokyo"\n'
PLAY = ("play", "day.toml", ".", "--python", sys.executable)
FILES = {"app.py": APP, "pyproject.toml": PROJECT, "day.toml": SCENARIO}


def test_a_scenario_of_a_talkative_app(tmp_path: Path) -> None:
    root = write_project(tmp_path / "p", FILES)
    with terminal(*PLAY, cwd=root) as person:
        assert person.exit_code() == 1
        seen = [line for line in person.screen.lines if line]
        assert "/62" in person.shown, "there was progress"
        assert not [line for line in seen if "━" in line or "/62" in line]
        assert seen[0] == "failed: GET /boom as Tokyo (step 3, request 1)"
        assert [line for line in seen if "printed at" in line or "counted" in line] == [
            "  │ printed at /boom",
            "  │ counted /boom",
        ]
        assert "  │ ValueError: no luck" in seen
        assert seen[-2].startswith("JP")
        assert seen[-1].startswith("1 of 62 requests failed in")


def test_one_that_is_stopped(tmp_path: Path) -> None:
    source = SCENARIO.replace("/boom", "/slow")
    root = write_project(tmp_path / "p", {**FILES, "day.toml": source})
    with terminal(*PLAY, "--verbose", cwd=root) as person:
        person.wait_for("/62")
        while "printed at /slow" not in person.screen.text:
            assert person.process.poll() is None
            person.read()
        person.press("\x03")
        assert person.exit_code() == 130
        seen = [line for line in person.screen.lines if line]
        assert not [line for line in seen if "━" in line]
        assert seen[-1].startswith("stopped after 61 of 62 requests, 0 failed in")
        assert sum("printed at" in line for line in seen) == 62

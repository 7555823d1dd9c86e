"""Cron jobs against a real emulator: the command, and the schedule in fast motion."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from tests.real.conftest import Dev, Emulate
from vercel_emu import events
from vercel_emu.cli.commands.cron import cron
from vercel_emu.errors import EmuError

APP = """
from flask import Flask, redirect, request
app = Flask(__name__)
seen = []

@app.get("/api/job")
def job():
    names = ("user-agent", "x-vercel-cron-schedule", "authorization")
    seen.append({name: request.headers.get(name) for name in names})
    return seen[-1]

@app.get("/api/moved")
def moved():
    return redirect("/api/job")

@app.get("/api/broken")
def broken():
    return "no", 500

@app.get("/seen")
def all_seen():
    return seen
"""
CRONS = [
    {"path": "/api/job", "schedule": "*/5 * * * *"},
    {"path": "/api/moved", "schedule": "0 5 * * *"},
    {"path": "/api/broken", "schedule": "0 5 1 * *"},
    {"path": "/api/wrong", "schedule": "0 5 1 * 1"},
]
FILES = {
    "requirements.txt": "flask\n",
    "app.py": APP,
    "vercel.json": json.dumps({"crons": CRONS}),
    ".env": "CRON_SECRET=from-the-env-file\n",
}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cron, arguments, catch_exceptions=True)


@pytest.fixture
def project(dev: Dev) -> str:
    return str(dev(FILES).wait_ready().root)


def test_run_calls_as_the_platform_does(project: str) -> None:
    answer = run("run", "/api/job", "--project", project)
    assert answer.exit_code == 0
    assert json.loads(answer.stdout) == {
        "user-agent": "vercel-cron/1.0",
        "x-vercel-cron-schedule": "*/5 * * * *",
        "authorization": "Bearer from-the-env-file",
    }
    assert "GET /api/job  200" in answer.stderr

    moved = run("run", "api/moved", "--project", project, "--json")
    assert moved.exit_code == 0
    shape = json.loads(moved.stdout)
    assert shape.keys() == {
        *("path", "schedule", "status", "duration_ms", "id", "location", "body")
    }
    assert (shape["status"], shape["location"]) == (302, "/api/job")
    assert shape["id"].count("::") == 2

    assert run("run", "/api/broken", "--project", project).exit_code == 1
    unknown = run("run", "/api/none", "--project", project).exception
    assert isinstance(unknown, EmuError)
    assert unknown.code == "CRON_NOT_FOUND"
    assert "/api/moved" in (unknown.hint or "")


def test_run_without_an_emulator(tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("stopped")
    (root / "vercel.json").write_text(FILES["vercel.json"])
    error = run("run", "/api/job", "--project", str(root)).exception
    assert isinstance(error, EmuError)
    assert error.code == "NO_EMULATOR"


def test_ls(tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("listed")
    (root / "vercel.json").write_text(FILES["vercel.json"])
    rows = json.loads(run("ls", "--project", str(root), "--json").stdout)["crons"]
    assert [row["path"] for row in rows] == [one["path"] for one in CRONS]
    first, *_, wrong = rows
    assert first.keys() == {"path", "function", "schedule", "source", "problem", "next"}
    assert len(first["next"]) == 3
    assert first["next"][0]["utc"].endswith("+00:00")
    assert "day of week" in wrong["problem"]
    assert wrong["next"] == []
    table = run("ls", "--project", str(root)).stdout
    assert "/api/moved" in table
    assert "can't both be set" in table


def test_the_schedule_in_fast_motion(emulate: Emulate) -> None:
    # Five minutes of the schedule pass in a tenth of a second.
    emulator = emulate(FILES, crons="3000x")
    answered = emulator.events.wait(events.ResponseSent, lambda e: e.path == "/api/job", count=3)
    assert answered.status == 200
    assert emulator.events.all(events.Notice, lambda e: e.code == "CRON")
    seen = emulator.get("/seen").json()
    assert seen[0]["authorization"] == "Bearer from-the-env-file"
    assert seen[0]["x-vercel-cron-schedule"] == "*/5 * * * *"

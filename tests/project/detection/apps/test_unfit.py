"""An app that is none, told before it fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.project.helpers import write
from vercel_emu.project.detection.apps.followed import follow
from vercel_emu.project.detection.apps.near_misses import Reason
from vercel_emu.project.detection.apps.unfit import unfit_app
from vercel_emu.project.detection.entrypoint import entrypoint_at
from vercel_emu.project.detection.sources import Sources


def unfit(root: Path, source: str, **others: str) -> Reason | None:
    files = {f"{name}.py": text for name, text in others.items()}
    write(root, {"main.py": source, **files})
    followed = follow(Sources(root), ["main.py"])
    return unfit_app(followed, entrypoint_at("main.py", "app", "default place"))


@pytest.mark.parametrize(
    ("source", "text", "hint"),
    [
        (
            "from dash import Dash\napp = Dash(__name__)\nserver = app.server",
            *("`app` is a Dash object", '`server` is one: write `entrypoint = "main:server"`'),
        ),
        (
            "import dash\napp = dash.Dash(__name__)",
            *("a Dash object", "Call it `dash_app`, and write `app = dash_app.server` below it."),
        ),
        ("from aiohttp import web\napp = web.Application()", "an aiohttp application", "can't run"),
        ("from robyn import Robyn\napp = Robyn(__file__)", "a Robyn application", "can't run"),
        ("import tornado.web\napp = tornado.web.Application([])", "a Tornado", "can't run"),
        ("from fastmcp import FastMCP\napp = FastMCP('x')", "FastMCP", "`app = mcp.http_app()`"),
        (
            "import socketio\napp = socketio.AsyncServer(async_mode='asgi')",
            *("a Socket.IO server", "write `app = socketio.ASGIApp(sio)`"),
        ),
        ("from flask import Blueprint\napp = Blueprint('a', 'b')", "a blueprint", "Register it"),
        ("import typer\napp = typer.Typer()", "a Typer command line", "can't run"),
        (
            (
                "from fastapi import FastAPI\nfrom mangum import Mangum\napi = FastAPI()\n"
                "app = Mangum(api)"
            ),
            *("a handler for AWS Lambda", "Export the app that Mangum was given"),
        ),
    ],
)
def test_what_can_not_be_served(tmp_path: Path, source: str, text: str, hint: str) -> None:
    found = unfit(tmp_path, source)
    assert found is not None
    assert text in found.text
    assert hint in found.hint


def test_an_object_of_another_file(tmp_path: Path) -> None:
    found = unfit(tmp_path, "from web import app", web="from dash import Dash\napp = Dash('x')")
    assert found is not None
    assert str(found.where) == "main.py:1"


@pytest.mark.parametrize(
    "source",
    [
        "from flask import Flask\napp = Flask(__name__)",
        "from dash import Dash\napp = Dash(__name__).server",
        "from dash import Dash\napp = Dash(__name__)\napp = app.server",
        "from fastmcp import FastMCP\napp = FastMCP('x').http_app()",
        "from dash import Dash\nif x:\n    app = Dash('x')\nelse:\n    app = make()",
        "from dash import Dash\ndef app():\n    return Dash('x')",
        "app = make()",
        "from elsewhere import app",
        "import other as app",
    ],
)
def test_no_false_alarm(tmp_path: Path, source: str) -> None:
    assert unfit(tmp_path, source) is None

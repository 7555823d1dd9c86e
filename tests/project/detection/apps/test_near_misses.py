"""Why a file exports no app: the shapes in which people write apps that a deployment can't see."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.project.helpers import write
from vercel_emu.errors import EmuError, Where
from vercel_emu.project.detection.apps.near_misses import Reason, reasons
from vercel_emu.project.detection.sources import Sources
from vercel_emu.project.load import load_project
from vercel_emu.project.vercel_json.model import VercelConfig


def reason_for(root: Path, source: str, **others: str) -> Reason | None:
    """The reason for `main.py`, with other modules beside it."""
    files = {f"{name}.py": text for name, text in others.items()}
    write(root, {"main.py": source, **files})
    sources = Sources(root)
    assert sources.export("main.py") is None
    found = reasons(sources, ["main.py"])
    return found[0] if found else None


FASTAPI = "from fastapi import FastAPI\n"
FLASK = "from flask import Flask\n"


@pytest.mark.parametrize(
    ("source", "line", "text", "hint"),
    [
        (
            "from fasthtml.common import *\napp, rt = fast_app()",
            *(2, "assigns `app` together with other names", "Write `application = app`"),
        ),
        ("rt, app = make()", 1, "together with other names", "`--app main:app`"),
        ("application, x = make()", 1, "assigns `application`", "Write `app = application`"),
        ("import app", 1, "`import app` makes `app` a module", "Write `from app import app`."),
        ("import web as app", 1, "makes `app` a module", "Write `from web import app`."),
        (
            "try:\n    from bot import app\nexcept ImportError:\n    app = 1",
            *(2, "stands inside `try`", "Write `application = app` at the end"),
        ),
        (f"{FLASK}if debug:\n    app = Flask('x')", 3, "inside an `if`", "at the top level"),
        (f"{FLASK}try:\n    app = Flask('x')\nfinally:\n    pass", 3, "inside an `if`", "end"),
        (f"{FLASK}with x:\n    app = Flask('x')", 3, "inside an `if`, a `try`", "top level"),
        (
            f"{FLASK}if __name__ == '__main__':\n    app = Flask('x')",
            *(3, 'under `if __name__ == "__main__":`', "Move it in front of that"),
        ),
        (
            "if x:\n    def app(e, s): ...",
            2,
            "`def app` stands inside",
            "Write `application = app`",
        ),
        (
            f"{FASTAPI}from mangum import Mangum\napi = FastAPI()\nhandler = Mangum(api)",
            *(4, "`handler` must be a class", "write `app = api`; no Mangum is needed"),
        ),
        (
            f"{FASTAPI}import mangum\nhandler = mangum.Mangum(FastAPI(), lifespan='off')",
            *(3, "must be a class", "name it `app`"),
        ),
        ("def handler(event, context): ...", 1, "must be a class", "BaseHTTPRequestHandler"),
        ("from web import handler", 1, "must be a class", "Export an ASGI or WSGI app as `app`"),
        (f"{FASTAPI}api = FastAPI()", 2, "the FastAPI app is named `api`", "Write `app = api`"),
        (f"{FLASK}server = Flask('x')", 2, "the Flask app is named `server`", "main:server"),
        ("import sanic\ns = sanic.Sanic('x')", 2, "the Sanic app is named `s`", "`app = s`"),
        (
            "from django.core.wsgi import get_wsgi_application\nw = get_wsgi_application()",
            *(2, "the WSGI app is named `w`", "`app = w`"),
        ),
        (
            f"{FLASK}class Shop(Flask): ...\nshop = Shop('x')",
            *(3, "the Flask app is named `shop`", "Write `app = shop` below it"),
        ),
        (
            f"{FLASK}if x:\n    web = Flask('x')",
            *(3, "is named `web`", "Write `app = web` at the end of the file"),
        ),
        (
            f"{FLASK}def create_app():\n    app = Flask('x')\n    return app",
            *(2, "`create_app()` makes the Flask app", "Write `app = create_app()`"),
        ),
        (
            (
                f"{FLASK}def create_app(config=None):\n    return Flask('x')\n"
                "if __name__ == '__main__':\n    create_app().run()"
            ),
            *(2, "nothing calls it", "Write `app = create_app()`"),
        ),
        (
            "import gradio as gr\nwith gr.Blocks() as demo:\n    pass  # app",
            *(2, "`demo` is a Gradio interface", "gradio.mount_gradio_app(fastapi.FastAPI(), demo"),
        ),
        (
            "from fastmcp import FastMCP\nmcp = FastMCP('app')",
            *(2, "`mcp` is a FastMCP server", "Write `app = mcp.http_app()` below it"),
        ),
        ("from robyn import Robyn\nr = Robyn('app')", 2, "a Robyn application", "can't run"),
        ("app = (", 1, "SyntaxError: '(' was never closed", "can't read"),
        ("x = 1\ndef helper(): ...", None, "it defines x, helper, and none", "`app = NAME`"),
    ],
)
def test_the_line_and_what_to_write(
    tmp_path: Path, source: str, line: int | None, text: str, hint: str
) -> None:
    found = reason_for(tmp_path, source)
    assert found is not None
    assert (found.where.file, found.where.line) == ("main.py", line)
    assert text in found.text
    assert hint in found.hint


@pytest.mark.parametrize(
    ("source", "web", "text"),
    [
        ("from web import api", f"{FASTAPI}api = FastAPI()", "the FastAPI app is named `api`"),
        ("from web import make", f"{FASTAPI}def make():\n    return FastAPI()", "`make()` makes"),
        (
            "from web import make\nbackend = make()",
            f"{FASTAPI}def make():\n    return FastAPI()",
            "the FastAPI app is named `backend`",
        ),
        ("import web\nbackend = web.api", f"{FASTAPI}api = FastAPI()", "named `backend`"),
    ],
)
def test_other_modules_of_the_project_are_looked_into(
    tmp_path: Path, source: str, web: str, text: str
) -> None:
    found = reason_for(tmp_path, source, web=web)
    assert found is not None
    assert text in found.text


@pytest.mark.parametrize("source", ["", "# app", "import json", '"""An app."""\nprint()'])
def test_a_file_that_defines_nothing_has_no_reason(tmp_path: Path, source: str) -> None:
    assert reason_for(tmp_path, source) is None


def test_each_of_the_first_files_has_its_reason(tmp_path: Path) -> None:
    write(tmp_path, {f"{name}.py": "import app" for name in "abcd"})
    found = reasons(Sources(tmp_path), [f"{name}.py" for name in "abcd"])
    assert [str(one.where) for one in found] == ["a.py:1", "b.py:1", "c.py:1"]


# Where no default place has a file -----------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "place", "lines"),
    [
        (
            {"app/__init__.py": f"{FLASK}def create_app():\n    return Flask(__name__)\n"},
            Where("app/__init__.py", line=2),
            "from app import create_app\n  app = create_app()",
        ),
        (
            {"shop/web.py": f"{FASTAPI}def make():\n    api = FastAPI()\n    return api\n"},
            Where("shop/web.py", line=2),
            "from shop.web import make\n  app = make()",
        ),
        (
            {"service.py": f"{FASTAPI}api = FastAPI()\n"},
            Where("service.py", line=2),
            "from service import api as app",
        ),
    ],
)
def test_what_makes_an_app_elsewhere_is_named(
    tmp_path: Path, files: dict[str, str], place: Where, lines: str
) -> None:
    write(tmp_path, files)
    with pytest.raises(EmuError) as caught:
        load_project(tmp_path, VercelConfig(framework="flask"), environ={})
    assert caught.value.where == place
    assert f"Write wsgi.py:\n  {lines}" in (caught.value.hint or "")


@pytest.mark.parametrize(
    "files",
    [
        {"run.py": "print('hello')\n", "tools/job.py": "def main():\n    return 1\n"},
        {"my-tool.py": f"{FLASK}def create_app():\n    return Flask(__name__)\n"},
        {"run.py": f"{FLASK}if __name__ == '__main__':\n    web = Flask(__name__)\n"},
        {},
    ],
)
def test_nothing_is_named_where_nothing_makes_an_app(tmp_path: Path, files: dict[str, str]) -> None:
    write(tmp_path, files)
    with pytest.raises(EmuError) as caught:
        load_project(tmp_path, VercelConfig(framework="flask"), environ={})
    assert "--app module:variable" in (caught.value.hint or "")

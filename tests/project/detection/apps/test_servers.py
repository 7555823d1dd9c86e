"""Calls at import that never return: all that is sure, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.project.helpers import write
from vercel_emu.project.detection.apps.followed import follow
from vercel_emu.project.detection.apps.servers import Server, servers_at_import
from vercel_emu.project.detection.sources import Sources

FLASK = "from flask import Flask\napp = Flask(__name__)\n"
UVICORN = "import uvicorn\nfrom fastapi import FastAPI\napp = FastAPI()\n"


def servers(root: Path, source: str, **others: str) -> list[Server]:
    files = {f"{name}.py": text for name, text in others.items()}
    write(root, {"main.py": source, **files})
    return list(servers_at_import(follow(Sources(root), ["main.py"])))


@pytest.mark.parametrize(
    ("source", "line"),
    [
        (f"{FLASK}app.run()", 3),
        (f"{FLASK}app.run(debug=True, host='0.0.0.0', port=5000)", 3),
        (f"{FLASK}try:\n    app.run()\nexcept Exception:\n    pass", 4),
        (f"{FLASK}if __name__ != '__main__':\n    app.run()", 4),
        (f"{FLASK}if __name__ == '__main__':\n    pass\nelse:\n    app.run()", 6),
        (f"{FLASK}def main():\n    app.run()\nmain()", 4),
        ("import flask\nflask.Flask('x').run()", 2),
        ("from flask import Flask\nclass App(Flask): ...\napp = App('x')\napp.run()", 4),
        (
            (
                "from flask import Flask\ndef create_app():\n    app = Flask('x')\n    return app\n"
                "app = create_app()\napp.run()"
            ),
            6,
        ),
        (f"{UVICORN}uvicorn.run(app)", 4),
        (f"{UVICORN}uvicorn.run('main:app', reload=True)", 4),
        ("from uvicorn import run\nrun('main:app')", 2),
        (f"{UVICORN}uvicorn.Server(uvicorn.Config(app)).run()", 4),
        (f"{UVICORN}server = uvicorn.Server(uvicorn.Config(app))\nserver.run()", 5),
        (f"import asyncio\n{UVICORN}s = uvicorn.Server(x)\nasyncio.run(s.serve())", 6),
        (
            (
                f"import asyncio\n{UVICORN}async def main():\n    s = uvicorn.Server(x)\n"
                "    await s.serve()\nasyncio.run(main())"
            ),
            7,
        ),
        ("import asyncio\nfrom hypercorn.asyncio import serve\nasyncio.run(serve(a, b))", 3),
        (f"{FLASK}from waitress import serve\nserve(app, port=8080)", 4),
        ("from aiohttp import web\napp = web.Application()\nweb.run_app(app)", 3),
        ("import bottle\napp = bottle.Bottle()\nbottle.run(app)", 3),
        ("from bottle import run, route\nrun(host='localhost')", 2),
        ("from sanic import Sanic\napp = Sanic('x')\napp.run()", 3),
        ("from quart import Quart\napp = Quart('x')\napp.run()", 3),
        ("from dash import Dash\napp = Dash('x')\napp.run(debug=True)", 3),
        ("from robyn import Robyn\napp = Robyn('x')\napp.start(port=8080)", 3),
        ("import gradio as gr\ndemo = gr.Interface(f, 'a', 'b')\ndemo.launch()", 3),
        ("import gradio as gr\nwith gr.Blocks() as demo:\n    pass\ndemo.launch()", 4),
        (f"{FLASK}from flask_socketio import SocketIO\ns = SocketIO(app)\ns.run(app)", 5),
        ("from fastmcp import FastMCP\nmcp = FastMCP('x')\nmcp.run()", 3),
        (
            (
                "from wsgiref.simple_server import make_server\n"
                "with make_server('', 8000, app) as s:\n    s.serve_forever()"
            ),
            3,
        ),
        ("from http.server import HTTPServer\nHTTPServer(a, b).serve_forever()", 2),
        ("import tornado.ioloop\ntornado.ioloop.IOLoop.current().start()", 2),
        ("import telebot\nbot = telebot.TeleBot('x')\nbot.infinity_polling()", 3),
        (
            (
                "from telegram.ext import Application\n"
                "bot = Application.builder().token('x').build()\nbot.run_polling()"
            ),
            3,
        ),
    ],
)
def test_a_call_that_never_returns(tmp_path: Path, source: str, line: int) -> None:
    (found,) = servers(tmp_path, source)
    assert (found.where.file, found.where.line) == ("main.py", line)


@pytest.mark.parametrize(
    "source",
    [
        f"{FLASK}if __name__ == '__main__':\n    app.run()",
        f"{FLASK}if '__main__' == __name__:\n    app.run()",
        f"{FLASK}if __name__ == '__main__' and not os.environ.get('VERCEL'):\n    app.run()",
        f"{FLASK}def main():\n    app.run()",
        f"{FLASK}def main():\n    app.run()\nif __name__ == '__main__':\n    main()",
        f"{FLASK}if not os.environ.get('VERCEL'):\n    app.run()",
        f"{FLASK}if TYPE_CHECKING:\n    app.run()",
        f"{FLASK}run = lambda: app.run()",
        f"{FLASK}import threading\nthreading.Thread(target=app.run, daemon=True).start()",
        f"{FLASK}@app.cli.command()\ndef serve():\n    app.run()",
        f"{FLASK}class Server:\n    def start(self):\n        app.run()",
        f"{FLASK}import atexit\natexit.register(app.run)",
        f"{FLASK}app.run",
        f"{FLASK}app.run_async()",
        "app = make()\napp.run()",
        "import typer\napp = typer.Typer()\napp.run()",
        "import subprocess\nsubprocess.run('x')",
        "import asyncio\nasync def main(): ...\nasyncio.run(main())",
        "import uvicorn\nconfig = uvicorn.Config('main:app')",
        "import uvicorn\ns = uvicorn.Server(x)\ncoroutine = s.serve()",
        "import uvicorn\nasync def main():\n    await uvicorn.Server(x).serve()",
        "from fasthtml.common import *\napp, rt = fast_app()\nserve()",
        "import gradio as gr\ngr.Blocks().launch(prevent_thread_lock=True)",
        "import tornado.web\napp = tornado.web.Application()\napp.listen(8888)",
        "from http.server import HTTPServer\ns = HTTPServer(a, b)",
        f"{FLASK}while waiting:\n    app.run()",
        f"{FLASK}app = wrap(app)\napp.run()",
        "from flask import Flask\nif x:\n    app = Flask('x')\nelse:\n    app = Other()\napp.run()",
    ],
)
def test_no_false_alarm(tmp_path: Path, source: str) -> None:
    assert servers(tmp_path, source) == []


@pytest.mark.parametrize(
    ("source", "others", "place"),
    [
        ("from web import app", {"web": f"{FLASK}app.run()"}, "web.py:3"),
        ("import web\napp = web.app\napp.run()", {"web": FLASK}, "main.py:3"),
        ("from web import app\napp.run()", {"web": FLASK}, "main.py:2"),
        ("from web import app as a\na.run()", {"web": FLASK}, "main.py:2"),
        (
            "from web import create_app\napp = create_app()\napp.run()",
            {"web": "from flask import Flask\ndef create_app():\n    return Flask('x')"},
            "main.py:3",
        ),
        (
            "from one import app\napp.run()",
            {"one": "from two import app", "two": FLASK},
            "main.py:2",
        ),
    ],
)
def test_over_several_files(
    tmp_path: Path, source: str, others: dict[str, str], place: str
) -> None:
    (found,) = servers(tmp_path, source, **others)
    assert str(found.where) == place


@pytest.mark.parametrize(
    "source",
    [
        "def late():\n    import web",
        "if x:\n    import web",
        "if __name__ == '__main__':\n    import web",
        "import elsewhere",
    ],
)
def test_a_file_that_is_not_surely_imported_does_not_count(tmp_path: Path, source: str) -> None:
    assert servers(tmp_path, source, web=f"{FLASK}app.run()") == []


def test_the_way_into_a_function_is_told(tmp_path: Path) -> None:
    (found,) = servers(tmp_path, f"{FLASK}def main():\n    app.run()\n\nmain()")
    assert found.through == 6
    assert "`app.run()` (called in line 6) never returns" in found.text
    assert "Put the call in line 6 under" in found.hint

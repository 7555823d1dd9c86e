"""Why a function can't start, from what it said and from its source."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.project.helpers import write
from vercel_emu.instance.output.diagnosis import Code, Diagnosis, diagnose
from vercel_emu.instance.output.tracebacks import Location, read_traceback, where_it_hung
from vercel_emu.project.model import Entrypoint

FLASK = "from flask import Flask\napp = Flask('x')\n"
INTERFACE = """Could not determine the application interface for 'app:app'
Expected either:
  - an ASGI app: async callable(scope, receive, send)
  - a WSGI app: callable(environ, start_response)"""
MISSING = 'missing variable "app" in file "app".\nSee the docs: https://vercel.com/docs'
NO_WEBSOCKETS = "ModuleNotFoundError: No module named 'websockets.legacy'"


def found(root: Path, source: str, said: str, *, timed_out: bool = False) -> Diagnosis | None:
    write(root, {"app.py": source})
    code = Code(
        root=root,
        entrypoint=Entrypoint("app.py", "app", "app"),
        interpreter=root / ".venv" / "bin" / "python",
    )
    return diagnose(code, read_traceback(said, root), timed_out=timed_out)


def test_an_unfit_app(tmp_path: Path) -> None:
    diagnosis = found(tmp_path, "from dash import Dash\napp = Dash(__name__)", INTERFACE)
    assert diagnosis is not None
    assert diagnosis.message == "Could not determine the application interface for 'app:app'"
    assert diagnosis.hint.startswith("app.py:2: `app` is a Dash object")
    assert diagnosis.error.location == Location("app.py", 2)


def test_a_variable_that_is_not_there(tmp_path: Path) -> None:
    diagnosis = found(tmp_path, "from flask import Flask\nweb = Flask('x')", MISSING)
    assert diagnosis is not None
    assert diagnosis.message == 'missing variable "app" in file "app".'
    assert diagnosis.hint.startswith("app.py:2: the Flask app is named `web`")


@pytest.mark.parametrize(
    ("installed", "words"), [(["8.1"], "websockets 8.1 has"), ([], "websockets has")]
)
def test_websockets(tmp_path: Path, installed: list[str], words: str) -> None:
    for version in installed:
        site = tmp_path / ".venv" / "lib" / "python3.12" / "site-packages"
        (site / f"websockets-{version}.dist-info").mkdir(parents=True)
    diagnosis = found(tmp_path, FLASK, NO_WEBSOCKETS)
    assert diagnosis is not None
    assert diagnosis.message.startswith(words)
    assert "websockets>=9" in diagnosis.hint


def test_a_vercel_that_stands_before_ours(tmp_path: Path) -> None:
    said = "ModuleNotFoundError: No module named 'vercel.functions'"
    assert found(tmp_path, FLASK, said) is None
    site = tmp_path / ".venv" / "lib" / "python3.12" / "site-packages"
    (site / "vercel-0.1.0.dist-info").mkdir(parents=True)
    diagnosis = found(tmp_path, FLASK, said)
    assert diagnosis is not None
    assert "`vercel` 0.1.0 has no `vercel.functions`" in diagnosis.hint


def test_a_file_that_is_no_text_is_found(tmp_path: Path) -> None:
    (tmp_path / "web.py").write_bytes("x = 1\n".encode("utf-16"))
    said = "SyntaxError: source code string cannot contain null bytes"
    diagnosis = found(tmp_path, f"import web\n{FLASK}", said)
    assert diagnosis is not None
    assert diagnosis.message.startswith("SyntaxError: web.py: it is UTF-16")
    assert diagnosis.error.location == Location("web.py", 1)


@pytest.mark.parametrize("said", ["", "Serving Flask app 'app'\nPress CTRL+C to quit"])
def test_a_server_that_ended_or_hung(tmp_path: Path, said: str) -> None:
    for timed_out in (False, True):
        diagnosis = found(tmp_path, f"{FLASK}app.run()", said, timed_out=timed_out)
        assert diagnosis is not None
        assert diagnosis.message.startswith("app.py:3: `app.run()` never returns")
        assert diagnosis.error.location == Location("app.py", 3)


def test_an_error_before_the_server_is_the_error(tmp_path: Path) -> None:
    said = f'Traceback (most recent call last):\n  File "{tmp_path}/app.py", line 1\nKeyError: 1'
    assert found(tmp_path, f"{FLASK}app.run()", said) is None


DUMP = """Fatal Python error: Aborted

Thread 0x00007f832fb586c0 (most recent call first):
  File "/usr/lib/python3.13/threading.py", line 992 in run

Current thread 0x00007f833183bc40 (most recent call first):
  File "/usr/lib/python3.13/selectors.py", line 398 in select
  File "/venv/lib/python3.13/site-packages/werkzeug/serving.py", line 1093 in run_simple
  File "{root}/app.py", line 4 in <module>
  File "<frozen importlib._bootstrap>", line 488 in _call

Extension modules: markupsafe._speedups (total: 1)"""


def test_a_server_that_only_the_stack_shows(tmp_path: Path) -> None:
    said = where_it_hung(DUMP.format(root=tmp_path), tmp_path)
    diagnosis = found(tmp_path, "import web\nweb.start()", said, timed_out=True)
    assert diagnosis is not None
    assert diagnosis.message.startswith("app.py:4: this runs a server and never returns")
    assert "__main__" in diagnosis.hint


def test_the_stack_of_a_start_that_hung_is_that_of_user_code(tmp_path: Path) -> None:
    shown = where_it_hung(DUMP.format(root=tmp_path), tmp_path)
    assert shown.startswith(
        'It was here (most recent call first):\n  File "/usr/lib/python3.13/sel'
    )
    for noise in ("Fatal", "threading.py", "Extension"):
        assert noise not in shown
    assert where_it_hung("no stack at all", tmp_path) == "no stack at all"
    error = read_traceback(shown, tmp_path)
    assert error.location == Location("app.py", 4)


def test_other_failures_speak_for_themselves(tmp_path: Path) -> None:
    assert found(tmp_path, FLASK, "KeyError: 'x'") is None
    assert found(tmp_path, FLASK, "", timed_out=True) is None

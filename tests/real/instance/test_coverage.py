"""The coverage recipe of docs/recipes.md, as it stands there."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest

from tests.checkout import ROOT, code_blocks
from tests.real.environments import environment_with
from tests.real.support import clean_environ, dev_process

RECIPES = ROOT / "docs" / "recipes.md"
[CONFIGURATION] = [one for one in code_blocks(RECIPES, "toml") if "parallel" in one]
[ENV_FILE] = code_blocks(RECIPES, "dotenv")

LIBRARY = """\
def first():
    return "first"

def second():
    return "second"
"""
ASGI = """\
from library import first, second

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    answer = first() if scope["path"] == "/first" else second()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": answer.encode()})
"""
WSGI = """\
from library import first, second

def app(environ, start_response):
    start_response("200 OK", [])
    return [(first() if environ["PATH_INFO"] == "/first" else second()).encode()]
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return environment_with(tmp_path_factory.mktemp("coverage") / "env", "coverage>=7.13")


@pytest.mark.parametrize("app", [ASGI, WSGI], ids=["asgi", "wsgi"])
def test_what_ran_before_and_after_a_reload_is_measured(
    tmp_path: Path, python: Path, app: str
) -> None:
    root = tmp_path / "p"
    files = {
        "app.py": app,
        "library.py": LIBRARY,
        "pyproject.toml": CONFIGURATION,
        "coverage.env": ENV_FILE,
    }
    options = ("--env-file", str(root / "coverage.env"), "--python", str(python), "--strict-fs")
    with dev_process(root, files, *options, environ=clean_environ()) as running:
        running.wait_ready()
        assert running.get("/first").text == "first"
        (root / "app.py").write_text(app + "\nAFTER = True\n")
        running.wait_for("Reloaded")
        assert running.get("/second").text == "second"
        running.signal(signal.SIGINT)
        assert running.exit_code() == 0
    assert running.reported("Notice", code="READ_ONLY_FILE_SYSTEM") == []
    assert len(list(root.glob(".coverage.*"))) == 2
    for arguments in (["combine", "-q"], ["json", "-q", "-o", str(tmp_path / "report.json")]):
        subprocess.run([python, "-m", "coverage", *arguments], cwd=root, check=True)
    report = json.loads((tmp_path / "report.json").read_text())["files"]
    assert report["library.py"]["missing_lines"] == []
    assert report["app.py"]["executed_lines"]

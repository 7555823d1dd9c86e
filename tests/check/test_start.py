"""`vercel-emu check` on functions that could not start."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.project.helpers import write
from vercel_emu.check.check import check_project
from vercel_emu.check.model import Finding

ENVIRON = {"PATH": os.environ["PATH"]}
CODES = {"SYNTAX_ERROR", "APP_NOT_SUPPORTED", "SERVER_AT_IMPORT", "WEBSOCKETS_TOO_OLD"}
FASTAPI = "from fastapi import FastAPI\napp = FastAPI()\n"
FLASK = "from flask import Flask\napp = Flask('x')\n"


def found(root: Path, files: dict[str, str]) -> list[Finding]:
    report = check_project(write(root, {"requirements.txt": "", **files}), ENVIRON)
    return [finding for finding in report.findings if finding.code in CODES]


@pytest.mark.parametrize(
    ("files", "code", "place"),
    [
        ({"app.py": "app = ("}, "SYNTAX_ERROR", "app.py:1"),
        ({"app.py": f"{FLASK}import web", "web.py": "x = ="}, "SYNTAX_ERROR", "web.py:1"),
        ({"app.py": f"{FLASK}from . import web", "web.py": "def"}, "SYNTAX_ERROR", "web.py:1"),
        ({"api/a.py": "app = 1", "api/b.py": "\napp = ("}, "SYNTAX_ERROR", "api/b.py:2"),
        ({"app.py": "from dash import Dash\napp = Dash()"}, "APP_NOT_SUPPORTED", "app.py:2"),
        ({"app.py": f"{FLASK}app.run()"}, "SERVER_AT_IMPORT", "app.py:3"),
        (
            {"main.py": f"{FLASK}import web", "web.py": f"{FLASK}app.run()"},
            *("SERVER_AT_IMPORT", "web.py:3"),
        ),
        (
            {"app.py": FASTAPI, "requirements.txt": "websockets==8.1"},
            *("WEBSOCKETS_TOO_OLD", "requirements.txt"),
        ),
        (
            {"app.py": FASTAPI, "requirements.txt": "websockets<9,>=7"},
            *("WEBSOCKETS_TOO_OLD", "requirements.txt"),
        ),
    ],
)
def test_a_planted_fault(tmp_path: Path, files: dict[str, str], code: str, place: str) -> None:
    (finding,) = found(tmp_path, files)
    assert (finding.severity, finding.code, finding.place) == ("error", code, place)


@pytest.mark.parametrize(
    "files",
    [
        {"app.py": FLASK, "old.py": "print 'Python 2'"},
        {"app.py": f"{FLASK}try:\n    import old\nexcept Exception:\n    pass", "old.py": "x ="},
        {"app.py": f"{FLASK}if x:\n    import old", "old.py": "x ="},
        {"app.py": f"{FLASK}if __name__ == '__main__':\n    app.run()"},
        {"app.py": FLASK, "scripts/serve.py": "import uvicorn\nuvicorn.run('app:app')"},
        {"app.py": FLASK, "requirements.txt": "websockets==8.1"},
        {"app.py": FASTAPI, "requirements.txt": "websockets>=8"},
        {"app.py": FASTAPI, "requirements.txt": "websockets"},
        {"app.py": FASTAPI, "requirements.txt": "websockets==15.0.1"},
        {"app.py": "from dash import Dash\nserver = Dash(__name__).server\napp = server"},
    ],
)
def test_no_false_alarm(tmp_path: Path, files: dict[str, str]) -> None:
    assert found(tmp_path, files) == []


def test_an_installed_version_that_is_too_old_is_a_warning(tmp_path: Path) -> None:
    site = tmp_path / ".venv" / "lib" / "python3.12" / "site-packages"
    (site / "websockets-8.1.dist-info").mkdir(parents=True)
    (tmp_path / ".venv" / "bin").mkdir()
    (tmp_path / ".venv" / "bin" / "python3.12").touch()
    (tmp_path / ".venv" / "bin" / "python").symlink_to("python3.12")
    (tmp_path / ".venv" / "pyvenv.cfg").write_text("version = 3.12.1\n")
    (finding,) = found(tmp_path, {"app.py": FASTAPI})
    assert (finding.severity, finding.code) == ("warning", "WEBSOCKETS_TOO_OLD")
    assert "websockets 8.1 is installed" in finding.message

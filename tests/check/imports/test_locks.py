"""What lock files say will be installed; no installer is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.check.helpers import ENVIRON, checked, found, stand_in_uv

PYPROJECT = '[project]\nname = "a"\nversion = "1"\ndependencies = ["flask"]\n'
APP = "from flask import Flask\napp = Flask(__name__)\n"
UV = """version = 1
requires-python = ">=3.12"
[[package]]
name = "a"
version = "1"
source = { virtual = "." }
dependencies = [{ name = "flask", extra = ["async"] }]
[package.dev-dependencies]
dev = [{ name = "celery" }]
[[package]]
name = "flask"
version = "3"
dependencies = [{ name = "PyYAML", marker = "sys_platform == 'linux'" }]
[package.optional-dependencies]
async = [{ name = "asgiref" }]
dotenv = [{ name = "python-dotenv" }]
[[package]]
name = "pyyaml"
version = "6"
[[package]]
name = "asgiref"
version = "3"
[[package]]
name = "python-dotenv"
version = "1"
[[package]]
name = "celery"
version = "5"
"""
PYLOCK = """lock-version = "1.0"
[[packages]]
name = "flask"
version = "3"
[[packages]]
name = "pyyaml"
version = "6"
[[packages]]
name = "asgiref"
version = "3"
[[packages]]
name = "celery"
version = "5"
marker = "'dev' in dependency_groups"
"""
POETRY = """[[package]]
name = "flask"
version = "3"
groups = ["main"]
[[package]]
name = "PyYAML"
version = "6"
groups = ["main", "dev"]
[[package]]
name = "asgiref"
version = "3"
[[package]]
name = "celery"
version = "5"
groups = ["dev"]
"""
PIPFILE_LOCK = """{"_meta": {}, "default": {"flask": {"version": "==3"}, "pyyaml": {},
"asgiref": {}}, "develop": {"celery": {}}}"""


@pytest.fixture(autouse=True)
def _no_installer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "installer"
    folder.mkdir()
    stand_in_uv(folder, "", code=1, says="asked")
    monkeypatch.setitem(ENVIRON, "PATH", f"{folder}:{ENVIRON['PATH']}")


@pytest.mark.parametrize(
    "files",
    [
        {"pyproject.toml": PYPROJECT, "uv.lock": UV},
        {"pyproject.toml": PYPROJECT, "pylock.toml": PYLOCK},
        {"pyproject.toml": PYPROJECT, "poetry.lock": POETRY},
        {"Pipfile": "[packages]\nflask = '*'\n", "Pipfile.lock": PIPFILE_LOCK},
    ],
    ids=["uv", "pylock", "poetry", "pipenv"],
)
def test_what_is_locked_is_there_and_nothing_else(tmp_path: Path, files: dict[str, str]) -> None:
    source = "import yaml\nfrom asgiref.sync import async_to_sync\n"
    project = tmp_path / "project"
    assert checked(project, {**files, "app.py": source + APP}).findings == ()
    report = checked(project, {"app.py": f"{source}import celery, dotenv\n{APP}"})
    assert found(report) == [("error", "IMPORT_NOT_DECLARED", "app.py:3")] * 2


def test_a_lock_file_that_is_none_is_no_answer(tmp_path: Path) -> None:
    files = {"pyproject.toml": PYPROJECT, "uv.lock": "package = 3\n"}
    files["app.py"] = f"import yaml\n{APP}"
    report = checked(tmp_path / "project", files)
    assert found(report) == [("warning", "DEPENDENCIES_NOT_RESOLVED", "pyproject.toml")]


def test_a_member_of_a_workspace_has_the_lock_of_the_workspace(tmp_path: Path) -> None:
    top = tmp_path / "project"
    lock = UV.replace('virtual = "."', 'editable = "web"')
    checked(top, {"pyproject.toml": '[tool.uv.workspace]\nmembers = ["web"]\n', "uv.lock": lock})
    files = {"pyproject.toml": PYPROJECT, "app.py": "import yaml, celery\n" + APP}
    report = checked(top / "web", files)
    assert found(report) == [("error", "IMPORT_NOT_DECLARED", "app.py:1")]

"""What is in the place of a project's files, and is no file, or none of this size or shape."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from vercel_emu.check.check import check_project
from vercel_emu.cli import cli
from vercel_emu.crons.declared import declared_jobs
from vercel_emu.errors import EmuError
from vercel_emu.files.reading import CONFIG_BYTES, SOURCE_BYTES
from vercel_emu.project.detection.frameworks import detect_framework
from vercel_emu.project.detection.sources import Sources
from vercel_emu.project.link import deployed_folder, read_link
from vercel_emu.project.load import load_project
from vercel_emu.project.pyproject import load_toml
from vercel_emu.project.python.choice import choose_python, wanted_versions
from vercel_emu.project.python.manifest import manifests_in
from vercel_emu.project.python.requirements import Declared, read_into
from vercel_emu.project.python.workspace import member_folder
from vercel_emu.project.variables.env_files import read_env_files
from vercel_emu.project.vercel_json.model import VercelConfig


def put(file: Path, kind: str) -> None:
    """A pipe, a device or a file of a byte too much."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if kind == "pipe":
        os.mkfifo(file)
    elif kind == "device":
        file.symlink_to("/dev/zero")
    else:
        with file.open("wb") as opened:
            opened.truncate(SOURCE_BYTES + 1 if file.suffix == ".py" else CONFIG_BYTES + 1)


@pytest.fixture(params=["pipe", "device", "large"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_pyproject(tmp_path: Path, kind: str) -> None:
    put(tmp_path / "pyproject.toml", kind)
    with pytest.raises(EmuError, match=r"pyproject\.toml could not be read: it ") as caught:
        load_toml(tmp_path / "pyproject.toml")
    assert caught.value.hint is not None
    assert "permissions" not in caught.value.hint


def test_project_settings(tmp_path: Path, kind: str) -> None:
    put(tmp_path / ".vercel" / "project.json", kind)
    with pytest.raises(EmuError, match=r"\.vercel/project\.json: can't be read: it "):
        read_link(tmp_path)


def test_env_files(tmp_path: Path, kind: str) -> None:
    put(tmp_path / ".env", kind)
    with pytest.raises(EmuError, match=r"\.env could not be read: it "):
        read_env_files(tmp_path)


def test_requirements(tmp_path: Path, kind: str) -> None:
    put(tmp_path / "requirements.txt", kind)
    declared = Declared()
    read_into(declared, tmp_path / "requirements.txt", tmp_path)
    (problem,) = declared.problems
    assert "requirements.txt: could not be read: it " in problem.message


def test_python_version(tmp_path: Path, kind: str) -> None:
    put(tmp_path / ".python-version", kind)
    manifests = manifests_in(tmp_path, "")
    assert wanted_versions(tmp_path, manifests) == []
    warning = choose_python(tmp_path, manifests, os.environ).warnings[0]
    assert warning.message.startswith(".python-version is not used: it ")


def test_a_scenario(tmp_path: Path, kind: str) -> None:
    put(tmp_path / "scenario.toml", kind)
    error = CliRunner().invoke(cli, ["play", str(tmp_path / "scenario.toml")]).exception
    assert isinstance(error, EmuError)
    assert "scenario.toml can't be read: it " in error.message


def test_sources(tmp_path: Path, kind: str) -> None:
    put(tmp_path / "app.py", kind)
    put(tmp_path / "api" / "cron.py", kind)
    sources = Sources(tmp_path)
    assert sources.export("app.py") is None
    assert sources.facts(["app.py"])["app.py"].fault == sources.fault("app.py") is not None
    assert declared_jobs(tmp_path) == []
    put(tmp_path / "package.json", kind)
    assert detect_framework(tmp_path) is None


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="the folder is Linux's")
def test_an_api_folder_that_is_everything(tmp_path: Path) -> None:
    (tmp_path / "api").symlink_to("/")
    with pytest.raises(EmuError, match="api leads to /, out of the project"):
        load_project(tmp_path, VercelConfig(), environ={})


def test_check_meets_no_pipe(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("app = 1")
    (tmp_path / "all").symlink_to("/")
    os.mkfifo(tmp_path / "pipe.py")
    os.mkfifo(tmp_path / ".vercelignore")
    codes = {finding.code for finding in check_project(tmp_path, {}).findings}
    assert "FOLDER_TOO_LARGE" not in codes


@pytest.mark.parametrize("name", ["\0", "a\0b"])
def test_a_root_directory_with_a_nul(tmp_path: Path, name: str) -> None:
    (tmp_path / ".vercel").mkdir()
    text = json.dumps({"settings": {"rootDirectory": name}})
    (tmp_path / ".vercel" / "project.json").write_text(text)
    with pytest.raises(EmuError, match="NUL"):
        deployed_folder(tmp_path, read_link(tmp_path))


@pytest.mark.parametrize("value", ["9" * 5_000, "[" * 2_000 + "]" * 2_000])
def test_toml_that_no_number_or_stack_can_hold(tmp_path: Path, value: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f"a = {value}")
    with pytest.raises(EmuError, match="is not valid TOML"):
        load_toml(tmp_path / "pyproject.toml")


def member(folder: Path, name: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(f'[project]\nname = "{name}"\n')


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("packages/*", "packages/one"),
        ("packages/one", "packages/one"),
        ("**", "packages/one"),
        ("pack*/o?e", "packages/one"),
        ("other/*", None),
        ("", None),
        ("/", None),
        ("/etc/*", None),
    ],
)
def test_members_of_a_workspace(tmp_path: Path, pattern: str, found: str | None) -> None:
    member(tmp_path / "packages" / "one", "one")
    (tmp_path / "pyproject.toml").write_text(f'[tool.uv.workspace]\nmembers = ["{pattern}"]\n')
    folder = member_folder(tmp_path, "one")
    assert folder == (tmp_path / found if found else None)


def test_members_are_looked_for_in_each_folder_once(tmp_path: Path) -> None:
    for number in range(25):
        member(tmp_path / f"d{number}", f"name{number}")
        if number:
            for name in ("a", "b"):
                (tmp_path / f"d{number - 1}" / name).symlink_to(f"../d{number}")
    pattern = "/".join("*" * 24)
    (tmp_path / "pyproject.toml").write_text(f'[tool.uv.workspace]\nmembers = ["{pattern}"]\n')
    assert member_folder(tmp_path, "none") is None
    found = member_folder(tmp_path, "name24")
    assert found is not None
    assert found.resolve() == tmp_path.resolve() / "d24"

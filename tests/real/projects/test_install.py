"""Environments made and filled by the real uv, venv and pip, from packages on disk alone."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.checkout import ROOT
from vercel_emu.errors import EmuError
from vercel_emu.project.python.dependencies import Action, Plan, plan_dependencies
from vercel_emu.project.python.environment import INCOMPLETE
from vercel_emu.project.python.installer import Listener, install_dependencies, working_uv
from vercel_emu.project.python.interpreter import (
    Interpreter,
    Origin,
    find_interpreter,
)
from vercel_emu.project.python.manifest import Manifests, manifests_in


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "my app"
    folder.mkdir()
    make_wheel(tmp_path / "wheels", "demo", "1.0")
    make_wheel(tmp_path / "wheels", "demo", "2.0")
    return folder


@pytest.fixture
def uv(root: Path) -> Path:
    path = f"{ROOT / '.tools/uv/bin'}:{os.environ['PATH']}"
    found = working_uv(root, {**os.environ, "PATH": path})
    assert found is not None, "uv is neither on PATH nor in .tools: run `make setup`"
    return found


@pytest.fixture(params=["uv", "pip"])
def environ(request: pytest.FixtureRequest, tmp_path: Path, uv: Path) -> dict[str, str]:
    """One with a working uv, and one with a uv that fails, as a version manager's shim does."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = f'exec {uv} "$@"' if request.param == "uv" else "exit 127"
    (folder / "uv").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "uv").chmod(0o755)
    variables = {
        "PATH": f"{folder}:/usr/bin:/bin",
        "HOME": str(tmp_path),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(tmp_path / "wheels"),
        "UV_OFFLINE": "1",
        "UV_NO_INDEX": "1",
        "UV_FIND_LINKS": str(tmp_path / "wheels"),
        "UV_PROJECT_ENVIRONMENT": str(tmp_path / "not-here"),
        "VIRTUAL_ENV": str(tmp_path / "not-here"),
    }
    works = working_uv(tmp_path, variables) is not None
    assert works is (request.param == "uv")
    return variables


def make_wheel(folder: Path, name: str, version: str) -> None:
    folder.mkdir(exist_ok=True)
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\n"
        "Tag: py3-none-any\n",
    }
    record = "".join(f"{file},,\n" for file in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for file, text in {**files, f"{info}/RECORD": record}.items():
            wheel.writestr(file, text)


def hears(lines: list[str]) -> Listener:
    """Keeps the lines, and the warnings as such."""
    return Listener(lines.append, lambda text: lines.append(f"warning: {text}"))


UNHEARD = Listener(lambda line: None, lambda text: None)


def plan(root: Path, *, install: bool | None = None) -> Plan:
    interpreter = find_interpreter(root, environ={})
    return plan_dependencies(root, manifests_in(root, ""), interpreter, install=install)


def version_of_demo(interpreter: Interpreter) -> str:
    code = "import demo; print(demo.VERSION)"
    answer = subprocess.run([interpreter.path, "-c", code], capture_output=True, text=True)
    return answer.stdout.strip() or answer.stderr


def test_new_environment_then_nothing_to_do_then_an_update_by_consent(
    root: Path, environ: dict[str, str]
) -> None:
    (root / "requirements.txt").write_text("demo<2\n")
    lines: list[str] = []
    first = plan(root)
    assert first.action is Action.CREATE
    done = install_dependencies(root, first, hears(lines), environ=environ)
    interpreter = done.interpreter
    assert done.packages == 1
    assert (interpreter.prefix, interpreter.origin) == (root / ".venv", Origin.PROJECT)
    assert version_of_demo(interpreter) == "1.0"
    assert any("demo" in line for line in lines)
    assert not (root / ".venv" / INCOMPLETE).exists()
    assert (root / ".venv" / ".gitignore").exists()
    assert plan(root).action is Action.NOTHING

    (root / "requirements.txt").write_text("demo>=2\n")
    asked = plan(root)
    assert asked.action is Action.ASK
    updated = install_dependencies(root, asked.agreed(), hears(lines), environ=environ)
    assert version_of_demo(updated.interpreter) == "2.0"
    assert not (root.parent / "not-here").exists()


def test_pyproject_of_a_flat_layout_is_not_built(root: Path, environ: dict[str, str]) -> None:
    """Two top-level packages: building the project would fail."""
    for name in ("one", "two"):
        (root / name).mkdir()
        (root / name / "__init__.py").touch()
    (root / "pyproject.toml").write_text(
        '[project]\nname = "app"\nversion = "0"\ndependencies = ["demo==1.0"]\n'
        'requires-python = ">=3.12"\n'
    )
    done = install_dependencies(root, plan(root), UNHEARD, environ=environ)
    assert version_of_demo(done.interpreter) == "1.0"


def test_locked_versions(root: Path, uv: Path, environ: dict[str, str]) -> None:
    text = (
        '[project]\nname = "app"\nversion = "0"\nrequires-python = ">=3.12"\n'
        'dependencies = ["demo{}"]\n[tool.uv]\nfind-links = ["../wheels"]\nno-index = true\n'
    )
    (root / "pyproject.toml").write_text(text.format("==1.0"))
    lock: list[str | Path] = [uv, "lock", "--python", sys.executable]
    subprocess.run(lock, cwd=root, env=environ, check=True, capture_output=True)
    before = (root / "uv.lock").read_bytes()
    done = install_dependencies(root, plan(root), UNHEARD, environ=environ)
    assert version_of_demo(done.interpreter) == "1.0"

    # The lock file no longer fits: it is neither rewritten nor silently taken as good.
    (root / "pyproject.toml").write_text(text.format(">=2"))
    lines: list[str] = []
    install_dependencies(root, plan(root, install=True), hears(lines), environ=environ)
    assert (root / "uv.lock").read_bytes() == before
    stale = [line for line in lines if "uv.lock up to date" in line]
    assert bool(stale) is (working_uv(root, environ) is not None)


def test_failure_shows_the_installers_own_output_and_leaves_nothing(
    root: Path, environ: dict[str, str]
) -> None:
    (root / "requirements.txt").write_text("no-such-package==7\n")
    with pytest.raises(EmuError) as caught:
        install_dependencies(root, plan(root), UNHEARD, environ=environ)
    assert caught.value.code == "INSTALL_FAILED"
    assert "exit code" in caught.value.message
    assert caught.value.message.count("no-such-package") >= 1
    assert not (root / ".venv").exists()


def test_an_interrupted_install_leaves_nothing(root: Path, environ: dict[str, str]) -> None:
    (root / "requirements.txt").write_text("demo\n")

    def interrupt(line: str) -> None:
        if "warning" not in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        install_dependencies(root, plan(root), Listener(interrupt, interrupt), environ=environ)
    assert not (root / ".venv").exists()


@pytest.mark.parametrize("environ", ["uv"], indirect=True)
def test_what_a_killed_install_left_is_made_anew(root: Path, environ: dict[str, str]) -> None:
    (root / "requirements.txt").write_text("demo\n")
    install_dependencies(root, plan(root), UNHEARD, environ=environ)
    shutil.rmtree(root / ".venv" / "bin")
    (root / ".venv" / INCOMPLETE).touch()
    done = install_dependencies(root, plan(root), UNHEARD, environ=environ)
    assert version_of_demo(done.interpreter) == "2.0"


@pytest.mark.parametrize("environ", ["uv"], indirect=True)
def test_a_second_install_at_the_same_time_is_refused(root: Path, environ: dict[str, str]) -> None:
    (root / "requirements.txt").write_text("demo\n")
    (root / ".venv").mkdir()
    with (root / ".venv" / INCOMPLETE).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(EmuError, match="right now"):
            install_dependencies(root, plan(root), UNHEARD, environ=environ)
    assert (root / ".venv" / INCOMPLETE).exists()


@pytest.mark.parametrize("environ", ["uv"], indirect=True)
def test_a_folder_in_the_way_is_not_touched(root: Path, environ: dict[str, str]) -> None:
    (root / "requirements.txt").write_text("demo\n")
    (root / ".venv").mkdir()
    (root / ".venv" / "notes.txt").write_text("mine")
    with pytest.raises(EmuError, match="is no virtual environment"):
        install_dependencies(root, plan(root), UNHEARD, environ=environ)
    assert (root / ".venv" / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("environ", ["uv"], indirect=True)
def test_a_python_that_is_not_here_is_a_warning(root: Path, environ: dict[str, str]) -> None:
    (root / "requirements.txt").write_text("demo\n")
    (root / ".python-version").write_text("3.9\n")
    lines: list[str] = []
    install_dependencies(root, plan(root), hears(lines), environ=environ)
    assert lines[0].startswith("warning: .python-version asks for Python 3.9, which is not one of")


@pytest.mark.parametrize("environ", ["uv"], indirect=True)
def test_a_project_that_declares_nothing_sees_nothing(root: Path, environ: dict[str, str]) -> None:
    done = install_dependencies(root, plan(root), UNHEARD, environ=environ)
    assert (done.interpreter.prefix, done.packages) == (root / ".venv", 0)
    code = "import importlib.util as u; print([u.find_spec(n) for n in ('click', 'starlette')])"
    answer = subprocess.run([done.interpreter.path, "-c", code], capture_output=True, text=True)
    assert answer.stdout.strip() == "[None, None]"


@pytest.mark.parametrize("environ", ["uv"], indirect=True)
def test_functions_with_manifests_of_their_own_share_an_environment(
    root: Path, environ: dict[str, str]
) -> None:
    make_wheel(root.parent / "wheels", "other", "1.0")
    for name, text in {"a": "demo==1.0", "b": "demo\nother"}.items():
        (root / name).mkdir()
        (root / name / "requirements.txt").write_text(text)
    both = [manifests_in(root, name).found[0] for name in "ab"]
    found = plan_dependencies(root, Manifests(tuple(both)), None, install=None)
    done = install_dependencies(root, found, UNHEARD, environ=environ)
    assert (version_of_demo(done.interpreter), done.packages) == ("1.0", 2)
    (root / "b" / "requirements.txt").write_text("demo==2.0")
    again = plan_dependencies(root, Manifests(tuple(both)), done.interpreter, install=True)
    with pytest.raises(EmuError) as caught:
        install_dependencies(root, again, UNHEARD, environ=environ)
    assert "a/requirements.txt and b/requirements.txt share one environment" in str(caught.value)


BACKEND = """
import pathlib, zipfile

def _wheel(folder, name, text):
    info = "mylib-1.dist-info"
    files = {name: text, f"{info}/METADATA": "Metadata-Version: 2.1\\nName: mylib\\nVersion: 1\\n"}
    files[f"{info}/WHEEL"] = (
        "Wheel-Version: 1.0\\nGenerator: t\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    )
    files[f"{info}/RECORD"] = "".join(f"{one},,\\n" for one in files)
    with zipfile.ZipFile(pathlib.Path(folder, "mylib-1-py3-none-any.whl"), "w") as wheel:
        for one, content in files.items():
            wheel.writestr(one, content)
    return "mylib-1-py3-none-any.whl"

def build_wheel(folder, settings=None, metadata=None):
    return _wheel(folder, "mylib.py", pathlib.Path("mylib.py").read_text())

def build_editable(folder, settings=None, metadata=None):
    return _wheel(folder, "mylib.pth", str(pathlib.Path.cwd()))
"""
"""A build backend that needs nothing installed."""


@pytest.mark.parametrize("line", ["./mylib", "mylib @ {}"])
def test_a_package_beside_the_app_runs_from_its_sources(
    root: Path, environ: dict[str, str], line: str
) -> None:
    lib = root / "mylib"
    lib.mkdir()
    (lib / "backend.py").write_text(BACKEND)
    (lib / "mylib.py").write_text("x = 1")
    (lib / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    (root / "requirements.txt").write_text(line.format(lib.as_uri()))
    assert plan(root).action is Action.CREATE
    interpreter = install_dependencies(root, plan(root), UNHEARD, environ=environ).interpreter
    (lib / "mylib.py").write_text("x = 22")
    command = [str(interpreter.path), "-c", "import mylib; print(mylib.x)"]
    answer = subprocess.run(command, capture_output=True, text=True)
    assert answer.stdout.strip() == "22", answer.stderr
    assert plan(root).action is Action.NOTHING

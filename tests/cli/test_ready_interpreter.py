"""What `dev` and `run` decide before they have an interpreter, and what they say about it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from vercel_emu.cli import dependencies
from vercel_emu.cli.dependencies import ready_interpreter
from vercel_emu.cli.signals import undone_at_signals
from vercel_emu.errors import EmuError
from vercel_emu.options import Options
from vercel_emu.project.python.interpreter import Interpreter, Origin

APP = "app = object()\n"

type Ready = Callable[..., Interpreter]


@pytest.fixture
def ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ready:
    """Call `ready_interpreter` for these files; nothing is really installed."""
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        monkeypatch.delenv(name, raising=False)

    def refuse(root: Path, plan: object, *, verbose: bool) -> Interpreter:
        raise AssertionError(f"installs {plan}")

    monkeypatch.setattr(dependencies, "_install", refuse)

    def call(files: dict[str, str], **options: object) -> Interpreter:
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        return ready_interpreter(tmp_path, Options(**options))  # type: ignore[arg-type]

    return call


BUILDS = '{"builds": [{"src": "api/index.py", "use": "@vercel/python"}]}'
IN_TRY = "try:\n    from bot import app\nexcept ImportError:\n    app = None\n"


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"requirements.txt": "flask", "app.py": "x = 1\n"}, "FLASK_ENTRYPOINT_NOT_FOUND"),
        ({"requirements.txt": "flask"}, "FLASK_ENTRYPOINT_NOT_FOUND"),
        (
            {"requirements.txt": "flask", "vercel.json": BUILDS, "api/index.py": IN_TRY},
            "PYTHON_ENTRYPOINT_NOT_FOUND",
        ),
        (
            {"requirements.txt": "flask", "app.py": APP, "vercel.json": "{,}"},
            "CANT_PARSE_JSON_FILE",
        ),
        ({"app.py": APP, "pyproject.toml": "[project"}, "PYPROJECT_INVALID"),
    ],
)
def test_errors_of_the_project_come_before_an_install(
    ready: Ready, tmp_path: Path, files: dict[str, str], code: str
) -> None:
    with pytest.raises(EmuError) as caught:
        ready(files)
    assert caught.value.code == code
    assert not (tmp_path / ".venv").exists()


@pytest.mark.parametrize("files", [{"app.py": APP}, {"app.py": APP, "requirements.txt": "flask"}])
def test_a_project_without_an_environment_gets_one(ready: Ready, files: dict[str, str]) -> None:
    with pytest.raises(AssertionError, match=r"installs Plan\(action=<Action.CREATE"):
        ready(files)


def test_django_that_must_be_executed_is_installed_first(ready: Ready) -> None:
    files = {
        "requirements.txt": "django",
        "manage.py": "import os\nos.environ['DJANGO_SETTINGS_MODULE'] = chosen()\n",
    }
    with pytest.raises(AssertionError, match="installs"):
        ready(files)


def test_no_install_runs_on_a_python_of_the_machine(
    ready: Ready, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"app.py": APP, "requirements.txt": "no-such-package-at-all"}
    found = ready(files, install=False)
    assert found.origin is Origin.MACHINE
    assert found.prefix != Path(sys.prefix)
    told = capsys.readouterr().err
    assert "The project has no environment, and --no-install makes none" in told
    assert "`no-such-package-at-all` (from requirements.txt) is not installed" in told
    assert not (tmp_path / ".venv").exists()


def test_a_project_without_functions_needs_no_environment(
    ready: Ready, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ready({"public/index.html": "<p>"}).origin is Origin.MACHINE
    assert capsys.readouterr().err == ""
    assert not (tmp_path / ".venv").exists()


def test_what_a_deployment_does_not_read_is_said_at_every_start(
    ready: Ready, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"app.py": APP, "pyproject.toml": "[tool.ruff]\n", "requirements.txt": "flask\n"}
    for _ in range(2):
        ready(files, python=Path(sys.executable))
        told = capsys.readouterr().err
        assert "neither a deployment nor vercel-emu installs `flask`" in told


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signals_undo_what_is_half_made(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(SystemExit) as caught, undone_at_signals():
        os.kill(os.getpid(), number)
    assert caught.value.code == 128 + number
    assert signal.getsignal(number) is before

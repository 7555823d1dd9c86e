"""The pytest plugin in runs of its own, and the example of the docs with the wheel installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.checkout import ROOT
from tests.real.support import PATIENCE, clean_environ, write_project

APP = """
from fastapi import FastAPI, Request
from vercel.functions import RuntimeCache, geolocation
app = FastAPI()

@app.get("/api/geo")
def geo(request: Request):
    print("asked from", geolocation(request)["city"])
    return geolocation(request)

@app.get("/count")
def count():
    cache = RuntimeCache()
    cache.set("n", (cache.get("n") or 0) + 1)
    return cache.get("n")

@app.get("/boom")
def boom():
    raise ValueError("boom")
"""
REQUIREMENTS = "fastapi\nvercel\n"


def run_pytest(root: Path, *arguments: str) -> tuple[dict[str, int], str]:
    """Outcomes by kind, and the output, of a pytest run in `root`."""
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=root,
        env=clean_environ(COLUMNS="100"),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    output = result.stdout + result.stderr
    last = next((line for line in reversed(output.splitlines()) if " in " in line), "")
    words = last.strip("= ").partition(" in ")[0].replace(",", "").split()
    counts = zip(words[1::2], words[::2], strict=False)
    return {kind.rstrip("s"): int(number) for kind, number in counts}, output


@pytest.fixture
def project(tmp_path: Path) -> Path:
    ini = '[pytest]\nvercel_emu_project = app\nvercel_emu_options =\n    env = "preview"\n'
    write_project(tmp_path / "app", {"app.py": APP, "requirements.txt": REQUIREMENTS})
    return write_project(tmp_path, {"pytest.ini": ini})


PASSING = """
import pytest

def test_default(emulator, visitor):
    assert emulator.get("/api/geo").json()["city"] == visitor.city == "New York"
    assert emulator.env["VERCEL_ENV"] == "preview"

@pytest.mark.visitor("Tokyo", "São Paulo", "none")
def test_marked(emulator, visitor):
    assert emulator.get("/api/geo").json()["city"] == visitor.city

@pytest.mark.visitor("Berlin")
def test_marked_without_the_fixture(emulator):
    assert emulator.get("/api/geo").json()["city"] == "Berlin"

@pytest.mark.parametrize("number", range(3))
def test_the_cache_is_empty(emulator, number):
    assert emulator.get("/count").json() == 1

def test_back_to_the_default(emulator):
    assert emulator.get("/api/geo").json()["city"] == "New York"
"""


@pytest.mark.parametrize("workers", ["0", "2"])
def test_fixtures_and_marker(project: Path, workers: str) -> None:
    (project / "test_app.py").write_text(PASSING)
    outcomes, output = run_pytest(project, "-n", workers, "--strict-markers")
    assert outcomes == {"passed": 9}, output


def test_a_failed_test_shows_its_invocations(project: Path) -> None:
    (project / "test_app.py").write_text(
        "import pytest\n"
        "def test_fine(emulator): emulator.get('/api/geo', visitor='Lima')\n"
        "@pytest.mark.visitor('Oslo')\n"
        "def test_wrong(emulator):\n"
        "    assert emulator.get('/api/geo').json()['city'] == 'Rome'\n"
        "def test_broken(emulator):\n"
        "    emulator.get('/boom').raise_for_status()\n"
        "@pytest.mark.visitor('Nowheria')\n"
        "def test_nowhere(emulator): pass\n"
    )
    outcomes, output = run_pytest(project, "-n0")
    assert outcomes == {"failed": 2, "passed": 1, "error": 1}, output
    assert "200 GET /api/geo (" in output
    assert "asked from Oslo" in output
    assert "asked from Lima" not in output
    assert 'raise ValueError("boom")' in output
    assert 'There is no place "Nowheria"' in output
    assert "During handling" not in output


def test_an_app_that_can_not_start_is_one_clear_error(project: Path) -> None:
    (project / "app/app.py").write_text(f"{APP}\n1 / 0\n")
    (project / "test_app.py").write_text("def test_it(emulator): pass\n")
    outcomes, output = run_pytest(project, "-n0")
    assert outcomes == {"error": 1}
    assert "ZeroDivisionError" in output
    assert "vercel_emu/testing" not in output


def test_runs_without_it_do_not_pay(tmp_path: Path) -> None:
    write_project(
        tmp_path,
        {
            "test_it.py": "import sys\n"
            "def test_it():\n"
            "    ours = {name for name in sys.modules if name.startswith('vercel_emu')}\n"
            "    assert ours <= {'vercel_emu', 'vercel_emu.errors', 'vercel_emu.visitors',\n"
            "                    'vercel_emu.visitors.visitor', 'vercel_emu.pytest_plugin'}\n"
            "    assert 'httpx' not in sys.modules\n"
        },
    )
    outcomes, output = run_pytest(tmp_path, "-n0")
    assert outcomes == {"passed": 1}, output


# The example of docs/python-api.md, as a person would follow it

PAGE = (ROOT / "docs" / "python-api.md").read_text()
EXAMPLE = "import pytest\n" + PAGE.partition("```python\nimport pytest\n")[2].partition("```")[0]


def _uv() -> str:
    here = ROOT / ".tools/uv/bin/uv"
    return str(here) if here.exists() else shutil.which("uv") or "uv"


def _uv_run(*arguments: str, cwd: Path) -> None:
    """Run uv; where it or the package index can't be reached, the test is skipped by name."""
    command = [_uv(), *arguments]
    try:
        result = subprocess.run(
            command, cwd=cwd, env=clean_environ(), capture_output=True, text=True, timeout=PATIENCE
        )
        problem = result.stderr if result.returncode else ""
    except (OSError, subprocess.TimeoutExpired) as error:
        problem = str(error)
    if problem and os.environ.get("CI"):
        pytest.fail(f"uv {arguments[0]}: {problem}")
    if problem:
        pytest.skip(f"the package index can't be reached: uv {arguments[0]}: {problem[-300:]}")


def test_the_example_in_a_fresh_project_with_the_wheel(tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    _uv_run("build", "--wheel", "--out-dir", str(wheels), cwd=ROOT)
    [wheel] = wheels.glob("*.whl")
    root = write_project(
        tmp_path / "fresh",
        {"app.py": APP, "requirements.txt": REQUIREMENTS, "test_app.py": EXAMPLE},
    )
    _uv_run("venv", "--python", sys.executable, "environment", cwd=root)
    python = root / "environment/bin/python"
    _uv_run(
        *("pip", "install", "--python", str(python)),
        *(f"vercel-emu[testing] @ {wheel.as_uri()}", "-r", "requirements.txt"),
        cwd=root,
    )
    result = subprocess.run(
        [python, "-m", "pytest", "-q"],
        cwd=root,
        env=clean_environ(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "3 passed" in result.stdout

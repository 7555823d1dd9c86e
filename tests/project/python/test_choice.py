"""Which Python a deployment runs, and which one of the machine comes nearest."""

from __future__ import annotations

from pathlib import Path

import pytest

from vercel_emu.project.python.choice import (
    choose_python,
    deployment_python,
    fitting,
    unread_version,
    wanted_versions,
)
from vercel_emu.project.python.environment import PythonEnvironment
from vercel_emu.project.python.manifest import Manifests, manifests_in

REQUIRES = '[project]\nname = "a"\nrequires-python = "{}"\n'
PIPFILE = '[requires]\npython_version = "3.13"\n'


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.mark.parametrize(
    ("text", "versions"),
    [
        ("3.13", ["3.13"]),
        ("3.13.99", ["3.13"]),
        ("3", ["3.12", "3.13", "3.14"]),
        ("cpython-3.14", ["3.14"]),
        ("python3.14", ["3.14"]),
        (">=3.13", ["3.13", "3.14"]),
        (">=3.12.5,<3.14", ["3.12", "3.13"]),
        ("==3.13.5", ["3.13"]),
        ("~=3.12.0", ["3.12"]),
        ("3.9", []),
        ("<3.12", []),
        ("latest", None),
    ],
)
def test_what_fits(text: str, versions: list[str] | None) -> None:
    assert fitting(text) == versions


@pytest.mark.parametrize(
    ("files", "folder", "wanted", "chosen"),
    [
        ({}, "", [], "3.12"),
        ({".python-version": "# newest\n3.14\n"}, "", ["3.14"], "3.14"),
        ({".python-version": "3.10"}, "", ["3.10"], "3.12"),
        ({".python-version": "three"}, "", ["three"], "3.12"),
        ({"pyproject.toml": REQUIRES.format(">=3.13")}, "", [">=3.13"], "3.13"),
        (
            {".python-version": "3.12", "pyproject.toml": REQUIRES.format(">=3.13")},
            "",
            ["3.12", ">=3.13"],
            "3.12",
        ),
        (
            {"Pipfile.lock": '{"_meta": {"requires": {"python_version": "3.13"}}}'},
            "",
            ["3.13"],
            "3.13",
        ),
        # A Pipfile alone is not asked, nor is a pyproject.toml that a nearer manifest hides.
        ({"Pipfile": PIPFILE}, "", [], "3.12"),
        (
            {"api/requirements.txt": "", "pyproject.toml": REQUIRES.format(">=3.13")},
            "api",
            [],
            "3.12",
        ),
        # The nearest, but not above the manifest.
        (
            {"api/.python-version": "3.14", ".python-version": "3.13", "requirements.txt": ""},
            "api",
            ["3.14"],
            "3.14",
        ),
        ({".python-version": "3.13", "requirements.txt": ""}, "api", ["3.13"], "3.13"),
        ({".python-version": "3.13", "api/requirements.txt": ""}, "api", [], "3.12"),
        ({".python-version": "3.13"}, "api", ["3.13"], "3.13"),
    ],
)
def test_what_a_deployment_runs(
    tmp_path: Path, files: dict[str, str], folder: str, wanted: list[str], chosen: str
) -> None:
    manifests = manifests_in(write(tmp_path, files), folder)
    found = wanted_versions(tmp_path, manifests)
    assert [one.text for one in found] == wanted
    assert deployment_python(found) == chosen


def test_a_pipfile_without_a_lock_file_is_not_read(tmp_path: Path) -> None:
    write(tmp_path, {"Pipfile": PIPFILE})
    unread = unread_version(tmp_path, manifests_in(tmp_path, ""))
    assert unread is not None
    assert (unread.text, unread.where.file) == ("3.13", "Pipfile")
    write(tmp_path, {"Pipfile.lock": "{}"})
    assert unread_version(tmp_path, manifests_in(tmp_path, "")) is None


def machine(monkeypatch: pytest.MonkeyPatch, *versions: str) -> None:
    """A machine with these Pythons."""

    def find(version: str, _: object) -> PythonEnvironment | None:
        if version not in versions:
            return None
        minor = int(version.partition(".")[2])
        return PythonEnvironment(Path(f"python{version}"), (3, minor, 0), Path(), (), False)

    monkeypatch.setattr("vercel_emu.project.python.choice._find", find)


@pytest.mark.parametrize(
    ("wanted", "here", "chosen"),
    [
        ("3.14", ("3.12", "3.13"), "3.13"),
        ("3.14", ("3.12",), "3.12"),
        ("3.13", ("3.12", "3.14"), "3.14"),
        ("3.12", ("3.13", "3.14"), "3.13"),
        (">=3.12", ("3.12", "3.13", "3.14"), "3.12"),
        (">=3.13", ("3.12", "3.14"), "3.14"),
        ("3.9", ("3.12", "3.14"), "3.12"),
        ("latest", ("3.12", "3.13"), "3.12"),
        ("", ("3.13", "3.14"), "3.13"),
    ],
)
def test_the_nearest_of_the_machine(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    wanted: str,
    here: tuple[str, ...],
    chosen: str,
) -> None:
    machine(monkeypatch, *here)
    if wanted:
        write(tmp_path, {".python-version": wanted})
    choice = choose_python(tmp_path, manifests_in(tmp_path, ""), {})
    assert choice.python.path == Path(f"python{chosen}")
    exact = chosen in (fitting(wanted) or ()) if wanted else chosen == "3.12"
    assert bool(choice.warnings) is not exact


def test_what_is_said_of_a_version_that_is_not_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(monkeypatch, "3.13")
    (warning,) = choose_python(tmp_path, Manifests(), {}).warnings
    assert warning.message == (
        "A deployment would use Python 3.12, which is not on this machine: using 3.13."
    )
    write(tmp_path, {".python-version": "latest"})
    first, _ = choose_python(tmp_path, manifests_in(tmp_path, ""), {}).warnings
    assert first.message == ".python-version asks for Python `latest`, which is not a version."

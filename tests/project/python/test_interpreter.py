"""Which Python is found, in which order, and what is said where none can be used."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from vercel_emu.errors import EmuError, ProjectWarning, Where
from vercel_emu.project.python.choice import Wish, read_wish, versions_in_order
from vercel_emu.project.python.environment import INCOMPLETE
from vercel_emu.project.python.interpreter import Origin, find_interpreter

CURRENT = f"{sys.version_info.major}.{sys.version_info.minor}"


def make_environment(prefix: Path, version: str = "3.12.7", *, key: str = "version") -> Path:
    """An environment as venv lays it out, around a Python that can't be started."""
    minor = ".".join(version.split(".")[:2])
    (prefix / "bin").mkdir(parents=True)
    (prefix / "lib" / f"python{minor}" / "site-packages").mkdir(parents=True)
    (prefix / "pyvenv.cfg").write_text(f"home = /usr/bin\n{key} = {version}\n")
    base = prefix.parent / f"base-{prefix.name}" / f"python{minor}"
    base.parent.mkdir(parents=True)
    base.touch(mode=0o755)
    (prefix / "bin" / "python").symlink_to(base)
    return prefix


def test_project_environment_is_read_without_starting_it(tmp_path: Path) -> None:
    prefix = make_environment(tmp_path / ".venv")
    found = find_interpreter(tmp_path, environ={})
    assert found.path == prefix / "bin" / "python"
    assert found.version == (3, 12, 7)
    assert found.site_packages == (prefix / "lib" / "python3.12" / "site-packages",)
    assert (found.source, found.origin) == ("`.venv` in the project", Origin.PROJECT)


@pytest.mark.parametrize("text", ["3.13.1", "3.13.1.final.0"])
def test_version_as_uv_and_virtualenv_write_it(tmp_path: Path, text: str) -> None:
    make_environment(tmp_path / "venv", text, key="version_info")
    assert find_interpreter(tmp_path, environ={}).version == (3, 13, 1)


def test_active_environment_comes_before_the_projects(tmp_path: Path) -> None:
    make_environment(tmp_path / ".venv")
    active = make_environment(tmp_path / "active")
    found = find_interpreter(tmp_path, environ={"VIRTUAL_ENV": str(active)})
    assert (found.prefix, found.origin) == (active, Origin.ACTIVE)


def test_asked_for_comes_before_all(tmp_path: Path) -> None:
    make_environment(tmp_path / ".venv")
    asked = make_environment(tmp_path / "asked")
    environ = {"VIRTUAL_ENV": str(tmp_path / ".venv")}
    for python in (asked, asked / "bin" / "python"):
        found = find_interpreter(tmp_path, python=python, environ=environ)
        assert (found.prefix, found.origin) == (asked, Origin.ASKED)


def test_auto_activated_conda_base_is_not_the_apps(tmp_path: Path) -> None:
    make_environment(tmp_path / ".venv")
    conda = make_environment(tmp_path / "conda")
    environ = {"CONDA_PREFIX": str(conda), "CONDA_DEFAULT_ENV": "base"}
    assert find_interpreter(tmp_path, environ=environ).origin is Origin.PROJECT
    environ["CONDA_DEFAULT_ENV"] = "work"
    assert find_interpreter(tmp_path, environ=environ).prefix == conda


def test_stale_active_environment_is_passed_over_with_a_warning(tmp_path: Path) -> None:
    make_environment(tmp_path / ".venv")
    found = find_interpreter(tmp_path, environ={"VIRTUAL_ENV": str(tmp_path / "gone")})
    assert found.origin is Origin.PROJECT
    assert "VIRTUAL_ENV" in found.warnings[0].message
    assert str(tmp_path / "gone") in found.warnings[0].message


def test_dangling_python_names_the_link(tmp_path: Path) -> None:
    prefix = make_environment(tmp_path / ".venv")
    (prefix / "bin" / "python").resolve().unlink()
    with pytest.raises(EmuError, match=r"which is gone") as caught:
        find_interpreter(tmp_path, environ={})
    assert caught.value.code == "PYTHON_BROKEN"
    assert str(prefix) in str(caught.value.hint)


def test_interrupted_install_is_not_taken_as_an_environment(tmp_path: Path) -> None:
    prefix = make_environment(tmp_path / ".venv")
    (prefix / INCOMPLETE).touch()
    found = find_interpreter(tmp_path, environ={})
    assert found.origin is Origin.EMULATOR
    assert "did not finish" in found.warnings[0].message
    assert found.warnings[0].where == Where(".venv")


def test_too_old_says_which_where_and_what_to_do(tmp_path: Path) -> None:
    prefix = make_environment(tmp_path / ".venv", "3.11.9")
    with pytest.raises(EmuError) as caught:
        find_interpreter(tmp_path, environ={})
    assert caught.value.code == "PYTHON_TOO_OLD"
    for part in ("3.11.9", "`.venv` in the project", str(prefix), "3.12"):
        assert part in caught.value.message
    assert "uv python install" in str(caught.value.hint)


def test_asked_for_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(EmuError, match="there is no `nowhere/python`") as caught:
        find_interpreter(tmp_path, python=Path("nowhere/python"), environ={})
    assert caught.value.code == "PYTHON_NOT_FOUND"


def test_asked_for_that_is_no_python(tmp_path: Path) -> None:
    with pytest.raises(EmuError, match="can't be used") as caught:
        find_interpreter(tmp_path, python=Path("/bin/false"), environ={})
    assert caught.value.code == "PYTHON_BROKEN"


def test_version_on_path_skips_a_shim_that_fails(tmp_path: Path) -> None:
    shims, good = tmp_path / "shims", tmp_path / "good"
    for folder in (shims, good):
        folder.mkdir()
    shim = shims / f"python{CURRENT}"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    (good / f"python{CURRENT}").symlink_to(Path(sys.base_prefix) / "bin" / f"python{CURRENT}")
    environ = {"PATH": f"{shims}:{good}"}
    found = find_interpreter(tmp_path, python=Path(CURRENT), environ=environ)
    assert found.path == good / f"python{CURRENT}"
    assert found.version == sys.version_info[:3]
    assert not found.virtual


def test_emulators_own_is_the_last(tmp_path: Path) -> None:
    found = find_interpreter(tmp_path, environ={})
    assert (found.path, found.origin) == (Path(sys.executable), Origin.EMULATOR)


@pytest.mark.parametrize("place", ["tool/uv-receipt.toml", "archive-v0/abc/pyvenv.cfg"])
def test_an_environment_made_for_the_emulator_alone_is_left(
    tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / place
    file.parent.mkdir(parents=True)
    file.touch()
    monkeypatch.setattr(sys, "prefix", str(file.parent))
    found = find_interpreter(tmp_path, environ={"VIRTUAL_ENV": str(file.parent)})
    assert found.origin is Origin.EMULATOR
    assert not found.virtual
    assert found.prefix == Path(sys.base_prefix).resolve()


def test_overlay_of_uv_run_with_means_the_project_below(tmp_path: Path) -> None:
    below = make_environment(tmp_path / "below")
    overlay = make_environment(tmp_path / "overlay")
    with (overlay / "pyvenv.cfg").open("a") as file:
        file.write(f"extends-environment = {below}\n")
    assert find_interpreter(tmp_path, environ={"VIRTUAL_ENV": str(overlay)}).prefix == below


def test_workspace_environment_serves_its_members_alone(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.uv.workspace]\nmembers = ["apps/*"]\nexclude = ["apps/old"]\n'
    )
    make_environment(tmp_path / ".venv")
    for name in ("apps/web", "apps/old", "other"):
        (tmp_path / name).mkdir(parents=True)
    assert find_interpreter(tmp_path / "apps/web", environ={}).prefix == tmp_path / ".venv"
    for name in ("apps/old", "other"):
        assert find_interpreter(tmp_path / name, environ={}).origin is Origin.EMULATOR


def test_system_site_packages_are_asked_for(tmp_path: Path) -> None:
    """Only the process knows which folders they are; this Python can't answer."""
    prefix = make_environment(tmp_path / ".venv")
    with (prefix / "pyvenv.cfg").open("a") as file:
        file.write("include-system-site-packages = true\n")
    with pytest.raises(EmuError, match="can't be used"):
        find_interpreter(tmp_path, environ={})


def wish(root: Path) -> Wish | None:
    return read_wish(root)[0]


@pytest.mark.parametrize(
    ("text", "versions"),
    [
        ("3.13", ["3.13"]),
        ("3.13.99", ["3.13"]),
        ("cpython-3.14", ["3.14"]),
        ("# newest\n3.12.4\n", ["3.12"]),
        (">=3.13", ["3.13", "3.14"]),
        (">=3.12.5,<3.14", ["3.12", "3.13"]),
        ("3.9", []),
    ],
)
def test_python_version_file(tmp_path: Path, text: str, versions: list[str]) -> None:
    (tmp_path / ".python-version").write_text(text)
    assert versions_in_order(wish(tmp_path)) == versions


def test_python_version_file_beats_requires_python(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nrequires-python = ">=3.13"\n')
    assert versions_in_order(wish(tmp_path)) == ["3.13", "3.14"]
    (tmp_path / ".python-version").write_text("3.12\n")
    assert versions_in_order(wish(tmp_path)) == ["3.12"]


def test_a_version_that_is_none_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / ".python-version").write_text("latest\n")
    text = ".python-version asks for Python `latest`, which is not a version."
    warning = ProjectWarning("PYTHON_VERSION_INVALID", text, where=Where(".python-version"))
    assert read_wish(tmp_path) == (None, (warning,))


def test_pipfile_asks_last(tmp_path: Path) -> None:
    (tmp_path / "Pipfile").write_text('[requires]\npython_version = "3.13"\n')
    assert versions_in_order(wish(tmp_path)) == ["3.13"]
    assert versions_in_order(None) == ["3.12", "3.13", "3.14"]

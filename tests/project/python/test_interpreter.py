"""Which Python is found, in which order, and what is said where none can be used."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from vercel_emu.errors import EmuError, Where
from vercel_emu.project.python.environment import INCOMPLETE
from vercel_emu.project.python.interpreter import (
    Interpreter,
    Origin,
    find_interpreter,
    running_interpreter,
)

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


def found_in(root: Path, /, python: Path | None = None, **environ: str) -> Interpreter:
    found = find_interpreter(root, python=python, environ=environ)
    assert found is not None
    return found


def test_project_environment_is_read_without_starting_it(tmp_path: Path) -> None:
    prefix = make_environment(tmp_path / ".venv")
    found = found_in(tmp_path)
    assert found.path == prefix / "bin" / "python"
    assert found.version == (3, 12, 7)
    assert found.site_packages == (prefix / "lib" / "python3.12" / "site-packages",)
    assert (found.source, found.origin) == ("`.venv` in the project", Origin.PROJECT)


@pytest.mark.parametrize("text", ["3.13.1", "3.13.1.final.0"])
def test_version_as_uv_and_virtualenv_write_it(tmp_path: Path, text: str) -> None:
    make_environment(tmp_path / "venv", text, key="version_info")
    assert found_in(tmp_path).version == (3, 13, 1)


def test_active_environment_comes_before_the_projects(tmp_path: Path) -> None:
    make_environment(tmp_path / ".venv")
    active = make_environment(tmp_path / "active")
    found = found_in(tmp_path, VIRTUAL_ENV=str(active))
    assert (found.prefix, found.origin) == (active, Origin.ACTIVE)


def test_asked_for_comes_before_all(tmp_path: Path) -> None:
    make_environment(tmp_path / ".venv")
    asked = make_environment(tmp_path / "asked")
    environ = {"VIRTUAL_ENV": str(tmp_path / ".venv")}
    for python in (asked, asked / "bin" / "python"):
        found = found_in(tmp_path, python, **environ)
        assert (found.prefix, found.origin) == (asked, Origin.ASKED)


def test_auto_activated_conda_base_is_not_the_apps(tmp_path: Path) -> None:
    make_environment(tmp_path / ".venv")
    conda = make_environment(tmp_path / "conda")
    environ = {"CONDA_PREFIX": str(conda), "CONDA_DEFAULT_ENV": "base"}
    assert found_in(tmp_path, None, **environ).origin is Origin.PROJECT
    environ["CONDA_DEFAULT_ENV"] = "work"
    assert found_in(tmp_path, None, **environ).prefix == conda


def test_stale_active_environment_is_passed_over_with_a_warning(tmp_path: Path) -> None:
    make_environment(tmp_path / ".venv")
    found = found_in(tmp_path, VIRTUAL_ENV=str(tmp_path / "gone"))
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
    assert find_interpreter(tmp_path, environ={}) is None
    make_environment(tmp_path / "venv")
    found = found_in(tmp_path)
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
    found = found_in(tmp_path, Path(CURRENT), **environ)
    assert found.path == good / f"python{CURRENT}"
    assert found.version == sys.version_info[:3]
    assert not found.virtual


def test_the_emulators_own_is_nobodys(tmp_path: Path) -> None:
    assert find_interpreter(tmp_path, environ={}) is None


def test_the_python_of_the_tests_is_asked_for_by_name() -> None:
    found = running_interpreter()
    assert (found.path, found.prefix) == (Path(sys.executable), Path(sys.prefix))
    assert found.version == sys.version_info[:3]


@pytest.mark.parametrize("place", ["tool/uv-receipt.toml", "archive-v0/abc/pyvenv.cfg"])
def test_an_environment_made_for_the_emulator_alone_is_left(
    tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / place
    file.parent.mkdir(parents=True)
    file.touch()
    monkeypatch.setattr(sys, "prefix", str(file.parent))
    environ = {"VIRTUAL_ENV": str(file.parent)}
    assert find_interpreter(tmp_path, environ=environ) is None


def emulators_own(
    prefix: Path, monkeypatch: pytest.MonkeyPatch, *packages: str, needs: str = "click>=8"
) -> Path:
    """An environment that runs the emulator, with these packages beside it."""
    make_environment(prefix)
    site = prefix / "lib" / "python3.12" / "site-packages"
    for name in ("vercel_emu", "click", *packages):
        info = site / f"{name}-1.0.dist-info"
        info.mkdir()
        needed = f"Requires-Dist: {needs}\n" if name == "vercel_emu" else ""
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\n{needed}")
    monkeypatch.setattr(sys, "prefix", str(prefix))
    monkeypatch.setattr(sys, "path", [str(site)])
    return prefix


@pytest.mark.parametrize("beside", [(), ("pip",), ("setuptools", "wheel", "uv")])
def test_an_active_environment_with_the_emulator_alone_is_not_the_apps(
    tmp_path: Path, beside: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    own = emulators_own(tmp_path / "own", monkeypatch, *beside)
    assert find_interpreter(tmp_path / "app", environ={"VIRTUAL_ENV": str(own)}) is None


def test_an_active_environment_with_the_apps_packages_too_is_the_apps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = emulators_own(tmp_path / "own", monkeypatch, "flask")
    found = found_in(tmp_path / "app", VIRTUAL_ENV=str(own))
    assert (found.prefix, found.origin) == (own, Origin.ACTIVE)


def test_the_projects_environment_may_hold_the_emulator_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = emulators_own(tmp_path / ".venv", monkeypatch)
    found = found_in(tmp_path, VIRTUAL_ENV=str(own))
    assert (found.prefix, found.origin) == (own, Origin.PROJECT)


def test_environments_of_the_folder_above_a_root_directory(tmp_path: Path) -> None:
    make_environment(tmp_path / ".venv")
    root = tmp_path / "backend"
    root.mkdir()
    assert find_interpreter(root, environ={}) is None
    found = find_interpreter(root, environ={}, above=tmp_path)
    assert found is not None
    assert found.prefix == tmp_path / ".venv"


def test_overlay_of_uv_run_with_means_the_project_below(tmp_path: Path) -> None:
    below = make_environment(tmp_path / "below")
    overlay = make_environment(tmp_path / "overlay")
    with (overlay / "pyvenv.cfg").open("a") as file:
        file.write(f"extends-environment = {below}\n")
    assert found_in(tmp_path, VIRTUAL_ENV=str(overlay)).prefix == below


def test_workspace_environment_serves_its_members_alone(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.uv.workspace]\nmembers = ["apps/*"]\nexclude = ["apps/old"]\n'
    )
    make_environment(tmp_path / ".venv")
    for name in ("apps/web", "apps/old", "other"):
        (tmp_path / name).mkdir(parents=True)
    assert found_in(tmp_path / "apps/web").prefix == tmp_path / ".venv"
    for name in ("apps/old", "other"):
        assert find_interpreter(tmp_path / name, environ={}) is None


def test_system_site_packages_are_asked_for(tmp_path: Path) -> None:
    """Only the process knows which folders they are; this Python can't answer."""
    prefix = make_environment(tmp_path / ".venv")
    with (prefix / "pyvenv.cfg").open("a") as file:
        file.write("include-system-site-packages = true\n")
    with pytest.raises(EmuError, match="can't be used"):
        find_interpreter(tmp_path, environ={})

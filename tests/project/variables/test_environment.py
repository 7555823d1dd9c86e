"""The layers of a function's environment, and where each value came from."""

from __future__ import annotations

import dataclasses
import os
import re
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vercel.env import get_env

from vercel_emu.errors import ProjectWarning, Where
from vercel_emu.project.model import Project
from vercel_emu.project.variables.env_files import EnvFiles, parse_env_files
from vercel_emu.project.variables.environment import (
    Environment,
    EnvVar,
    Mode,
    build_environment,
)
from vercel_emu.project.variables.git import GitFacts
from vercel_emu.project.variables.inherited import child_path, inherited_variables
from vercel_emu.project.variables.system_variables import (
    branch_url,
    deployment_id,
    slug,
)

PROJECT = Project(root=Path("/work/shop"), name="My Shop", project_id="prj_1")
GIT = GitFacts(
    provider="github",
    owner="octo",
    slug="shop",
    commit_sha="a" * 40,
    commit_ref="feature/Größe",
    commit_message="Fix it",
    author_name="Zoë",
)


def build(
    *,
    files: str = "",
    shell: dict[str, str] | None = None,
    extra: dict[str, str] | None = None,
    config: dict[str, str] | None = None,
    git: GitFacts = GIT,
    project: Project = PROJECT,
    mode: Mode = "development",
    interpreter: Path | None = None,
) -> Environment:
    return build_environment(
        project,
        git,
        mode=mode,
        region="fra1",
        url="localhost:3000",
        environ=shell or {},
        env_files=parse_env_files([(".env", files)]) if files else EnvFiles(),
        extra=extra,
        config_env=config,
        interpreter=interpreter,
    )


def variable(environment: Environment, name: str) -> EnvVar:
    return next(v for v in environment.variables if v.name == name)


def test_the_system_variables() -> None:
    assert build().as_dict() == {
        "AWS_REGION": "eu-central-1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TZ": "UTC",
        "VERCEL": "1",
        "VERCEL_BRANCH_URL": "my-shop-git-feature-gr-e-octo.vercel.app",
        "VERCEL_DEPLOYMENT_ID": deployment_id(PROJECT),
        "VERCEL_ENV": "development",
        "VERCEL_GIT_COMMIT_AUTHOR_LOGIN": "",
        "VERCEL_GIT_COMMIT_AUTHOR_NAME": "Zoë",
        "VERCEL_GIT_COMMIT_MESSAGE": "Fix it",
        "VERCEL_GIT_COMMIT_REF": "feature/Größe",
        "VERCEL_GIT_COMMIT_SHA": "a" * 40,
        "VERCEL_GIT_PROVIDER": "github",
        "VERCEL_GIT_PULL_REQUEST_ID": "",
        "VERCEL_GIT_REPO_ID": "",
        "VERCEL_GIT_REPO_OWNER": "octo",
        "VERCEL_GIT_REPO_SLUG": "shop",
        "VERCEL_PROJECT_ID": "prj_1",
        "VERCEL_PROJECT_PRODUCTION_URL": "my-shop.vercel.app",
        "VERCEL_REGION": "fra1",
        "VERCEL_TARGET_ENV": "development",
        "VERCEL_TELEMETRY_DISABLED": "1",
        "VERCEL_URL": "localhost:3000",
    }


@pytest.mark.parametrize("mode", get_args(Mode.__value__))
def test_the_official_get_env_reads_it(mode: Mode) -> None:
    read = get_env(build(mode=mode).as_dict())
    assert read.VERCEL == "1"
    assert mode == read.VERCEL_ENV
    assert read.VERCEL_REGION == "fra1"
    assert (read.VERCEL_GIT_COMMIT_SHA, read.VERCEL_GIT_REPO_ID) == ("a" * 40, None)
    assert read.CI is None


def test_outside_a_repository_git_variables_are_empty_and_a_refusal_is_told() -> None:
    environment = build(git=GitFacts(problem="fatal: detected dubious ownership"))
    assert environment.as_dict()["VERCEL_GIT_COMMIT_SHA"] == ""
    assert environment.as_dict()["VERCEL_BRANCH_URL"] == ""
    assert environment.warnings[0].code == "GIT_UNREADABLE"
    assert "dubious ownership" in environment.warnings[0].message


def test_sources_and_secrets() -> None:
    environment = build(
        files="A=file\nB=file",
        shell={"B": "shell", "C": "shell"},
        extra={"D": "1"},
        config={"E": "1"},
    )
    found = {v.name: (v.value, v.source, v.secret, v.inherited) for v in environment.variables}
    assert found["A"] == ("file", ".env:1", True, False)
    assert found["B"] == ("shell", "shell (over .env:2)", True, False)
    assert found["C"] == ("shell", "shell", False, True)
    assert found["D"] == ("1", "emulator", False, False)
    assert found["E"] == ("1", "vercel.json", False, False)
    assert found["VERCEL_PROJECT_ID"][1] == ".vercel/project.json"
    assert found["VERCEL_GIT_COMMIT_SHA"][1] == "git"


def test_system_variables_cant_be_overridden() -> None:
    files = "VERCEL_REGION=xyz1\nVERCEL=1\nVERCEL_URL=\nVERCEL_ENV=production\nVERCEL_OIDC_TOKEN=t"
    environment = build(files=files, shell={"VERCEL_URL": "shell", "TZ": "Asia/Tokyo"})
    values = environment.as_dict()
    assert (values["VERCEL_REGION"], values["VERCEL_URL"]) == ("fra1", "localhost:3000")
    assert (values["VERCEL_ENV"], values["TZ"]) == ("development", "UTC")
    assert values["VERCEL_OIDC_TOKEN"] == "t"
    region, mode = environment.warnings
    ignored = "is set by the platform; the file's value is ignored."
    assert region.message == f".env:1: VERCEL_REGION {ignored}"
    assert mode.message == f".env:4: VERCEL_ENV {ignored} Use --env to choose it."
    assert (mode.code, mode.where) == ("PLATFORM_VARIABLE", Where(".env", "VERCEL_ENV", 4))


def test_the_aws_region_of_the_shell_is_not_the_functions() -> None:
    assert build(shell={"AWS_REGION": "x"}).as_dict()["AWS_REGION"] == "eu-central-1"
    assert build(files="AWS_REGION=y").as_dict()["AWS_REGION"] == "y"


def test_the_shell_wins_over_vercel_json() -> None:
    found = variable(build(config={"A": "config"}, shell={"A": "shell"}), "A")
    assert (found.value, found.source) == ("shell", "shell (over vercel.json)")


def test_secrets_of_vercel_json_come_from_the_files() -> None:
    environment = build(config={"A": "@a", "B": "@b"}, files="A=1")
    assert environment.as_dict()["A"] == "1"
    assert "B" not in environment.as_dict()
    text = 'vercel.json: env.B is the secret "@b", which has no local value: put B=... into .env.'
    assert environment.warnings == (
        ProjectWarning("SECRET_WITHOUT_VALUE", text, where=Where("vercel.json", "env.B")),
    )


def test_too_much_for_a_deployment() -> None:
    assert "65540 bytes" in build(files="AB=" + "x" * 65538).warnings[0].message


def test_what_describes_the_emulators_python_stays_behind(tmp_path: Path) -> None:
    shell = {
        "VIRTUAL_ENV": "/e",
        "PYTHONHOME": "/e",
        "PYTHONPATH": "/e/lib",
        "PYTHONWARNINGS": "error",
        "PYTHONSTARTUP": "/e/startup.py",
        "__PYVENV_LAUNCHER__": "/e",
        "CI": "1",
        "HOME": "/home/me",
    }
    kept, warnings = inherited_variables(shell, tmp_path, None)
    assert kept == {"HOME": "/home/me"}
    assert [one.code for one in warnings] == ["PYTHONPATH_NOT_PASSED_ON"]
    assert build(files="PYTHONPATH=lib", shell=shell).as_dict()["PYTHONPATH"] == "lib"


def test_path_leads_to_the_apps_interpreter(tmp_path: Path) -> None:
    emulator, app = tmp_path / "emulator", tmp_path / "app"
    for folder in (emulator, app):
        folder.mkdir()
        (folder / "pyvenv.cfg").touch()
    path = os.pathsep.join([f"{emulator}/bin", "/usr/bin", f"{app}/bin"])
    kept, _ = inherited_variables({"PATH": path}, emulator, app / "bin" / "python")
    assert kept["PATH"] == os.pathsep.join([f"{app}/bin", "/usr/bin"])
    assert child_path("/usr/bin", None, None) == "/usr/bin"


def test_the_deployment_id_is_stable_and_the_projects_own() -> None:
    assert re.fullmatch("dpl_[0-9A-Za-z]{28}", deployment_id(PROJECT))
    moved = dataclasses.replace(PROJECT, root=Path("/elsewhere"))
    assert deployment_id(moved) == deployment_id(PROJECT)
    unlinked = [dataclasses.replace(p, project_id=None) for p in (PROJECT, moved)]
    assert len({deployment_id(p) for p in (PROJECT, *unlinked)}) == 3


@given(st.text(max_size=120), st.text(max_size=120))
def test_host_names_are_valid(name: str, branch: str) -> None:
    host = branch_url(slug(name), GitFacts(commit_ref=branch, owner="a/b"))
    label = host.removesuffix(".vercel.app")
    assert re.fullmatch("[a-z0-9]([a-z0-9-]*[a-z0-9])?", label)
    assert len(label) <= 63

"""What is missing here is named once, with a command that works."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.project.helpers import write
from vercel_emu.deployment.config import load_vercel_config
from vercel_emu.deployment.deploy import deploy
from vercel_emu.errors import EmuError, Where
from vercel_emu.options import Options
from vercel_emu.project.load import load_project
from vercel_emu.project.model import Project

APP = "app = object()\n"
NEXT = '{"dependencies": {"next": "15"}}'
DEVELOPMENT = """module.exports = {
  // rewrites come from the template
  rewrites: async () => [
    { source: "/api/py/:path*",
      destination: process.env.NODE_ENV === "development"
        ? "http://127.0.0.1:8000/api/py/:path*" : "/api/" },
  ],
};
"""
PLAIN = 'export default { async rewrites() { return [{ source: "/x", destination: "/api/" }] } }\n'


def load(root: Path, files: dict[str, str], app: str | None = None) -> Project:
    write(root, files)
    return load_project(root, load_vercel_config(root), app=app, environ={})


def next_project(root: Path, config: str, *functions: str, name: str = "next.config.js") -> Project:
    apps = dict.fromkeys(functions or ("api/index.py",), APP)
    return load(root, {"package.json": NEXT, name: config, **apps})


@pytest.mark.parametrize("suffix", ["js", "mjs", "ts", "mts", "cjs"])
def test_rewrites_of_next_config_with_the_port_that_they_lead_to(
    tmp_path: Path, suffix: str
) -> None:
    name = f"next.config.{suffix}"
    project = next_project(tmp_path, DEVELOPMENT, name=name)
    (missing,) = project.not_emulated
    command = "vercel-emu dev --app api.index:app --listen 8000"
    assert missing.commands == (command,)
    assert missing.where == Where(name, line=3)
    warning = next(one for one in project.warnings if one.code == "FRAMEWORK_REWRITES_NOT_APPLIED")
    assert warning.message == f"The rewrites of {name} are not applied here."
    assert f"`{command}` beside `next dev`" in (warning.hint or "")


@pytest.mark.parametrize(
    ("functions", "commands"),
    [
        (("api/index.py",), ("vercel-emu dev --app api.index:app",)),
        (("api/index.py", "api/other.py"), ("vercel-emu dev --app api.index:app",)),
        (("api/chat.py",), ("vercel-emu dev --app api.chat:app",)),
        (("api/a.py", "api/b.py"), ()),
        (("api/[id].py",), ()),
    ],
)
def test_the_command_names_the_function_that_is_meant(
    tmp_path: Path, functions: tuple[str, ...], commands: tuple[str, ...]
) -> None:
    (missing,) = next_project(tmp_path, PLAIN, *functions).not_emulated
    assert missing.commands == commands
    assert ("vercel.json" in missing.instead) == (not commands)


@pytest.mark.parametrize(
    "config",
    [
        "module.exports = {}\n",
        "// rewrites: to /api\nmodule.exports = {}\n",
        '/* rewrites() { return "/api/" } */ module.exports = {}\n',
        'module.exports = { rewrites: () => [{ source: "/blog", destination: "/news" }] }\n',
    ],
)
def test_a_next_config_without_rewrites_to_functions_says_nothing(
    tmp_path: Path, config: str
) -> None:
    project = next_project(tmp_path, config)
    assert project.not_emulated == ()
    assert [one.code for one in project.warnings] == ["FRAMEWORK_NOT_SERVED"]


def test_the_command_itself_leaves_nothing_to_say(tmp_path: Path) -> None:
    next_project(tmp_path, DEVELOPMENT)
    project = load(tmp_path, {}, app="api.index:app")
    assert (project.not_emulated, project.warnings) == ((), ())
    assert project.functions[0].path is None


FILES = {"backend/main.py": APP, "backend/requirements.txt": "fastapi", "web/package.json": NEXT}


@pytest.mark.parametrize(
    ("key", "services", "commands"),
    [
        (
            "services",
            {"web": {"root": "web"}, "api": {"root": "backend"}},
            ("vercel-emu dev backend",),
        ),
        (
            "services",
            {"api": {"root": "backend", "entrypoint": "main:app", "framework": "fastapi"}},
            ("vercel-emu dev backend --app main:app",),
        ),
        (
            "services",
            {"api": {"root": "backend", "entrypoint": "pyproject.toml"}},
            ("vercel-emu dev backend",),
        ),
        (
            "experimentalServices",
            {"api": {"entrypoint": "backend/main.py", "routePrefix": "/api"}},
            ("vercel-emu dev backend --app main.py",),
        ),
        (
            "experimentalServices",
            {"api": {"workspace": "backend", "entrypoint": "main.py", "routePrefix": "/api"}},
            ("vercel-emu dev backend --app main.py",),
        ),
        (
            "experimentalServices",
            {"api": {"workspace": "backend", "entrypoint": "backend/main.py"}},
            ("vercel-emu dev backend --app main.py",),
        ),
        (
            "experimentalServicesV2",
            {"a": {"root": "a b", "runtime": "python"}, "b": {"root": ".", "runtime": "python"}},
            ("vercel-emu dev 'a b'", "vercel-emu dev"),
        ),
        ("services", {"web": {"root": "web", "framework": "vite"}}, ()),
    ],
)
def test_services_are_named_with_the_commands_of_the_python_ones(
    tmp_path: Path, key: str, services: dict[str, Any], commands: tuple[str, ...]
) -> None:
    project = load(tmp_path, {**FILES, "vercel.json": json.dumps({key: services})})
    (missing,) = project.not_emulated
    assert missing.commands == commands
    assert missing.where == Where("vercel.json", key)
    assert all(command in missing.instead for command in commands)
    assert ("None of them is Python" in missing.instead) == (not commands)
    assert [one.code for one in project.warnings] == ["SERVICES_NOT_EMULATED"]
    assert project.functions == ()


def test_services_beside_an_app_in_the_root(tmp_path: Path) -> None:
    config = json.dumps({"services": {"api": {"root": "backend"}}})
    files = {**FILES, "vercel.json": config, "main.py": APP, "requirements.txt": "fastapi"}
    project = load(tmp_path, files)
    assert [one.entrypoint.file for one in project.functions] == ["main.py"]
    assert [one.code for one in project.warnings] == ["SERVICES_NOT_EMULATED"]


def test_sources_of_services_are_not_published(tmp_path: Path) -> None:
    files = {**FILES, "vercel.json": json.dumps({"services": {"api": {"root": "backend"}}})}
    project = load(tmp_path, files)
    deployment = deploy(project, load_vercel_config(tmp_path), Options())
    assert deployment.files.find("/backend/main.py") is None
    codes = [notice.code for notice in deployment.notices()]
    assert codes == ["SERVICES_NOT_EMULATED"]


def test_an_app_that_was_named_must_exist_also_beside_services(tmp_path: Path) -> None:
    config = json.dumps({"services": {"api": {"root": "backend"}}})
    with pytest.raises(EmuError, match="ENTRYPOINT_NOT_FOUND"):
        load(tmp_path, {**FILES, "vercel.json": config}, app="gone:app")


def test_what_a_404_page_says(tmp_path: Path) -> None:
    project = next_project(tmp_path, DEVELOPMENT)
    config = load_vercel_config(tmp_path)
    missing = deploy(project, config, Options()).missing
    assert missing.startswith(
        "The rewrites of next.config.js are not applied here. Run `vercel-emu"
    )
    plain = load(tmp_path / "plain", {"requirements.txt": "flask", "app.py": APP})
    assert deploy(plain, config, Options()).missing == ""

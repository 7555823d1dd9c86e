"""Which build makes a project's pages, with which command, into which folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.project.helpers import write
from vercel_emu.errors import EmuError
from vercel_emu.project.detection.frontends import (
    BuildSettings,
    build_script,
    find_frontend,
    output_folder,
    package_manager,
)
from vercel_emu.project.load import load_project
from vercel_emu.project.model import Frontend, Project
from vercel_emu.project.vercel_json.reader import parse_vercel_config

HANDLER = "class handler: ...\n"


def package(*dependencies: str, **scripts: str) -> str:
    return json.dumps({"devDependencies": dict.fromkeys(dependencies, "1"), "scripts": scripts})


def find(
    root: Path,
    framework: str | None = None,
    command: str | None = None,
    output: str | None = None,
) -> Frontend | None:
    settings = BuildSettings(build_command=command, output_directory=output)
    return find_frontend(root, framework, settings, root)


@pytest.mark.parametrize(
    ("framework", "files", "settings", "expected"),
    [
        ("vite", {"package.json": package("vite", build="vite build")}, {}, "npm run build: dist"),
        ("vite", {"package.json": package("vite")}, {}, "npx vite build: dist"),
        ("vite", {"package.json": package("vite")}, {"output": "web"}, "npx vite build: web"),
        ("create-react-app", {"package.json": package(build="x")}, {}, "npm run build: build"),
        ("astro", {"package.json": package("astro")}, {}, "npx astro build: dist"),
        ("hugo", {"config.toml": "baseURL = 1"}, {}, "hugo --gc: public"),
        ("vite", {}, {"command": "make site"}, "make site: dist"),
        (None, {}, {"command": "make site"}, "make site: public"),
        (None, {}, {"command": "make site", "output": "site/html"}, "make site: site/html"),
        (None, {"package.json": package(build="x")}, {}, "npm run build: public"),
        (None, {"package.json": package("vite", build="x")}, {}, "npm run build: dist"),
        (
            None,
            {"package.json": package(build="x", **{"vercel-build": "y"})},
            {},
            "npm run vercel-build: public",
        ),
        (None, {"package.json": package(build="x"), "yarn.lock": ""}, {}, "yarn run build: public"),
        ("nextjs", {"package.json": package("next", build="x")}, {}, "npm run build: public"),
        (
            "nextjs",
            {"package.json": package(build="x"), "next.config.mjs": "e = {output: 'export'}"},
            {},
            "npm run build: out",
        ),
    ],
)
def test_what_is_built(
    tmp_path: Path,
    framework: str | None,
    files: dict[str, str],
    settings: dict[str, str],
    expected: str,
) -> None:
    write(tmp_path, files)
    found = find(tmp_path, framework, **settings)
    assert found is not None
    assert f"{found.command}: {found.output}" == expected


@pytest.mark.parametrize(
    ("framework", "files", "settings"),
    [
        (None, {}, {}),
        (None, {"package.json": package("left-pad", start="node x")}, {}),
        (None, {"package.json": "[1]"}, {}),
        (None, {"package.json": "{"}, {}),
        (None, {"package.json": '{"scripts": ["build"]}'}, {}),
        (None, {}, {"output": "web"}),
        ("fastapi", {"package.json": package(build="x")}, {"command": "make"}),
        ("vite", {"package.json": package("vite", build="x")}, {"command": ""}),
        ("vite", {"package.json": package("vite", build="x")}, {"output": ""}),
    ],
)
def test_nothing_is_built(
    tmp_path: Path, framework: str | None, files: dict[str, str], settings: dict[str, str]
) -> None:
    write(tmp_path, files)
    assert find(tmp_path, framework, **settings) is None


@pytest.mark.parametrize(
    ("framework", "is_served_by_itself"),
    [("nextjs", True), ("nuxtjs", True), ("remix", True), ("vite", False), ("vue", False)],
)
def test_who_serves_its_pages(tmp_path: Path, framework: str, is_served_by_itself: bool) -> None:
    found = find(tmp_path, framework)
    assert found is not None
    assert found.is_served_by_itself is is_served_by_itself


@pytest.mark.parametrize(
    ("locks", "expected"),
    [
        ([], "npm"),
        (["package-lock.json"], "npm"),
        (["pnpm-lock.yaml"], "pnpm"),
        (["yarn.lock"], "yarn"),
        (["bun.lock"], "bun"),
        (["bun.lockb"], "bun"),
        (["bun.lock", "yarn.lock"], "bun"),
        (["yarn.lock", "package-lock.json"], "yarn"),
        (["pnpm-lock.yaml", "package-lock.json"], "pnpm"),
        (["package-lock.json", "bun.lock"], "npm"),
        (["../pnpm-lock.yaml"], "pnpm"),
        (["../pnpm-lock.yaml", "package-lock.json"], "npm"),
        (["../../yarn.lock"], "npm"),
    ],
)
def test_package_manager_by_the_nearest_lock(
    tmp_path: Path, locks: list[str], expected: str
) -> None:
    root = tmp_path / "top" / "web"
    write(root, {"package.json": "{}", **dict.fromkeys(locks, "")})
    assert package_manager(root, tmp_path / "top") == expected


@pytest.mark.parametrize(
    ("framework", "files", "expected"),
    [
        ("angular", ["dist/shop/index.html"], "dist/shop"),
        ("angular", ["dist/shop/browser/index.html"], "dist/shop/browser"),
        ("angular", ["dist/index.html", "dist/a/b.js"], "dist"),
        ("angular", [], "dist"),
        ("vite", ["dist/assets/a.js"], "dist"),
    ],
)
def test_an_output_in_a_folder_of_its_own(
    tmp_path: Path, framework: str, files: list[str], expected: str
) -> None:
    write(tmp_path, dict.fromkeys(files, ""))
    found = find(tmp_path, framework)
    assert found is not None
    assert output_folder(tmp_path, found) == tmp_path / expected


def test_build_script(tmp_path: Path) -> None:
    write(tmp_path, {"package.json": package(build="x", **{"now-build": "y"})})
    assert build_script(tmp_path / "package.json") == "now-build"
    assert build_script(tmp_path / "none.json") is None


# -- as part of a project ------------------------------------------------------------------------


def load(root: Path, config: Mapping[str, Any]) -> Project:
    return load_project(root, parse_vercel_config(dict(config)), environ={})


@pytest.mark.parametrize(
    ("config", "settings", "expected"),
    [
        ({}, {"framework": None, "buildCommand": "make", "outputDirectory": "o"}, "make: o"),
        ({"buildCommand": "mine"}, {"buildCommand": "make", "framework": None}, "mine: public"),
        ({"outputDirectory": "w"}, {"buildCommand": "m", "outputDirectory": "o"}, "m: w"),
    ],
)
def test_settings_of_the_linked_project(
    tmp_path: Path, config: dict[str, object], settings: dict[str, object], expected: str
) -> None:
    link = json.dumps({"settings": settings})
    write(tmp_path, {"api/x.py": HANDLER, ".vercel/project.json": link})
    found = load(tmp_path, config).frontend
    assert found is not None
    assert f"{found.command}: {found.output}" == expected


def test_functions_in_place_of_a_missing_app_are_published_as_other_ones(tmp_path: Path) -> None:
    files = {"requirements.txt": "x", "api/x.py": HANDLER, "package.json": package(build="x")}
    project = load(write(tmp_path, files), {})
    assert project.framework == "python"
    assert project.frontend is not None


def test_builds_replace_what_would_be_detected(tmp_path: Path) -> None:
    files = {"api/x.py": HANDLER, "package.json": package(build="x")}
    config = {"builds": [{"src": "api/x.py", "use": "@vercel/python"}]}
    assert load(write(tmp_path, files), config).frontend is None


@pytest.mark.parametrize("framework", ["vite", "astro"])
def test_a_front_end_alone_is_a_project(tmp_path: Path, framework: str) -> None:
    project = load(write(tmp_path, {"package.json": package(framework)}), {})
    assert (project.functions, project.framework, project.warnings) == ((), framework, ())


def test_an_app_beside_a_front_end_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    write(tmp_path, {"package.json": package("vite"), "main.py": "app = 1\n"})
    with pytest.raises(EmuError, match="No Python entrypoint"):
        load(tmp_path, {})


def test_a_front_end_with_a_server_of_its_own_is_said(tmp_path: Path) -> None:
    write(tmp_path, {"package.json": package("next"), "public/a.txt": ""})
    (warning,) = load(tmp_path, {}).warnings
    assert warning.code == "FRAMEWORK_NOT_SERVED"
    with pytest.raises(EmuError, match="No Python entrypoint"):
        load(write(tmp_path / "b", {"package.json": package("next")}), {})

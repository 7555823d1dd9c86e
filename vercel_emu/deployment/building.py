"""Which commands a deployment runs to make its static files, each where the platform runs it.

`@vercel/static-build` runs a script or a script of package.json, a front end its build command, a
Python project `buildCommand`, else `[tool.vercel.scripts]` (vercel/vercel, packages/static-build,
packages/python).
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from vercel_emu.errors import EmuError, Where
from vercel_emu.files.reading import read_bytes
from vercel_emu.project.detection.builds import StaticBuild, static_builds
from vercel_emu.project.detection.frontends import (
    build_script,
    package_manager,
)
from vercel_emu.project.model import Project
from vercel_emu.project.pyproject import read_vercel_script
from vercel_emu.project.vercel_json.model import VercelConfig

_SCRIPT_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class BuildStep:
    """One process: `label` is what a person would type in `folder`."""

    label: str
    argv: tuple[str, ...]
    folder: Path
    outputs: tuple[Path, ...] = ()
    """Folders of which one must hold a file when it has ended."""


def build_steps(project: Project, config: VercelConfig) -> list[BuildStep]:
    """The steps in order; none where a deployment makes nothing.

    Raises:
        EmuError: what is to be built is not there, or doesn't say how.
    """
    top = project.link_root or project.root
    if config.builds:
        return [
            step
            for build in static_builds(config.builds)
            for step in _static_build(project.root, build, top)
        ]
    frontend = project.frontend
    if frontend is not None and frontend.command is not None:
        outputs = () if frontend.is_served_by_itself else (project.root / frontend.output,)
        install = _install(project.root, top, config.install_command)
        return [*install, _shell(frontend.command, project.root, outputs)]
    command = config.build_command or read_vercel_script(project.root)
    return [_shell(command, project.root)] if command else []


def _static_build(root: Path, build: StaticBuild, top: Path) -> list[BuildStep]:
    source = root / build.source
    folder = source.parent
    if not source.is_file():
        raise _wrong(f"{build.source}, which is to be built, is not there.", "Correct `src`.")
    if source.suffix == ".sh":
        return [BuildStep(f"./{source.name}", _script_argv(source), folder, (build.output(root),))]
    if source.name != "package.json":
        text = f'Build "src" is "{build.source}" but expected "package.json" or "build.sh".'
        raise _wrong(text, "Name a script that ends in .sh, or a package.json.")
    script = build_script(source)
    if script is None:
        text = f'Missing required "vercel-build" script in "{build.source}".'
        raise _wrong(text, "Add a `build` script to it.")
    run = f"{package_manager(folder, top)} run {script}"
    outputs = (build.output(root),) if build.dist_dir else (folder / "dist", folder / "public")
    return [*_install(folder, top, None), _shell(run, folder, outputs)]


def _wrong(text: str, hint: str) -> EmuError:
    return EmuError("STATIC_BUILD_INVALID", text, hint, where=Where("vercel.json", "builds"))


def _script_argv(script: Path) -> tuple[str, ...]:
    """A script through its first line; without one a shell reads it, as for the platform."""
    name = f"./{script.name}"
    first = read_bytes(script, _SCRIPT_BYTES).partition(b"\n")[0]
    if first.startswith(b"#!"):
        interpreter = first[2:].decode("utf-8", "surrogateescape").split(maxsplit=1)
        return (*(part.strip() for part in interpreter), name)
    return (shutil.which("bash") or "sh", name)


def _install(folder: Path, top: Path, command: str | None) -> list[BuildStep]:
    """Install the packages of package.json where that was not done yet."""
    if not (folder / "package.json").is_file() or command == "":
        return []
    places = (folder, *folder.parents)
    places = places[: places.index(top) + 1] if top in places else (folder,)
    if any((place / "node_modules").is_dir() for place in places):
        return []
    return [_shell(command or f"{package_manager(folder, top)} install", folder)]


def _shell(command: str, folder: Path, outputs: tuple[Path, ...] = ()) -> BuildStep:
    return BuildStep(command, ("sh", "-c", command), folder, outputs)

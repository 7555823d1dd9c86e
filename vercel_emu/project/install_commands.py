"""Which commands install an app's dependencies: uv's where uv works, else venv's and pip's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from vercel_emu.project.manifest import Kind, Manifest, installable
from vercel_emu.project.pyproject import load_toml
from vercel_emu.project.python_environment import PythonEnvironment


@dataclass(frozen=True, slots=True)
class Command:
    """One process. `requirements` are lines it gets in a file through a final `-r`."""

    argv: tuple[str, ...]
    environ: tuple[tuple[str, str], ...] = ()
    requirements: tuple[str, ...] = ()


def commands(
    root: Path,
    manifest: Manifest,
    environment: Path,
    uv: Path | None,
    python: PythonEnvironment,
    *,
    new: bool,
) -> list[Command]:
    """What to run in `root`; with `new` the environment is made first, from `python`."""
    inside = environment / "bin" / "python" if new else python.path
    steps = [_create(root, environment, uv, python.path)] if new else []
    if uv is None:
        steps.append(_pip(manifest, inside))
    elif manifest.lock_folder is not None and _fits(manifest.file, python):
        steps.append(_uv_sync(uv, environment, inside))
    else:
        steps.append(_uv_pip(manifest, uv, inside))
    return steps


def _create(root: Path, environment: Path, uv: Path | None, python: Path) -> Command:
    if uv is None:
        return Command((str(python), "-m", "venv", "--prompt", root.name, str(environment)))
    options = ("--no-project", "--allow-existing", "--prompt", root.name)
    return Command((str(uv), "venv", *options, "--python", str(python), str(environment)))


def _uv_sync(uv: Path, environment: Path, python: Path) -> Command:
    """The locked versions. Inexact: what else is installed stays; frozen: the lock file does."""
    options = ("--frozen", "--inexact", "--no-dev", "--no-install-project")
    return Command(
        (str(uv), "sync", *options, "--python", str(python)),
        environ=(("UV_PROJECT_ENVIRONMENT", str(environment)),),
    )


def _uv_pip(manifest: Manifest, uv: Path, python: Path) -> Command:
    argv = (str(uv), "pip", "install", "--python", str(python))
    if manifest.kind is Kind.PIPFILE:
        return Command(argv, requirements=tuple(installable(manifest)))
    return Command((*argv, "-r", str(manifest.file)))


def _pip(manifest: Manifest, python: Path) -> Command:
    options = ("--disable-pip-version-check", "--no-input", "--progress-bar", "off")
    argv = (str(python), "-m", "pip", "install", *options)
    if manifest.kind is Kind.REQUIREMENTS:
        return Command((*argv, "-r", str(manifest.file)))
    return Command(argv, requirements=tuple(installable(manifest)))


def _fits(pyproject: Path, python: PythonEnvironment) -> bool:
    """Whether `uv sync` takes this Python; where it wouldn't, a warning was given already."""
    project: Any = load_toml(pyproject).get("project")
    wanted = project.get("requires-python") if isinstance(project, dict) else None
    try:
        return SpecifierSet(wanted or "").contains(".".join(map(str, python.version)))
    except (InvalidSpecifier, TypeError):
        return False

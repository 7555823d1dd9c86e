"""Which commands install an app's dependencies: uv's where uv works, else venv's and pip's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from vercel_emu.project.pyproject import load_toml
from vercel_emu.project.python.environment import PythonEnvironment
from vercel_emu.project.python.manifest import Kind, Manifest, installable


@dataclass(frozen=True, slots=True)
class Command:
    """One process. `requirements` are lines it gets in a file through a final `-r`."""

    argv: tuple[str, ...]
    environ: tuple[tuple[str, str], ...] = ()
    requirements: tuple[str, ...] = ()


def into_new(
    root: Path, manifest: Manifest, environment: Path, uv: Path | None, python: PythonEnvironment
) -> list[Command]:
    """Make the environment from `python`, then install."""
    inside = environment / "bin" / "python"
    return [
        _create(root, environment, uv, python.path),
        _install(manifest, uv, inside, environment, python),
    ]


def into_existing(
    manifest: Manifest, uv: Path | None, environment: PythonEnvironment
) -> list[Command]:
    """Install into the environment; one that uv made has no pip, so it may have to get one."""
    steps = [_install(manifest, uv, environment.path, environment.prefix, environment)]
    if uv is None and not any((site / "pip").is_dir() for site in environment.site_packages):
        steps.insert(0, Command((str(environment.path), "-m", "ensurepip", "--default-pip")))
    return steps


def _install(
    manifest: Manifest, uv: Path | None, inside: Path, prefix: Path, python: PythonEnvironment
) -> Command:
    if uv is None:
        return _pip(manifest, inside)
    if manifest.lock_folder is not None and _fits(manifest.file, python):
        return _uv_sync(uv, prefix, inside)
    return _uv_pip(manifest, uv, inside)


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

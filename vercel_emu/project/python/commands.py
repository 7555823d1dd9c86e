"""Which commands install an app's dependencies: uv's where uv works, else venv's and pip's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from vercel_emu.project.pyproject import load_toml
from vercel_emu.project.python.declared import (
    Installable,
    has_dependencies,
    installable,
    is_package,
)
from vercel_emu.project.python.environment import PythonEnvironment
from vercel_emu.project.python.manifest import PYLOCK, UV_LOCK, Kind, Manifest


@dataclass(frozen=True, slots=True)
class Command:
    """One process. `requirements` are lines it gets in a file through a final `-r`.

    A `failure` says what it means that this one failed, which is then a warning.
    """

    argv: tuple[str, ...]
    environ: tuple[tuple[str, str], ...] = ()
    requirements: tuple[str, ...] = ()
    failure: str = ""


def make_environment(
    root: Path, environment: Path, uv: Path | None, python: PythonEnvironment
) -> Command:
    """Make an environment from `python`. uv's has no pip, for uv needs none."""
    if uv is None:
        prompt = ("--prompt", root.name)
        return Command((str(python.path), "-m", "venv", *prompt, str(environment)))
    options = ("--no-project", "--allow-existing", "--prompt", root.name)
    return Command((str(uv), "venv", *options, "--python", str(python.path), str(environment)))


def install_into(
    manifests: Sequence[Manifest], uv: Path | None, environment: PythonEnvironment
) -> list[Command]:
    """Install what the manifests ask for; an environment that uv made may have to get pip."""
    wanted = [one for one in manifests if has_dependencies(one)]
    steps = _with_uv(wanted, uv, environment) if uv else _with_pip(wanted, environment)
    steps += [_install_project(one, uv, environment) for one in manifests if is_package(one)]
    if steps and uv is None and not has_pip(environment):
        steps.insert(0, Command((str(environment.path), "-m", "ensurepip", "--default-pip")))
    return steps


def install_editable(
    folders: Sequence[Path], uv: Path | None, environment: PythonEnvironment
) -> Command:
    """Have packages that were copied from these folders run from the folders instead."""
    options = [option for folder in folders for option in ("-e", str(folder))]
    argv = (*_installer(uv, environment), "--no-deps", *options)
    names = ", ".join(f"`{folder}`" for folder in folders)
    return Command(argv, failure=f"{names}: a copy is installed, which does not follow its sources")


def has_pip(environment: PythonEnvironment) -> bool:
    return any((site / "pip").is_dir() for site in environment.site_packages)


def _with_pip(manifests: Sequence[Manifest], environment: PythonEnvironment) -> list[Command]:
    wanted = _joined([installable(one) for one in manifests])
    return [_install(wanted, _installer(None, environment))] if manifests else []


def _with_uv(
    manifests: Sequence[Manifest], uv: Path, environment: PythonEnvironment
) -> list[Command]:
    """Locked manifests one by one, all others in one go, so that their versions fit together."""
    steps: list[Command] = []
    rest: list[Installable] = []
    for manifest in manifests:
        if _is_synced(manifest, environment):
            steps.append(_uv_sync(manifest, uv, environment))
        elif manifest.lock is not None and manifest.lock.name == PYLOCK:
            locked = Installable(files=(manifest.lock,))
            steps.append(_install(locked, _installer(uv, environment)))
        elif manifest.kind is Kind.PIPFILE:
            rest.append(installable(manifest))
        else:
            rest.append(Installable(files=(manifest.file,)))
    if rest:
        steps.append(_install(_joined(rest), _installer(uv, environment)))
    return steps


def _joined(wanted: Sequence[Installable]) -> Installable:
    files = tuple(file for one in wanted for file in one.files)
    return Installable(files, tuple(line for one in wanted for line in one.lines))


def _install(wanted: Installable, installer: tuple[str, ...]) -> Command:
    files = (option for file in wanted.files for option in ("-r", str(file)))
    return Command((*installer, *files), requirements=wanted.lines)


def _installer(uv: Path | None, environment: PythonEnvironment) -> tuple[str, ...]:
    if uv is not None:
        return (str(uv), "pip", "install", "--python", str(environment.path))
    options = ("--disable-pip-version-check", "--no-input", "--progress-bar", "off")
    return (str(environment.path), "-m", "pip", "install", *options)


def _is_synced(manifest: Manifest, environment: PythonEnvironment) -> bool:
    """Whether `uv sync` installs it."""
    locked = manifest.lock is not None and manifest.lock.name == UV_LOCK
    return locked and _fits(manifest.file, environment)


def _uv_sync(manifest: Manifest, uv: Path, environment: PythonEnvironment) -> Command:
    """The locked versions. Inexact: what else is installed stays; frozen: the lock file does."""
    project = ("--project", str(manifest.file.parent), "--no-install-project")
    options = ("--frozen", "--inexact", "--no-dev", *project)
    return Command(
        (str(uv), "sync", *options, "--python", str(environment.path)),
        environ=(("UV_PROJECT_ENVIRONMENT", str(environment.prefix)),),
    )


def _install_project(
    manifest: Manifest, uv: Path | None, environment: PythonEnvironment
) -> Command:
    folder = manifest.file.parent
    return Command(
        (*_installer(uv, environment), "--no-deps", "-e", str(folder)),
        failure=f"{manifest.file.name} has a [build-system], so a deployment installs the project "
        "itself as well, but it can't be built. If it is no package, set `package = false` in "
        "[tool.uv]",
    )


def _fits(pyproject: Path, python: PythonEnvironment) -> bool:
    """Whether `uv sync` takes this Python; where it wouldn't, a warning was given already."""
    project: Any = load_toml(pyproject).get("project")
    wanted = project.get("requires-python") if isinstance(project, dict) else None
    try:
        return SpecifierSet(wanted or "").contains(".".join(map(str, python.version)))
    except (InvalidSpecifier, TypeError):
        return False

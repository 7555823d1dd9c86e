"""Which Python a deployment runs, and which one of this machine a new environment is made with.

`.python-version`, from the folder of what is built up to its manifest's, beats `requires-python`,
which beats the Pipfile.lock; a Pipfile alone is not asked. The platform's default, 3.12, is tried
first among what a range allows. A version that isn't here is a warning and the nearest one is
taken; nothing is downloaded, for a start must not hang on the network.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from vercel_emu.errors import ProjectWarning, Where
from vercel_emu.files.parsing import parse_json
from vercel_emu.files.reading import LOCK_BYTES, UnfitFileError, read_text
from vercel_emu.project.pyproject import load_toml
from vercel_emu.project.python.environment import (
    BrokenPythonError,
    PythonEnvironment,
    executables,
    probe,
)
from vercel_emu.project.python.interpreter import base_python
from vercel_emu.project.python.manifest import (
    PIPFILE,
    PIPFILE_LOCK,
    PYPROJECT,
    Kind,
    Manifests,
    folder_of,
)
from vercel_emu.project.python.workspace import workspace_root

VERSIONS = ("3.12", "3.13", "3.14")
"""The platform's versions that its runtime runs on, the default first."""
PINNED = ".python-version"
_REQUIRES = "[project] requires-python"
_PATCHES = 40


@dataclass(frozen=True, slots=True)
class Wanted:
    """A version or range that a file asks for."""

    text: str
    where: Where

    @property
    def source(self) -> str:
        """The file, and its key where it is one among others."""
        return f"{self.where.file}, {self.where.key}" if self.where.key else self.where.file


@dataclass(frozen=True, slots=True)
class Choice:
    python: PythonEnvironment
    warnings: tuple[ProjectWarning, ...] = ()


def choose_python(root: Path, manifests: Manifests, environ: Mapping[str, str]) -> Choice:
    """The best Python on this machine for a new environment of the project."""
    wanted = wanted_versions(root, manifests)
    invalid = tuple(_invalid(one) for one in wanted if fitting(one.text) is None)
    unfit = _unfit_pin(manifests)
    decisive = next((one for one in wanted if fitting(one.text) is not None), None)
    fits = list(VERSIONS) if decisive is None else fitting(decisive.text) or []
    for version in _by_preference(fits):
        python = _find(version, environ)
        if python is not None:
            return Choice(python, (*unfit, *invalid, *_warning(decisive, fits, version)))
    own = probe(base_python())  # newer than every version of the platform
    used = f"{own.version[0]}.{own.version[1]}"
    return Choice(own, (*unfit, *invalid, *_warning(decisive, fits, used)))


def deployment_python(wanted: list[Wanted]) -> str:
    """The version a deployment runs: the default wherever it fits what the project asks for."""
    fits = fitting(wanted[0].text) if wanted else None
    return fits[0] if fits else VERSIONS[0]


def wanted_versions(root: Path, manifests: Manifests) -> list[Wanted]:
    """What the project's files ask for, the strongest first."""
    found = [_pinned(root, manifests), *_required(root, manifests), _of_lock(root, manifests)]
    return [wanted for wanted in found if wanted is not None]


def unread_version(root: Path, manifests: Manifests) -> Wanted | None:
    """What a Pipfile asks for that no deployment reads, for the want of a Pipfile.lock."""
    for manifest in manifests.found:
        if manifest.file.name == PIPFILE:
            text = _of_requires(load_toml(manifest.file).get("requires"))
            return Wanted(text, Where(_shown(manifest.file, root), "[requires]")) if text else None
    return None


def fitting(text: str) -> list[str] | None:
    """The platform's versions that fit, the default first; None: it is no version or range.

    `3.13`, `3.13.2`, `cpython-3.13` or a range; the platform looks at no patch versions.
    """
    exact = re.fullmatch(r"(?:cpython[-@]?|python-?)?(\d+)(?:\.(\d+))?(?:\.\w+)*", text)
    if exact:
        wanted = f"{exact[1]}.{exact[2]}" if exact[2] else exact[1]
        return [one for one in VERSIONS if wanted in (one, one.partition(".")[0])]
    try:
        allowed = SpecifierSet(text)
    except InvalidSpecifier:
        return None
    return [
        one
        for one in VERSIONS
        if any(allowed.contains(f"{one}.{patch}") for patch in range(_PATCHES))
    ]


def _by_preference(fits: list[str]) -> list[str]:
    """First what fits, then the nearest to it, the newer of two as near; else the default."""
    if not fits:
        return list(VERSIONS)

    def distance(version: str) -> tuple[int, int]:
        nearest = min(abs(_minor(version) - _minor(one)) for one in fits)
        return nearest, -_minor(version)

    others = sorted((one for one in VERSIONS if one not in fits), key=distance)
    return [*fits, *others]


def _minor(version: str) -> int:
    return int(version.partition(".")[2])


def _pinned(root: Path, manifests: Manifests) -> Wanted | None:
    file = _pin_file(manifests)
    try:
        lines = read_text(file).splitlines() if file is not None else []
    except (OSError, UnicodeError):
        return None
    stripped = (line.partition("#")[0].strip() for line in lines)
    text = next((line for line in stripped if line), "")
    return Wanted(text, Where(_shown(file, root))) if file is not None and text else None


def _pin_file(manifests: Manifests) -> Path | None:
    """The nearest `.python-version`, not above the folder of the manifest (or its workspace)."""
    last: Path | None = None
    if manifests.found:
        folder = folder_of(manifests.found[0])
        last = workspace_root(folder) or folder
    files = (
        folder / PINNED
        for folder in manifests.folders
        if last is None or folder.is_relative_to(last)
    )
    return next((file for file in files if file.exists()), None)


def _unfit_pin(manifests: Manifests) -> Iterator[ProjectWarning]:
    file = _pin_file(manifests)
    if file is None:
        return
    try:
        read_text(file)
    except UnfitFileError as error:
        message = f"{file.name} is not used: {error.strerror}."
        yield ProjectWarning("PYTHON_VERSION_UNREADABLE", message, where=Where(file.name))
    except (OSError, UnicodeError):
        return


def _required(root: Path, manifests: Manifests) -> Iterator[Wanted]:
    """`requires-python` of the manifest, and of the workspace around it."""
    for manifest in manifests.found[:1]:
        if manifest.kind is Kind.PYPROJECT:
            above = workspace_root(manifest.file.parent)
            files = [manifest.file, *([above / PYPROJECT] if above else [])]
            for file in files:
                project: Any = load_toml(file).get("project")
                text = project.get("requires-python") if isinstance(project, dict) else None
                if isinstance(text, str):
                    yield Wanted(text, Where(_shown(file, root), _REQUIRES))


def _of_lock(root: Path, manifests: Manifests) -> Wanted | None:
    for manifest in manifests.found[:1]:
        if manifest.file.name == PIPFILE_LOCK:
            try:
                meta = parse_json(read_text(manifest.file, LOCK_BYTES)).get("_meta")
            except (OSError, ValueError, AttributeError):
                return None
            requires = meta.get("requires") if isinstance(meta, dict) else None
            if text := _of_requires(requires):
                return Wanted(text, Where(_shown(manifest.file, root), "_meta.requires"))
    return None


def _of_requires(requires: object) -> str:
    if not isinstance(requires, dict):
        return ""
    version = requires.get("python_full_version") or requires.get("python_version")
    return version if isinstance(version, str) else ""


def _shown(file: Path, root: Path) -> str:
    return Path(os.path.relpath(file, root)).as_posix()


def _invalid(wanted: Wanted) -> ProjectWarning:
    message = f"{wanted.source} asks for Python `{wanted.text}`, which is not a version."
    return ProjectWarning("PYTHON_VERSION_INVALID", message, where=wanted.where)


def _warning(wanted: Wanted | None, fits: list[str], used: str) -> tuple[ProjectWarning, ...]:
    where = None
    if wanted is None:
        if used == VERSIONS[0]:
            return ()
        asked, why = f"A deployment would use Python {VERSIONS[0]}", "is not on this machine"
    elif used in fits:
        return ()
    else:
        asked, where = f"{wanted.source} asks for Python {wanted.text}", wanted.where
        platform = f"not one of the platform's ({', '.join(VERSIONS)})"
        why = "is not on this machine" if fits else f"is {platform}"
    message = f"{asked}, which {why}: using {used}."
    return (ProjectWarning("PYTHON_VERSION_UNAVAILABLE", message, where=where),)


def _find(version: str, environ: Mapping[str, str]) -> PythonEnvironment | None:
    """An interpreter of this minor version that starts and isn't itself a virtual environment's."""
    for file in _candidates(version, environ):
        try:
            found = probe(file)
        except BrokenPythonError:
            continue  # a version manager's shim of a version that isn't chosen
        if ".".join(map(str, found.version[:2])) == version and not found.virtual:
            return found
    return None


def _candidates(version: str, environ: Mapping[str, str]) -> Iterator[Path]:
    own = base_python()
    if own.name == f"python{version}":
        yield own
    yield from executables(f"python{version}", environ)
    home = Path(environ.get("HOME") or Path.home())
    pyenv = Path(environ.get("PYENV_ROOT") or home / ".pyenv")
    data = Path(environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    uv = Path(environ.get("UV_PYTHON_INSTALL_DIR") or data / "uv" / "python")
    for folder, pattern in ((pyenv / "versions", f"{version}.*"), (uv, f"cpython-{version}.*")):
        for installation in sorted(folder.glob(pattern), reverse=True):
            yield installation / "bin" / f"python{version}"

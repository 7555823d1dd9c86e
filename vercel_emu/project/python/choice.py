"""Which Python a new environment is made with.

`.python-version` beats `requires-python`, which beats the Pipfile. The platform's default, 3.12, is
tried first among what a range allows. A version that isn't here is a warning and the next best is
taken, as in a deployment; nothing is downloaded, for a start must not hang on the network.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from vercel_emu.errors import ProjectWarning, Where
from vercel_emu.project.pyproject import load_toml
from vercel_emu.project.python.environment import (
    BrokenPythonError,
    PythonEnvironment,
    executables,
    probe,
)
from vercel_emu.project.python.interpreter import base_python

VERSIONS = ("3.12", "3.13", "3.14")
"""The platform's versions that its runtime runs on, the default first."""


@dataclass(frozen=True, slots=True)
class Wish:
    """The Python a project asks for: what it says and which file says so."""

    text: str
    source: str
    allowed: SpecifierSet


@dataclass(frozen=True, slots=True)
class Choice:
    python: PythonEnvironment
    warnings: tuple[ProjectWarning, ...] = ()


def choose_python(root: Path, environ: Mapping[str, str]) -> Choice:
    """The best Python on this machine for a new environment of the project."""
    wish, unreadable = read_wish(root)
    wanted = versions_in_order(wish)
    for version in wanted + [other for other in VERSIONS if other not in wanted]:
        python = _find(version, environ)
        if python is not None:
            return Choice(python, unreadable + _warning(wish, wanted, version))
    own = probe(base_python())  # newer than every version of the platform
    return Choice(own, unreadable + _warning(wish, wanted, f"{own.version[0]}.{own.version[1]}"))


def versions_in_order(wish: Wish | None) -> list[str]:
    """The platform's versions that satisfy the wish, the default first; empty if none does."""
    if wish is None:
        return list(VERSIONS)
    # A range such as ">=3.12.4" is about the newest patch of a version.
    return [v for v in VERSIONS if wish.allowed.contains(v) or wish.allowed.contains(f"{v}.99")]


def read_wish(root: Path) -> tuple[Wish | None, tuple[ProjectWarning, ...]]:
    """What the project asks for, and a warning for a file that can't be understood."""
    warnings: list[ProjectWarning] = []
    for text, source, where in _wishes(root):
        allowed = _allowed(text)
        if allowed is not None:
            return Wish(text, source, allowed), tuple(warnings)
        message = f"{source} asks for Python `{text}`, which is not a version."
        warnings.append(ProjectWarning("PYTHON_VERSION_INVALID", message, where=where))
    return None, tuple(warnings)


def _wishes(root: Path) -> Iterator[tuple[str, str, Where]]:
    """The version, and the file in words and as a place."""
    try:
        lines = (root / ".python-version").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeError):
        lines = []
    stripped = (line.partition("#")[0].strip() for line in lines)
    first = next((line for line in stripped if line), None)
    if first:
        yield first, ".python-version", Where(".python-version")
    project: Any = load_toml(root / "pyproject.toml").get("project")
    if isinstance(project, dict) and isinstance(project.get("requires-python"), str):
        where = Where("pyproject.toml", "[project] requires-python")
        yield project["requires-python"], "requires-python in pyproject.toml", where
    requires: Any = load_toml(root / "Pipfile").get("requires")
    if isinstance(requires, dict):
        version = requires.get("python_full_version") or requires.get("python_version")
        if isinstance(version, str):
            yield version, "the Pipfile", Where("Pipfile", "[requires]")


def _allowed(text: str) -> SpecifierSet | None:
    """`3.13`, `3.13.2`, `cpython-3.13` or a range; the platform looks at no patch versions."""
    exact = re.fullmatch(r"(?:cpython[-@]?|python-?)?(\d+)(?:\.(\d+))?(?:\.\w+)*", text)
    if exact:
        return SpecifierSet(f"=={exact[1]}.{exact[2]}.*" if exact[2] else f"=={exact[1]}.*")
    try:
        return SpecifierSet(text)
    except InvalidSpecifier:
        return None


def _warning(wish: Wish | None, wanted: list[str], used: str) -> tuple[ProjectWarning, ...]:
    if used in wanted[:1]:
        return ()
    if wish is None:
        asked, why = f"A deployment would use Python {wanted[0]}", "is not on this machine"
    elif used in wanted:
        return ()
    else:
        asked = f"{wish.source} asks for Python {wish.text}"
        platform = f"not one of the platform's ({', '.join(VERSIONS)})"
        why = "is not on this machine" if wanted else f"is {platform}"
    return (ProjectWarning("PYTHON_VERSION_UNAVAILABLE", f"{asked}, which {why}: using {used}."),)


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

"""Which packages a lock file leads to, read without an installer.

Markers are not evaluated: a package that only Windows needs counts as one that will be there, so
nothing is missed that is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from vercel_emu.files.parsing import parse_toml
from vercel_emu.files.reading import LOCK_BYTES, read_text
from vercel_emu.project.python.manifest import PIPFILE_LOCK, Kind, Manifest
from vercel_emu.project.python.requirements import Declared

type Package = dict[str, Any]


def locked_names(manifest: Manifest, declared: Declared) -> frozenset[str] | None:
    """The canonical names of all that is installed from the lock file of a manifest.

    `declared` is what the manifest asks for: with a `pylock.toml` or `Pipfile.lock` that is all.
    None where there is no lock file, or one that can't be read.
    """
    lock, folder = manifest.lock, manifest.file.parent
    if manifest.file.name == PIPFILE_LOCK or (lock is not None and lock.name == "pylock.toml"):
        return _canonical(requirement.name for requirement in declared.requirements)
    poetry = folder / "poetry.lock"
    try:
        if lock is not None:
            return _of_uv(lock, folder)
        if manifest.kind is Kind.PYPROJECT and poetry.is_file():
            return _of_poetry(poetry)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return None


def _of_poetry(file: Path) -> frozenset[str]:
    """Poetry 2 names the groups of a package, earlier versions its category or nothing."""
    main = (one for one in _packages(file) if "main" in one.get("groups", ["main"]))
    return _canonical(one["name"] for one in main if one.get("category", "main") == "main")


def _of_uv(file: Path, folder: Path) -> frozenset[str]:
    """What the project in `folder` leads to; no development groups, as in a deployment."""
    packages: dict[str, list[Package]] = {}
    pending: list[tuple[str, str]] = []
    for package in _packages(file):
        packages.setdefault(package["name"], []).append(package)
        source = package.get("source", {})
        place = source.get("virtual") or source.get("editable") or source.get("directory")
        if place is not None and (file.parent / place).resolve() == folder.resolve():
            pending += _wanted(package.get("dependencies", ()))
    seen: set[tuple[str, str]] = set()
    while pending:
        name, extra = one = pending.pop()
        if one in seen:
            continue
        seen.add(one)
        for package in packages.get(name, ()):
            brings = package.get("optional-dependencies", {}).get(extra, ())
            pending += _wanted(brings if extra else package.get("dependencies", ()))
    return _canonical(name for name, _ in seen)


def _wanted(dependencies: Any) -> Iterator[tuple[str, str]]:
    """`(name, extra)`: each dependency itself, and each of its extras."""
    for one in dependencies:
        yield one["name"], ""
        yield from ((one["name"], extra) for extra in one.get("extra", ()))


def _packages(file: Path) -> list[Package]:
    packages: list[Package] = parse_toml(read_text(file, LOCK_BYTES))["package"]
    return packages


def _canonical(names: Iterable[str]) -> frozenset[str]:
    return frozenset(canonicalize_name(name) for name in names)

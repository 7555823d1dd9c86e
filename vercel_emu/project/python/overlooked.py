"""Files that hold dependencies and that a deployment does not read: nothing of them is installed.

Only what would be missing is told: an exported `requirements.txt` beside the `pyproject.toml` that
it was made from is no news.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from vercel_emu.errors import EmuError, ProjectWarning, Where
from vercel_emu.files.reading import LOCK_BYTES, read_text
from vercel_emu.project.pyproject import load_toml
from vercel_emu.project.python.declared import read_declared
from vercel_emu.project.python.manifest import (
    PIPFILE,
    PYPROJECT,
    Kind,
    Manifest,
    Manifests,
)
from vercel_emu.project.python.requirements import Declared, relative

_LOCKED_NAME = re.compile(r'^name = "([^"]+)"$', re.MULTILINE)
_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Overlooked:
    """`file` asks for `packages` (normalized names), which no manifest that counts asks for.

    `reason` is a clause that says why it is not read.
    """

    file: str
    packages: tuple[str, ...]
    reason: str
    hint: str

    def as_warning(self) -> ProjectWarning:
        more = len(self.packages) - _SHOWN
        names = ", ".join(f"`{name}`" for name in self.packages[:_SHOWN])
        names += f" and {more} more" if more > 0 else ""
        message = (
            f"{self.file}: {self.reason}, so neither a deployment nor vercel-emu installs {names}."
        )
        return ProjectWarning("MANIFEST_IGNORED", message, self.hint, Where(self.file))


def overlooked(root: Path, manifests: Manifests, declared: Declared) -> Iterator[Overlooked]:
    """The files that hold what is missing in the manifests; `declared` is what these ask for."""
    direct = _names(declared)
    known = direct | {name for one in manifests.found for name in _locked(one)}
    counting = next((one.file for one in manifests.found), None)
    for ignored in manifests.ignored:
        names = _names_in(ignored.file, root)
        new = sorted(names - known)
        # A list of all that is installed holds more than what is asked for; it is no other list.
        beside = counting is not None and ignored.file.parent == counting.parent
        if new and not (beside and direct and direct <= names):
            shown = relative(ignored.file, root)
            hint = _hint(shown, ignored.file, counting, root)
            yield Overlooked(shown, tuple(new), ignored.reason, hint)
    for manifest in manifests.found:
        yield from _of_poetry(manifest, root, known)


def _hint(shown: str, file: Path, counting: Path | None, root: Path) -> str:
    if counting is None:
        return f"Name it requirements.txt, or write requirements.txt with `-r {shown}`."
    there = relative(counting, root)
    if counting.name != PYPROJECT:
        return f"Add what is needed to {there}, or remove {there}."
    beside = counting.parent in (file.parent, file.parent.parent)
    settings = f", or move the settings in {there} to the tools' own files and remove it"
    return f"Add what is needed to `[project] dependencies` in {there}{settings if beside else ''}."


def _of_poetry(manifest: Manifest, root: Path, known: set[str]) -> Iterator[Overlooked]:
    """Poetry's own table, which only Poetry reads."""
    if manifest.kind is not Kind.PYPROJECT or manifest.lock is not None:
        return
    table: Any = load_toml(manifest.file)
    if "dependencies" in (_table(table, "project").get("dynamic") or ()):
        return  # then the platform asks Poetry's build backend
    packages = _table(_table(_table(table, "tool"), "poetry"), "dependencies")
    new = sorted({canonicalize_name(name) for name in packages} - known - {"python"})
    if new:
        yield Overlooked(
            relative(manifest.file, root),
            tuple(new),
            "a deployment does not read [tool.poetry.dependencies]",
            "Write them as `[project] dependencies`, which Poetry 2 reads as well.",
        )


def _names_in(file: Path, root: Path) -> set[str]:
    kind = Kind.REQUIREMENTS
    if file.name == PYPROJECT:
        kind = Kind.PYPROJECT
    elif file.name.startswith(PIPFILE):
        kind = Kind.PIPFILE
    try:
        return _names(read_declared(Manifest(file, kind), root))
    except EmuError:
        return set()


def _names(declared: Declared) -> set[str]:
    return {canonicalize_name(one.name) for one in declared.requirements}


def _locked(manifest: Manifest) -> set[str]:
    """The packages that the lock file of a pyproject.toml names (uv's and PEP 751's)."""
    if manifest.lock is None:
        return set()
    try:
        text = read_text(manifest.lock, LOCK_BYTES)
    except (OSError, UnicodeError):
        return set()
    return {canonicalize_name(name) for name in _LOCKED_NAME.findall(text)}


def _table(parent: object, key: str) -> dict[str, Any]:
    value = parent.get(key) if isinstance(parent, dict) else None
    return value if isinstance(value, dict) else {}

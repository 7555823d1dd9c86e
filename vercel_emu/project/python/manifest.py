"""Which file says what a function depends on, and which files a deployment does not read.

A build looks in the folder of the file that it builds, then upwards, and takes the first folder
with a manifest. In a folder `pyproject.toml` counts wherever it exists, also one that only
configures tools; then `Pipfile.lock`, `Pipfile`, and the requirements files by their names. The app
of a framework preset is found by the build itself, which starts at the project's root, or in the
folder of Django's manage.py. (`discoverPythonPackage` of @vercel/python-analysis 0.14.0 and
`build` of @vercel/python 25.0.0.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from vercel_emu.project.model import (
    FOUND_BY_API,
    FOUND_BY_BUILDS,
    FOUND_BY_OPTION,
    Entrypoint,
    Project,
)
from vercel_emu.project.python.workspace import workspace_root

PYPROJECT, PIPFILE, PIPFILE_LOCK = "pyproject.toml", "Pipfile", "Pipfile.lock"
REQUIREMENTS_FILES = (
    "requirements.frozen.txt",
    "requirements-frozen.txt",
    "requirements.txt",
    "requirements.in",
    "requirements/prod.txt",
)
MANIFEST_NAMES = (PYPROJECT, PIPFILE_LOCK, PIPFILE, *REQUIREMENTS_FILES)
"""In the order in which they count."""
UV_LOCK, PYLOCK = "uv.lock", "pylock.toml"
LOCK_NAMES = (UV_LOCK, PYLOCK)
"""What counts instead of the dependencies of a `pyproject.toml`, the stronger first."""

_SOURCES = {PIPFILE_LOCK: (PIPFILE,), "requirements.txt": ("requirements.in",)}
"""Files that the one that counts is made from: nobody wonders that they are not read."""
_FOR_PEOPLE = re.compile(r"(?:^|[-_.])(?:dev|test|doc|lint|local|typ|ci|bench|build)")
"""Words in the names of requirements files that no deployment needs."""


class Kind(StrEnum):
    PYPROJECT = "pyproject"
    PIPFILE = "pipfile"
    REQUIREMENTS = "requirements"


@dataclass(frozen=True, slots=True)
class Manifest:
    """The file, and for pyproject.toml the lock file that counts instead of its dependencies."""

    file: Path
    kind: Kind
    lock: Path | None = None


@dataclass(frozen=True, slots=True)
class Ignored:
    """A file that may hold dependencies and is not read in a deployment. `reason` is a clause."""

    file: Path
    reason: str


@dataclass(frozen=True, slots=True)
class ManifestSearch:
    """The manifest that counts, if there is one, what is ignored, and where was looked."""

    manifest: Manifest | None = None
    ignored: tuple[Ignored, ...] = ()
    folders: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Manifests:
    """The manifests of all functions of a project, each once.

    In a deployment each function has the packages of its own manifest only. `folders` are all that
    were looked into, `ignored` what counts for none of the functions.
    """

    found: tuple[Manifest, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    folders: tuple[Path, ...] = ()


def manifest_of(project: Project, entrypoint: Entrypoint) -> ManifestSearch:
    """The manifest that a deployment installs for the function with this entrypoint."""
    below = entrypoint.file.rpartition("/")[0]
    return _search(project.root, build_folder(entrypoint), project.link_root, below=below)


def manifests_of(project: Project) -> Manifests:
    """The manifests of all functions; without any function, that of the project's root."""
    if not project.functions:
        return manifests_in(project.root, "", project.link_root)
    return _joined([manifest_of(project, one.entrypoint) for one in project.functions])


def manifests_in(root: Path, folder: str, top: Path | None = None) -> Manifests:
    """The manifest for a build that starts in this folder (relative to `root`)."""
    return _joined([_search(root, folder, top, below=folder)])


def _joined(searches: list[ManifestSearch]) -> Manifests:
    found = dict.fromkeys(search.manifest for search in searches if search.manifest is not None)
    counting = {manifest.file for manifest in found}
    ignored = {one.file: one for search in searches for one in search.ignored}
    return Manifests(
        tuple(found),
        tuple(one for file, one in ignored.items() if file not in counting),
        tuple(dict.fromkeys(folder for search in searches for folder in search.folders)),
    )


def build_folder(entrypoint: Entrypoint) -> str:
    """Where the search for a manifest starts: a folder relative to the root, `""` the root itself.

    A file that is named (by `builds`, as one of `api/`, with `--app`) is built where it lies.
    """
    named = entrypoint.found_by in (FOUND_BY_API, FOUND_BY_BUILDS, FOUND_BY_OPTION)
    return entrypoint.file.rpartition("/")[0] if named else entrypoint.base_dir


def find_manifest(folder: Path) -> Manifest | None:
    """The manifest of this very folder."""
    name = next(_names_in(folder), None)
    if name is None:
        return None
    file = folder / name
    if name == PYPROJECT:
        return Manifest(file, Kind.PYPROJECT, _lock_of(folder))
    return Manifest(file, Kind.PIPFILE if name.startswith(PIPFILE) else Kind.REQUIREMENTS)


def _search(root: Path, start: str, top: Path | None, *, below: str) -> ManifestSearch:
    manifest: Manifest | None = None
    ignored: list[Ignored] = []
    folders = tuple(_upwards(root, start, top))
    for folder in folders:
        if manifest is None:
            manifest = find_manifest(folder)
            if manifest is not None:
                ignored += _beside(manifest)
        elif folder != _workspace_of(manifest):
            shown = _shown(manifest.file, root)
            ignored += [
                Ignored(folder / name, f"{shown} is nearer to what is built")
                for name in _names_in(folder)
            ]
    if manifest is None:
        ignored += _by_another_name(root / start)
    reason = f"a deployment looks for it in {start or 'the root'} and above"
    deeper = [folder for folder in _upwards(root, below, root) if folder != root / start]
    ignored += [
        Ignored(folder / name, reason)
        for folder in deeper
        if folder.is_relative_to(root / start)
        for name in _names_in(folder)
    ]
    return ManifestSearch(manifest, tuple(ignored), folders)


def _upwards(root: Path, start: str, top: Path | None) -> Iterator[Path]:
    """The folders from `root / start` to the top: the root, or what is above a Root Directory."""
    folder = root / start
    last = top if top is not None and root.is_relative_to(top) else root
    yield folder
    while folder != last and folder.is_relative_to(last):
        folder = folder.parent
        yield folder


def _names_in(folder: Path) -> Iterator[str]:
    return (name for name in MANIFEST_NAMES if (folder / name).is_file())


def _beside(manifest: Manifest) -> Iterator[Ignored]:
    """The weaker manifests in the same folder, without what this one was made from."""
    name = manifest.file.name
    folder = folder_of(manifest)
    for other in _names_in(folder):
        file = folder / other
        if file != manifest.file and other not in _SOURCES.get(name, ()):
            yield Ignored(file, f"{name} beside it is read instead")


def _by_another_name(folder: Path) -> Iterator[Ignored]:
    """Requirements files that have no name a deployment looks for."""
    files = (*folder.glob("*requirements*.txt"), *folder.glob("requirements/*.txt"))
    for file in sorted(files):
        if not _FOR_PEOPLE.search(file.stem.lower()):
            yield Ignored(file, "a deployment reads no file of that name")


def _lock_of(folder: Path) -> Path | None:
    places = (folder, workspace_root(folder))
    files = (place / name for place in places if place is not None for name in LOCK_NAMES)
    return next((file for file in files if file.is_file()), None)


def _workspace_of(manifest: Manifest) -> Path | None:
    return workspace_root(manifest.file.parent) if manifest.kind is Kind.PYPROJECT else None


def folder_of(manifest: Manifest) -> Path:
    """The folder that the manifest is looked for in: `requirements/prod.txt` lies in one below."""
    parent = manifest.file.parent
    return parent.parent if manifest.file.name == "prod.txt" else parent


def _shown(file: Path, root: Path) -> str:
    return file.relative_to(root).as_posix() if file.is_relative_to(root) else str(file)

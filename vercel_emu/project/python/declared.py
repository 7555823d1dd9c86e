"""What a manifest says the app depends on: to compare with what is installed, or to install it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from vercel_emu.errors import EmuError, Where
from vercel_emu.files.parsing import parse_json, parse_toml
from vercel_emu.files.reading import LOCK_BYTES, read_text
from vercel_emu.project.pyproject import load_toml
from vercel_emu.project.python.manifest import (
    PIPFILE_LOCK,
    PYLOCK,
    Kind,
    Manifest,
    Manifests,
)
from vercel_emu.project.python.requirements import Declared, read_into, relative
from vercel_emu.project.python.workspace import member_folder, workspace_root

_KEY = "[project] dependencies"


def read_declared(manifest: Manifest, root: Path) -> Declared:
    """What the manifest asks for, to compare with what is installed; places relative to `root`."""
    declared = Declared()
    if manifest.kind is Kind.REQUIREMENTS:
        read_into(declared, manifest.file, root)
        return declared
    shown = relative(manifest.file, root)
    if manifest.kind is Kind.PIPFILE:
        for name, value in _pipfile_packages(manifest.file).items():
            declared.add(_checkable(name, value), Where(shown, f"[packages] {name}"))
        return declared
    if manifest.lock is not None and manifest.lock.name == PYLOCK:
        declared.files.add(manifest.lock)
        for text in _locked_packages(manifest.lock):
            declared.add(text, Where(relative(manifest.lock, root)))
        return declared
    local = _sources(manifest.file)
    for file in _dynamic_files(manifest.file):
        read_into(declared, file, root)
    for text in _project_dependencies(manifest.file, shown):
        declared.add(text, Where(shown, _KEY))
    for requirement in declared.requirements:
        if canonicalize_name(requirement.name) in local:  # its version is whatever the source has
            requirement.specifier = type(requirement.specifier)()
    return declared


def declared_by(manifests: Manifests, root: Path) -> Declared:
    """What the functions of a project depend on, all together."""
    declared = Declared()
    for manifest in manifests.found:
        declared.add_all(read_declared(manifest, root))
    return declared


@dataclass(frozen=True, slots=True)
class Installable:
    """A manifest in words that pip understands: requirements files, and lines of one more."""

    files: tuple[Path, ...] = ()
    lines: tuple[str, ...] = ()


def installable(manifest: Manifest) -> Installable:
    """What to install, for an installer that can't read the manifest itself."""
    if manifest.kind is Kind.REQUIREMENTS:
        return Installable(files=(manifest.file,))
    if manifest.kind is Kind.PIPFILE:
        folder = manifest.file.parent
        packages = _pipfile_packages(manifest.file).items()
        return Installable(lines=tuple(_line(name, value, folder) for name, value in packages))
    if manifest.lock is not None and manifest.lock.name == PYLOCK:
        return Installable(lines=tuple(_locked_packages(manifest.lock, with_sources=True)))
    files = tuple(_dynamic_files(manifest.file))
    if is_dynamic(manifest) and not files:
        return Installable(lines=(str(manifest.file.parent),))  # its build backend knows them
    return Installable(files, tuple(_dependency_lines(manifest.file)))


def _dependency_lines(file: Path) -> Iterator[str]:
    sources = _sources(file)
    for text in _project_dependencies(file, file.name):
        declared = Declared()
        declared.add(text, Where(file.name, _KEY))
        name = canonicalize_name(declared.requirements[0].name) if declared.requirements else ""
        yield _from_source(file.parent, name, sources.get(name, {})) or text


def is_package(manifest: Manifest) -> bool:
    """Whether a deployment installs the project itself, too: uv's rule for a `pyproject.toml`."""
    if manifest.kind is not Kind.PYPROJECT or not _project(manifest.file):
        return False
    table = load_toml(manifest.file)
    package = _table(_table(table, "tool"), "uv").get("package")
    return package if isinstance(package, bool) else "build-system" in table


def has_dependencies(manifest: Manifest) -> bool:
    """Whether there is anything to install: a file that only configures tools asks for nothing."""
    if manifest.kind is not Kind.PYPROJECT or manifest.lock is not None:
        return True
    return bool(is_dynamic(manifest) or _project(manifest.file).get("dependencies"))


def is_dynamic(manifest: Manifest) -> bool:
    """Whether the project's build backend says what it depends on, not the manifest itself."""
    if manifest.kind is not Kind.PYPROJECT or manifest.lock is not None:
        return False
    return "dependencies" in _strings(_project(manifest.file).get("dynamic"))


def _dynamic_files(file: Path) -> list[Path]:
    """The requirements files that setuptools takes the dependencies from."""
    if "dependencies" not in _strings(_project(file).get("dynamic")):
        return []
    tables = _table(_table(_table(load_toml(file), "tool"), "setuptools"), "dynamic")
    named = _table(tables, "dependencies").get("file")
    names = [named] if isinstance(named, str) else _strings(named)
    return [file.parent / name for name in names if (file.parent / name).is_file()]


def _project(file: Path) -> dict[str, Any]:
    return _table(load_toml(file), "project")


def _project_dependencies(file: Path, shown: str) -> list[str]:
    values = _project(file).get("dependencies", [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise EmuError(
            "PYPROJECT_INVALID",
            f"{shown}, {_KEY}: must be a list of texts, not {values!r}.",
            f'Write it as dependencies = ["fastapi", "vercel"] in {file}.',
            where=Where(shown, _KEY),
        )
    return list(values)


def _sources(file: Path) -> dict[str, Any]:
    sources = _table(_table(_table(load_toml(file), "tool"), "uv"), "sources")
    return {canonicalize_name(name): source for name, source in sources.items()}


def _locked_packages(lock: Path, *, with_sources: bool = False) -> Iterator[str]:
    """The packages of a `pylock.toml` (PEP 751) as requirements; those of no extra and no group."""
    try:
        packages = parse_toml(read_text(lock, LOCK_BYTES)).get("packages")
    except (OSError, ValueError) as error:
        raise EmuError(
            "PYLOCK_INVALID",
            f"{lock.name} can't be read: {error}.",
            "Make it anew, for example with `uv export --format pylock.toml -o pylock.toml`.",
            where=Where(lock.name),
        ) from None
    for package in packages if isinstance(packages, list) else ():
        name = package.get("name") if isinstance(package, dict) else None
        if not isinstance(name, str):
            continue
        marker = str(package.get("marker", ""))
        if "extras" in marker or "dependency_groups" in marker:
            continue
        version = package.get("version")
        text = f"{name}=={version}" if isinstance(version, str) else name
        source = _locked_source(lock.parent, package) if with_sources else None
        text = f"{name} @ {source}" if source else text
        yield f"{text} ; {marker}" if marker else text


def _locked_source(folder: Path, package: Mapping[str, Any]) -> str | None:
    """Where a locked package comes from that no index has."""
    for key in ("directory", "archive", "vcs"):
        source = _table(package, key)
        path, url = source.get("path"), source.get("url")
        if isinstance(path, str):
            return (folder / path).resolve().as_uri()
        if isinstance(url, str):
            commit = {"rev": source.get("commit-id"), "subdirectory": source.get("subdirectory")}
            return _git(url, commit) if key == "vcs" else url
    return None


def _from_source(root: Path, name: str, source: Any) -> str | None:
    """`[tool.uv.sources]` in pip's words; None leaves the requirement as it stands."""
    if not isinstance(source, dict):
        return None
    if source.get("workspace"):
        above = workspace_root(root)
        folder = member_folder(above or root, name)
        return f"-e {folder}" if folder else None
    if isinstance(source.get("path"), str):
        folder = (root / source["path"]).resolve()
        return f"-e {folder}" if source.get("editable") and folder.is_dir() else str(folder)
    if isinstance(source.get("git"), str):
        return f"{name} @ {_git(source['git'], source)}"
    if isinstance(source.get("url"), str):
        return f"{name} @ {source['url']}"
    return None


def _git(address: str, source: Mapping[str, Any]) -> str:
    address = address if address.startswith("git+") else f"git+{address}"
    ref = source.get("rev") or source.get("tag") or source.get("branch") or source.get("ref")
    folder = source.get("subdirectory")
    return address + (f"@{ref}" if ref else "") + (f"#subdirectory={folder}" if folder else "")


def _pipfile_packages(file: Path) -> dict[str, Any]:
    """The packages of a Pipfile, or the exact ones of a Pipfile.lock."""
    if file.name != PIPFILE_LOCK:
        return _table(load_toml(file), "packages")
    try:
        return _table(parse_json(read_text(file, LOCK_BYTES)), "default")
    except (OSError, ValueError) as error:
        raise EmuError(
            "PIPFILE_LOCK_INVALID",
            f"{file.name} can't be read: {error}.",
            "Make it anew with `pipenv lock`; a deployment would stop at it too.",
            where=Where(file.name),
        ) from None


def _checkable(name: str, value: Any) -> str:
    """A Pipfile entry as name, extras, version and marker (no place it comes from)."""
    if isinstance(value, str):
        return name if value == "*" else f"{name}{value}"
    entry: dict[str, Any] = value if isinstance(value, dict) else {}
    extras = entry.get("extras")
    version = entry.get("version", "*")
    text = name + (f"[{','.join(extras)}]" if isinstance(extras, list) and extras else "")
    if isinstance(version, str) and version != "*":
        text += version
    markers = [entry["markers"]] if isinstance(entry.get("markers"), str) else []
    keys = ("python_version", "sys_platform", "platform_system")
    markers.extend(f"{key} {entry[key]}" for key in keys if isinstance(entry.get(key), str))
    return f"{text} ; {' and '.join(markers)}" if markers else text


def _line(name: str, value: Any, folder: Path) -> str:
    """A Pipfile entry as a requirement line, with its path or repository."""
    if isinstance(value, dict):
        if isinstance(value.get("path"), str):
            path = (folder / value["path"]).resolve()
            return f"-e {path}" if value.get("editable") else str(path)
        if isinstance(value.get("git"), str):
            return f"{name} @ {_git(value['git'], value)}"
        if isinstance(value.get("file"), str):
            return f"{name} @ {value['file']}"
    return _checkable(name, value)


def _table(parent: object, key: str) -> dict[str, Any]:
    value = parent.get(key) if isinstance(parent, dict) else None
    return value if isinstance(value, dict) else {}


def _strings(values: object) -> list[str]:
    return [one for one in values if isinstance(one, str)] if isinstance(values, list) else []

"""Which file says what the app depends on, and what it says.

The platform's order: `pyproject.toml` (one with a `[project]` table; a file that only configures
tools says nothing about dependencies), `Pipfile`, then the requirements files by their names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from vercel_emu.errors import EmuError, Where
from vercel_emu.project.pyproject import load_toml
from vercel_emu.project.python.requirements import Declared, read_requirements
from vercel_emu.project.python.workspace import member_folder, workspace_root

REQUIREMENTS_FILES = (
    "requirements.frozen.txt",
    "requirements-frozen.txt",
    "requirements.txt",
    "requirements.in",
    "requirements/prod.txt",
)


_DEPENDENCIES = Where("pyproject.toml", "[project] dependencies")


class Kind(StrEnum):
    PYPROJECT = "pyproject"
    PIPFILE = "pipfile"
    REQUIREMENTS = "requirements"


@dataclass(frozen=True, slots=True)
class Manifest:
    """The file, and for pyproject.toml the folder with the `uv.lock` that goes with it."""

    file: Path
    kind: Kind
    lock_folder: Path | None = None


def find_manifest(root: Path) -> Manifest | None:
    """The file that declares the dependencies, or None."""
    project = load_toml(root / "pyproject.toml").get("project")
    if isinstance(project, dict) and "dependencies" not in project.get("dynamic", ()):
        folders = [folder for folder in (root, workspace_root(root)) if folder is not None]
        locked = next((folder for folder in folders if (folder / "uv.lock").is_file()), None)
        return Manifest(root / "pyproject.toml", Kind.PYPROJECT, locked)
    if (root / "Pipfile").is_file():
        return Manifest(root / "Pipfile", Kind.PIPFILE)
    for name in REQUIREMENTS_FILES:
        if (root / name).is_file():
            return Manifest(root / name, Kind.REQUIREMENTS)
    return None


def read_declared(manifest: Manifest) -> Declared:
    """What the manifest asks for, to compare with what is installed."""
    root = manifest.file.parent
    if manifest.kind is Kind.REQUIREMENTS:
        root = root.parent if manifest.file.name == "prod.txt" else root
        return read_requirements(manifest.file, root)
    declared = Declared()
    if manifest.kind is Kind.PIPFILE:
        for name, value in _pipfile_packages(manifest.file).items():
            declared.add(_checkable(name, value), Where("Pipfile", f"[packages] {name}"))
        return declared
    local = _sources(manifest.file)
    for text in _project_dependencies(manifest.file):
        declared.add(text, _DEPENDENCIES)
    for requirement in declared.requirements:
        if canonicalize_name(requirement.name) in local:  # its version is whatever the source has
            requirement.specifier = type(requirement.specifier)()
    return declared


def installable(manifest: Manifest) -> list[str]:
    """Requirement lines for an installer that can't read the manifest itself (pip)."""
    if manifest.kind is Kind.PIPFILE:
        locked = _locked_pipfile(manifest.file.with_name("Pipfile.lock"))
        if locked:
            return locked
        return [_line(name, value) for name, value in _pipfile_packages(manifest.file).items()]
    sources = _sources(manifest.file)
    lines = []
    for text in _project_dependencies(manifest.file):
        declared = Declared()
        declared.add(text, _DEPENDENCIES)
        name = canonicalize_name(declared.requirements[0].name) if declared.requirements else ""
        source = _from_source(manifest.file.parent, name, sources.get(name, {}))
        lines.append(source or text)
    return lines


def _project_dependencies(file: Path) -> list[str]:
    project: Any = load_toml(file)["project"]
    values = project.get("dependencies", [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise EmuError(
            "PYPROJECT_INVALID",
            f"pyproject.toml, [project] dependencies: must be a list of texts, not {values!r}.",
            f'Write it as dependencies = ["fastapi", "vercel"] in {file}.',
            where=_DEPENDENCIES,
        )
    return list(values)


def _sources(file: Path) -> dict[str, Any]:
    tool: Any = load_toml(file).get("tool")
    uv = tool.get("uv") if isinstance(tool, dict) else None
    sources = uv.get("sources") if isinstance(uv, dict) else None
    items = sources.items() if isinstance(sources, dict) else ()
    return {canonicalize_name(name): source for name, source in items}


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
    packages = load_toml(file).get("packages", {})
    return packages if isinstance(packages, dict) else {}


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


def _line(name: str, value: Any) -> str:
    """A Pipfile entry as a requirement line, with its path or repository."""
    if isinstance(value, dict):
        if isinstance(value.get("path"), str):
            return f"-e {value['path']}" if value.get("editable") else value["path"]
        if isinstance(value.get("git"), str):
            return f"{name} @ {_git(value['git'], value)}"
        if isinstance(value.get("file"), str):
            return f"{name} @ {value['file']}"
    return _checkable(name, value)


def _locked_pipfile(file: Path) -> list[str]:
    try:
        packages = json.loads(file.read_text(encoding="utf-8"))["default"]
        return [_line(name, value) for name, value in packages.items()]
    except (OSError, ValueError, KeyError, AttributeError):
        return []

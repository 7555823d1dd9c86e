"""The uv workspace around a project: its lock file and environment serve every member."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any

from vercel_emu.files.walking import Walk, is_folder
from vercel_emu.project.pyproject import load_toml


def workspace_root(root: Path) -> Path | None:
    """The folder above `root`, up to the git root, whose workspace names it as a member."""
    if (root / ".git").exists():
        return None
    for parent in root.parents:
        if (parent / "pyproject.toml").is_file() and _has_member(parent, root):
            return parent
        if (parent / ".git").exists():
            return None
    return None


def member_folder(workspace: Path, name: str) -> Path | None:
    """Where the workspace's member of this (normalized) name lives."""
    from packaging.utils import canonicalize_name

    members, _ = _patterns(workspace)
    for pattern in members:
        for folder in _folders(workspace, pattern):
            project: Any = load_toml(folder / "pyproject.toml").get("project")
            if isinstance(project, dict) and canonicalize_name(str(project.get("name"))) == name:
                return folder
    return None


def _folders(workspace: Path, pattern: str) -> list[Path]:
    """The folders that a member's pattern names, each real folder once."""
    path = PurePosixPath(pattern)
    found = [workspace]
    for part in () if path.is_absolute() else path.parts:
        inside: dict[Path, Path] = {}
        for folder in found:
            for one in _inside(folder, part):
                inside.setdefault(one.resolve(), one)
        found = list(inside.values())
    return sorted(found)


def _inside(folder: Path, pattern: str) -> Iterator[Path]:
    if pattern == "**":
        yield from (Path(one.path) for one in Walk(str(folder), enters=_may_hold_members))
    elif not any(char in pattern for char in "*?["):
        yield folder / pattern
    else:
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                if fnmatchcase(entry.name, pattern) and is_folder(entry):
                    yield Path(entry.path)


def _may_hold_members(folder: str) -> bool:
    return Path(folder).name not in {"node_modules", ".git", ".venv"}


def local_packages(root: Path) -> tuple[Path, ...]:
    """Folders of the packages beside the project that it depends on, by `[tool.uv.sources]`."""
    found: dict[Path, None] = {}
    pending = [root]
    while pending:
        for folder in _local_sources(pending.pop(), root):
            if folder not in found and folder != root:
                found[folder] = None
                pending.append(folder)
    return tuple(found)


def _local_sources(package: Path, root: Path) -> list[Path]:
    from packaging.utils import canonicalize_name

    table: Any = load_toml(package / "pyproject.toml")
    for key in ("tool", "uv", "sources"):
        table = table.get(key) if isinstance(table, dict) else None
    workspace = workspace_root(root)
    found: list[Path | None] = []
    for name, source in table.items() if isinstance(table, dict) else ():
        if not isinstance(source, dict):
            continue
        if source.get("workspace") is True and workspace is not None:
            found.append(member_folder(workspace, canonicalize_name(name)))
        elif isinstance(source.get("path"), str):
            found.append(package / source["path"])
    return [folder.resolve() for folder in found if folder is not None and folder.is_dir()]


def _has_member(workspace: Path, root: Path) -> bool:
    members, exclude = _patterns(workspace)
    path = PurePosixPath(root.relative_to(workspace).as_posix())
    return any(_matches(path, pattern) for pattern in members) and not any(
        _matches(path, pattern) for pattern in exclude
    )


def _matches(path: PurePosixPath, pattern: str) -> bool:
    parts = PurePosixPath(pattern).parts
    return len(parts) == len(path.parts) and path.match(pattern)


def _patterns(workspace: Path) -> tuple[list[str], list[str]]:
    table: Any = load_toml(workspace / "pyproject.toml")
    for key in ("tool", "uv", "workspace"):
        table = table.get(key) if isinstance(table, dict) else None
    if not isinstance(table, dict):
        return [], []
    return _strings(table.get("members")), _strings(table.get("exclude"))


def _strings(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []

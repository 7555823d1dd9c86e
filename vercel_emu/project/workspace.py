"""The uv workspace around a project: its lock file and environment serve every member."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

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
        for folder in sorted(workspace.glob(pattern)):
            project: Any = load_toml(folder / "pyproject.toml").get("project")
            if isinstance(project, dict) and canonicalize_name(str(project.get("name"))) == name:
                return folder
    return None


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

"""What would be deployed, as frozen values. No raw dict travels past `project/`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

DEFAULT_MAX_DURATION = 300
"""Seconds a function may run where nothing else is set (facts section 10)."""

DEFAULT_MEMORY_MB = 2048


@dataclass(frozen=True, slots=True)
class Entrypoint:
    """Where the person's app is: `file` relative to the project root (posix), dotted `module`."""

    file: str
    module: str
    variable: str
    found_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One deployed function. A framework app is the single function `name == "app"`;
    a file in `api/` is named by its path without suffix (`api/users/[id]`)."""

    name: str
    entrypoint: Entrypoint
    max_duration: int = DEFAULT_MAX_DURATION
    memory_mb: int = DEFAULT_MEMORY_MB


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A folder as a deployment would see it."""

    root: Path
    name: str
    framework: str | None = None
    functions: tuple[Function, ...] = ()
    project_id: str | None = None
    org_id: str | None = None
    warnings: tuple[str, ...] = field(default=())

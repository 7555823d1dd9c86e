"""What `vercel-emu check` finds: one value for each fault, and what every check gets to look at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from vercel_emu.errors import EmuError
from vercel_emu.project.model import Project
from vercel_emu.project.python.interpreter import Interpreter
from vercel_emu.project.python.manifest import Manifest
from vercel_emu.project.python.requirements import Declared
from vercel_emu.project.vercel_json.model import VercelConfig

type Severity = Literal["error", "warning"]

_PLACE = re.compile(r"^([\w./-]+\.\w+|\.env[\w.]*|Pipfile)(:\d+(:\d+)?|, line \d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`error`: the deployment or a request to it fails. `warning`: it differs, or may surprise."""

    severity: Severity
    code: str
    message: str
    place: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The project as far as it could be read; what couldn't is None or empty."""

    root: Path
    project: Project
    config: VercelConfig = field(default_factory=VercelConfig)
    data: Mapping[str, Any] = field(default_factory=dict)
    interpreter: Interpreter | None = None
    manifest: Manifest | None = None
    declared: Declared | None = None
    """What the manifest asks for; None where it can't be read."""
    environ: Mapping[str, str] = field(default_factory=dict)


def of_error(error: EmuError, place: str = "", severity: Severity = "error") -> Finding:
    """An error that a start would stop at."""
    place = place or place_in(error.message)
    return Finding(
        severity=severity,
        code=error.code,
        message=error.message.removeprefix(f"{place}: "),
        place=place,
        hint=error.hint or "",
    )


def place_in(text: str) -> str:
    """The `file:line` that a message begins with, if it does."""
    found = _PLACE.match(text)
    return found[0] if found else ""

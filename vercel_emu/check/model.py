"""What `vercel-emu check` finds: one value for each fault, and what every check gets to look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from vercel_emu.errors import EmuError, ProjectWarning, Where
from vercel_emu.project.detection.sources import Sources
from vercel_emu.project.model import Project
from vercel_emu.project.python.interpreter import Interpreter
from vercel_emu.project.python.manifest import Manifest, Manifests
from vercel_emu.project.python.requirements import Declared
from vercel_emu.project.vercel_json.model import VercelConfig

type Severity = Literal["error", "warning"]

_ERRORS = ("ENTRYPOINT_NOT_DETECTED", "RESERVED_VARIABLE", "REQUIREMENT_INVALID")
"""Warnings of a start that a deployment does not survive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`error`: the deployment or a request to it fails. `warning`: it differs, or may surprise."""

    severity: Severity
    code: str
    message: str
    where: Where | None = None
    hint: str = ""

    @property
    def place(self) -> str:
        """`file:line` for people, or the file, or nothing."""
        return str(self.where or "")


def in_silence(_: str) -> None:
    """Say nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The project as far as it could be read; what couldn't is None or empty."""

    root: Path
    project: Project
    sources: Sources
    """Its Python files, as the app's interpreter reads them."""
    unreadable: bool = False
    """Whether its functions could not be found: then `project` has none."""
    config: VercelConfig = field(default_factory=VercelConfig)
    data: Mapping[str, Any] = field(default_factory=dict)
    interpreter: Interpreter | None = None
    manifests: Manifests = Manifests()
    declared: Declared | None = None
    """What the manifests ask for; None where one can't be read."""
    environ: Mapping[str, str] = field(default_factory=dict)
    on_wait: Callable[[str], None] = in_silence
    """Is told what takes longer than a person expects, before it begins."""

    @property
    def manifest(self) -> Manifest | None:
        """The manifest of the first function."""
        return next(iter(self.manifests.found), None)


def of_error(error: EmuError, severity: Severity = "error") -> Finding:
    """An error that a start would stop at."""
    return Finding(
        severity=severity,
        code=error.code,
        message=_without_place(error.message, error.where),
        where=error.where,
        hint=error.hint or "",
    )


def of_warning(warning: ProjectWarning) -> Finding:
    """What a start of the project warns of."""
    return Finding(
        severity="error" if warning.code in _ERRORS else "warning",
        code=warning.code,
        message=_without_place(warning.message, warning.where),
        where=warning.where,
        hint=warning.hint or "",
    )


def _without_place(message: str, where: Where | None) -> str:
    """A finding is shown after its place, which need not be read twice."""
    if where is not None:
        for start in (f"{where}: ", f"{where.file}: ", f"{where.file}, "):
            if message.startswith(start):
                return message.removeprefix(start)
    return message

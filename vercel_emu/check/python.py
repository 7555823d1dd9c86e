"""Which Python a deployment would take, and whether the project fits it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from vercel_emu.check.model import Checked, Finding
from vercel_emu.errors import EmuError, Where
from vercel_emu.project.pyproject import load_toml
from vercel_emu.project.python.workspace import workspace_root

AVAILABLE = ("3.12", "3.13", "3.14")
DEFAULT = "3.12"
_REQUIRES = "[project] requires-python"
_HINT = f"A deployment has {', '.join(AVAILABLE)}; the default is {DEFAULT}."


@dataclass(frozen=True, slots=True)
class Wanted:
    """A version or range that a file asks for."""

    text: str
    where: Where

    @property
    def source(self) -> str:
        """The file, and its key where it is one among others."""
        return f"{self.where.file}, {self.where.key}" if self.where.key else self.where.file


def deployment_python(root: Path) -> str:
    """The version a deployment runs: the default wherever it fits what the project asks for."""
    for wanted in wanted_versions(root):
        fitting = _fitting(wanted.text)
        if fitting:
            return DEFAULT if DEFAULT in fitting else fitting[0]
        break
    return DEFAULT


def wanted_versions(root: Path) -> list[Wanted]:
    """What the project's files ask for, the strongest first."""
    found = [
        Wanted(_pinned(root / ".python-version"), Where(".python-version")),
        Wanted(_required(root), Where("pyproject.toml", _REQUIRES)),
    ]
    workspace = workspace_root(root)
    if workspace is not None:
        file = os.path.relpath(workspace / "pyproject.toml", root)
        found.append(Wanted(_required(workspace), Where(file, _REQUIRES)))
    found.append(
        Wanted(_of_pipfile(root / "Pipfile.lock"), Where("Pipfile.lock", "_meta.requires"))
    )
    return [wanted for wanted in found if wanted.text]


def version_faults(checked: Checked) -> Iterator[Finding]:
    """Versions that a deployment doesn't have, or that contradict each other."""
    wanted = wanted_versions(checked.root)
    for one in wanted:
        fitting = _fitting(one.text)
        if fitting is None:
            yield Finding(
                severity="error",
                code="PYTHON_VERSION_INVALID",
                message=f'"{one.text}" is no Python version',
                where=one.where,
                hint=_HINT,
            )
        elif not fitting:
            yield Finding(
                severity="error",
                code="PYTHON_VERSION_UNAVAILABLE",
                message=f"a deployment has no Python {one.text}: it warns and uses {DEFAULT}",
                where=one.where,
                hint=_HINT,
            )
    chosen = deployment_python(checked.root)
    for one in wanted[1:]:
        fitting = _fitting(one.text)
        if fitting and chosen not in fitting:
            asking = one.where.key or "this file"
            yield Finding(
                severity="error",
                code="PYTHON_VERSION_CONFLICT",
                message=f"a deployment runs Python {chosen}, but {asking} asks for {one.text}",
                where=one.where,
                hint=f"{wanted[0].source} decides, with {wanted[0].text}.",
            )


def _fitting(text: str) -> list[str] | None:
    """The available versions that fit; None where the text is no version or range."""
    text = text.strip().removeprefix("python").removeprefix("cpython").lstrip("-@ ")
    exact = re.fullmatch(r"(\d+)(?:\.(\d+))?(?:\.\w+)*", text)
    if exact:
        wanted = f"{exact[1]}.{exact[2]}" if exact[2] else exact[1]
        return [one for one in AVAILABLE if wanted in (one, one.partition(".")[0])]
    try:
        specifier = SpecifierSet(text)
    except InvalidSpecifier:
        return None
    # A range may name patch versions: any patch of the minor version will do.
    return [
        one for one in AVAILABLE if any(specifier.contains(f"{one}.{patch}") for patch in range(40))
    ]


def _pinned(file: Path) -> str:
    try:
        lines = file.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    found = (line.partition("#")[0].strip() for line in lines)
    return next((line for line in found if line), "")


def _required(root: Path) -> str:
    try:
        project: Any = load_toml(root / "pyproject.toml").get("project")
    except EmuError:
        return ""
    value = project.get("requires-python") if isinstance(project, dict) else None
    return value if isinstance(value, str) else ""


def _of_pipfile(file: Path) -> str:
    try:
        requires = json.loads(file.read_text("utf-8"))["_meta"]["requires"]
        value = requires.get("python_full_version") or requires.get("python_version")
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return ""
    return value if isinstance(value, str) else ""

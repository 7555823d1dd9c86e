"""`vercel-emu check`: what would differ or fail in a deployment of the project.

Nothing is started and nothing is installed. Every part is read on its own, so that one fault never
hides another.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from vercel_emu.check import (
    config as check_config,
)
from vercel_emu.check import (
    manifests as check_manifests,
)
from vercel_emu.check import (
    packages as check_packages,
)
from vercel_emu.check import (
    python as check_python,
)
from vercel_emu.check import (
    start as check_start,
)
from vercel_emu.check.code.faults import code_faults
from vercel_emu.check.model import Checked, Finding, Severity, in_silence, of_error, of_warning
from vercel_emu.deployment.deploy import deploy
from vercel_emu.deployment.exposure import exposure_text
from vercel_emu.errors import EmuError, Where
from vercel_emu.options import Options
from vercel_emu.platform.limits import ENVIRONMENT_BYTES
from vercel_emu.project.detection.django import SETTINGS_NOT_READ
from vercel_emu.project.detection.frameworks import PYTHON_PRESETS
from vercel_emu.project.detection.sources import Sources
from vercel_emu.project.load import identify_project, load_project, with_framework
from vercel_emu.project.model import Project
from vercel_emu.project.python.declared import declared_by
from vercel_emu.project.python.interpreter import Interpreter, find_interpreter
from vercel_emu.project.python.manifest import manifests_of
from vercel_emu.project.python.requirements import Declared
from vercel_emu.project.variables.env_files import EnvFiles, read_env_files


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was found, errors first, and what a deployment would run."""

    project: Project
    findings: tuple[Finding, ...]
    deployment_python: str
    local_python: str | None

    @property
    def errors(self) -> int:
        return sum(finding.severity == "error" for finding in self.findings)


def check_project(
    folder: Path,
    environ: Mapping[str, str],
    *,
    python: Path | None = None,
    on_wait: Callable[[str], None] = in_silence,
) -> Report:
    """Read the project in `folder` as a deployment would, to the end.

    `on_wait` is told what takes long, before it begins.

    Raises:
        EmuError: there is no such folder.
    """
    identified = identify_project(folder)
    config, data, findings = check_config.read_config(identified.root)
    checked = Checked(
        root=identified.root,
        project=identified,
        sources=Sources(identified.root),
        config=config,
        data=data,
        environ=environ,
        on_wait=on_wait,
    )
    checked, faults = _read_rest(checked, python)
    findings += faults
    packages = check_packages.Packages(checked.interpreter, checked.declared)
    in_code = list(code_faults(checked))
    findings += [
        *check_python.version_faults(checked),
        *check_packages.requirement_faults(checked),
        *in_code,
        *check_manifests.ignored_manifests(checked, in_code),
        *check_packages.size_faults(checked, packages),
        *check_start.start_faults(checked),
        *_ignored_entrypoints(checked),
        *_environment_faults(checked),
        *_exposure(checked),
    ]
    local = checked.interpreter.version_text if checked.interpreter else None
    return Report(
        project=checked.project,
        findings=tuple(_in_order(findings)),
        deployment_python=check_python.python_of_deployment(checked),
        local_python=local,
    )


def _in_order(findings: list[Finding]) -> list[Finding]:
    unique = list(dict.fromkeys(findings))
    return sorted(unique, key=lambda finding: finding.severity == "warning")


def _read_rest(checked: Checked, python: Path | None) -> tuple[Checked, list[Finding]]:
    """Interpreter, manifest and functions; each on its own."""
    findings: list[Finding] = []
    interpreter: Interpreter | None = None
    try:
        interpreter = find_interpreter(
            checked.root,
            python=python,
            environ=checked.environ,
            above=checked.project.link_root,
        )
    except EmuError as error:
        # It concerns this machine only.
        findings.append(of_error(error, severity="warning"))
    project, unreadable = checked.project, False
    try:
        project = with_framework(project, checked.config)
        project = load_project(
            checked.project.link_root or checked.root,
            checked.config,
            interpreter=interpreter.path if interpreter else None,
            environ=checked.environ,
        )
    except EmuError as error:
        unreadable = True
        # Without an environment nobody can say: that concerns this machine only.
        severity: Severity = "warning" if error.code == SETTINGS_NOT_READ else "error"
        findings.append(of_error(error, severity))
    findings += map(of_warning, project.warnings)
    manifests = manifests_of(project)
    declared: Declared | None = None
    try:
        declared = declared_by(manifests, checked.root)
    except EmuError as error:
        findings.append(of_error(error))
    full = replace(
        checked,
        project=project,
        sources=_sources(checked.root, interpreter),
        unreadable=unreadable,
        interpreter=interpreter,
        manifests=manifests,
        declared=declared,
    )
    return full, list(dict.fromkeys(findings))


def _sources(root: Path, interpreter: Interpreter | None) -> Sources:
    if interpreter is None:
        return Sources(root)
    same = interpreter.version[:2] == sys.version_info[:2]
    return Sources(root, interpreter.path, same_grammar=same)


def _ignored_entrypoints(checked: Checked) -> Iterator[Finding]:
    """Functions whose file is left out of the upload."""
    for function in checked.project.functions:
        file = function.entrypoint.file
        if check_packages.is_ignored(checked.root, file):
            yield Finding(
                severity="error",
                code="ENTRYPOINT_IGNORED",
                message=f".vercelignore leaves out {file}, which is a function",
                where=Where(".vercelignore"),
                hint="Take the pattern out, or except the file with a `!` pattern.",
            )


def _environment_faults(checked: Checked) -> Iterator[Finding]:
    """Names and values that a deployment would not take."""
    try:
        files = read_env_files(
            checked.root, environ=checked.environ, link_root=checked.project.link_root
        )
    except EmuError as error:
        yield of_error(error)
        return
    yield from map(of_warning, files.warnings)
    yield from _environment_size(files, checked.config.env)


def _environment_size(files: EnvFiles, config_env: Mapping[str, str]) -> Iterator[Finding]:
    values = dict(config_env) | {entry.name: entry.value for entry in files.entries}
    size = sum(len(f"{name}{value}".encode()) for name, value in values.items())
    if size > ENVIRONMENT_BYTES:
        largest = max(values, key=lambda name: len(values[name]))
        yield Finding(
            severity="error",
            code="ENVIRONMENT_TOO_LARGE",
            message=f"the variables of env files and vercel.json have {size:,} bytes; a "
            f"deployment takes {ENVIRONMENT_BYTES:,}",
            hint=f"The largest is {largest}, with {len(values[largest]):,} characters.",
        )


def _exposure(checked: Checked) -> Iterator[Finding]:
    """Source files that anyone could download from the deployment."""
    project = checked.project
    if not project.functions and project.framework in PYTHON_PRESETS:
        return  # the app, which could not be read, takes every path
    try:
        sources = deploy(project, checked.config, Options()).exposed_sources()
    except EmuError as error:
        yield of_error(error)
        return
    if sources:
        message, hint = exposure_text(sources)
        yield Finding(severity="warning", code="SOURCE_EXPOSED", message=message, hint=hint)

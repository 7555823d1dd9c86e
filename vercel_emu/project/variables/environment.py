"""The environment variables of a function, each with where its value came from.

Layers, a later one wins: the shell that started the emulator; the platform's defaults
(AWS_REGION); vercel.json and the env files, where a name that the shell also has keeps the
shell's value; the platform's system variables, which nobody can override; the emulator's own.

NODE_ENV is not set: `vercel dev` sets it, but no deployed Python function has it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vercel_emu.errors import ProjectWarning, Where
from vercel_emu.platform.limits import ENVIRONMENT_BYTES
from vercel_emu.project.model import Project
from vercel_emu.project.variables.env_files import EnvFiles
from vercel_emu.project.variables.git import GitFacts
from vercel_emu.project.variables.inherited import (
    PYTHON_DEFAULTS,
    inherited_variables,
    looks_secret,
)
from vercel_emu.project.variables.proxies import exceptions_from_proxies
from vercel_emu.project.variables.system_variables import (
    AWS_REGIONS,
    system_variables,
)

type Mode = Literal["development", "preview", "production"]


SHELL, PLATFORM, EMULATOR, CONFIG = "shell", "platform", "emulator", "vercel.json"

# The SDK's opt-out: its telemetry asks for exactly "1", its sandbox client for any text.
TELEMETRY_OPT_OUT = {"VERCEL_TELEMETRY_DISABLED": "1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvVar:
    """One variable. `source` is `shell`, `platform`, `emulator`, `git`, `vercel.json`, or a
    `file:line`; `secret` values are shown only to a person who asks for them."""

    name: str
    value: str
    source: str
    secret: bool = False

    @property
    def inherited(self) -> bool:
        """Only passed on from the shell: no part of what a deployment would set."""
        return self.source == SHELL


@dataclass(frozen=True, slots=True)
class Environment:
    """All variables, sorted by name, and what a person should know about them."""

    variables: tuple[EnvVar, ...] = ()
    warnings: tuple[ProjectWarning, ...] = ()

    def as_dict(self) -> dict[str, str]:
        return {variable.name: variable.value for variable in self.variables}


def build_environment(
    project: Project,
    git: GitFacts,
    *,
    mode: Mode,
    region: str,
    url: str,
    environ: Mapping[str, str],
    env_files: EnvFiles,
    extra: Mapping[str, str] | None = None,
    config_env: Mapping[str, str] | None = None,
    interpreter: Path | None = None,
) -> Environment:
    """Put the layers together. `url` is the host:port that visitors reach, without a scheme.

    `extra` are the emulator's own variables (the runtime cache's address), `config_env` those
    of vercel.json, `interpreter` the app's Python, whose folder leads PATH.
    """
    shell, warnings = inherited_variables(environ, Path(sys.prefix), interpreter)
    if git.problem:
        text = f"VERCEL_GIT_COMMIT_* are empty: {git.problem}."
        warnings += (ProjectWarning("GIT_UNREADABLE", text),)
    system = system_variables(project, git, mode=mode, region=region, url=url)
    variables = {
        name: EnvVar(name=name, value=value, source=SHELL, secret=looks_secret(name))
        for name, value in shell.items()
    }
    defaults = dict(PYTHON_DEFAULTS)
    if region in AWS_REGIONS:
        defaults["AWS_REGION"] = AWS_REGIONS[region]
    _add(variables, defaults, PLATFORM)
    warnings += _add_config(variables, config_env or {}, env_files, shell)
    warnings += env_files.warnings
    warnings += _add_files(variables, env_files, shell, system)
    for name, (value, source) in system.items():
        variables[name] = EnvVar(name=name, value=value, source=source)
    _add(variables, {**TELEMETRY_OPT_OUT, **(extra or {})}, EMULATOR)
    values = {name: variable.value for name, variable in variables.items()}
    _add(variables, exceptions_from_proxies(values, [_host_of(url)]), EMULATOR)
    return Environment(tuple(variables[name] for name in sorted(variables)), warnings)


def _host_of(url: str) -> str:
    """`localhost` of `localhost:3000`, `::1` of `[::1]:3000`."""
    return url.rpartition(":")[0].strip("[]") or url


def _add(variables: dict[str, EnvVar], values: Mapping[str, str], source: str) -> None:
    for name, value in values.items():
        # RUNTIME_CACHE_HEADERS holds this run's token.
        secret = source == EMULATOR and name.endswith(("_HEADERS", "_TOKEN"))
        variables[name] = EnvVar(name=name, value=value, source=source, secret=secret)


def _add_config(
    variables: dict[str, EnvVar],
    config: Mapping[str, str],
    files: EnvFiles,
    shell: Mapping[str, str],
) -> tuple[ProjectWarning, ...]:
    """`env` of vercel.json; `@name` there is a secret on the platform, kept in `.env` locally."""
    given = {entry.name for entry in files.entries} | set(shell)
    warnings = []
    for name, value in config.items():
        if not value.startswith("@"):
            variables[name] = _own_or_shells(name, value, CONFIG, shell, secret=False)
        elif name not in given:
            text = (
                f'vercel.json: env.{name} is the secret "{value}", which has no local value: '
                f"put {name}=... into .env."
            )
            where = Where("vercel.json", f"env.{name}")
            warnings.append(ProjectWarning("SECRET_WITHOUT_VALUE", text, where=where))
    return tuple(warnings)


def _own_or_shells(
    name: str, value: str, source: str, shell: Mapping[str, str], *, secret: bool
) -> EnvVar:
    if name not in shell:
        return EnvVar(name=name, value=value, source=source, secret=secret)
    return EnvVar(name=name, value=shell[name], source=f"{SHELL} (over {source})", secret=secret)


def _add_files(
    variables: dict[str, EnvVar],
    files: EnvFiles,
    shell: Mapping[str, str],
    system: Mapping[str, tuple[str, str]],
) -> tuple[ProjectWarning, ...]:
    warnings = []
    for entry in files.entries:
        name = entry.name
        if name in system:
            # `vercel env pull` writes these too, empty or as they are in the cloud.
            if entry.value not in {"", system[name][0]}:
                hint = " Use --env to choose it." if name == "VERCEL_ENV" else ""
                text = f"{entry.where}: {name} is set by the platform; the file's value is ignored."
                warnings.append(ProjectWarning("PLATFORM_VARIABLE", text + hint, where=entry.where))
            continue
        variables[name] = _own_or_shells(name, entry.value, str(entry.where), shell, secret=True)
    size = sum(len(f"{entry.name}{entry.value}".encode()) for entry in files.entries)
    if size > ENVIRONMENT_BYTES:
        text = (
            f"The env files hold {size} bytes; a deployment's variables may have "
            f"{ENVIRONMENT_BYTES} together."
        )
        warnings.append(ProjectWarning("ENVIRONMENT_TOO_LARGE", text))
    return tuple(warnings)

"""Every fault of vercel.json, not only the first: what is wrong is left out, and the rest read.

A start stops at the first fault, as a deployment does; a person who checks wants to see them all.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from vercel_emu.check.model import Finding, of_error
from vercel_emu.check.rules import unreachable_rules
from vercel_emu.errors import EmuError
from vercel_emu.platform import limits
from vercel_emu.platform.cron import cron_problem, runs_more_than_daily
from vercel_emu.project.variables.env_files import RESERVED_NAMES
from vercel_emu.project.variables.system_variables import AWS_REGIONS
from vercel_emu.project.vercel_json.faults import Fault, find_fault
from vercel_emu.project.vercel_json.model import VercelConfig
from vercel_emu.project.vercel_json.reader import (
    parse_vercel_config,
    read_config_data,
)

_MOST_FAULTS = 200
_LISTS = {"Redirect": "redirects", "Rewrite": "rewrites", "Header": "headers", "Route": "routes"}
_ITEM = re.compile(r"(redirects|rewrites|headers|routes|crons|builds)\[(\d+)\]")
_RULE = re.compile(r"(Redirect|Rewrite|Header|Route) at index (\d+)")
_FAULT_PATH = re.compile(r"^\.(\w+)(?:\[(\d+)\]|\['(.+?)'\]|\.([^.\[]+))?")
_BLAMED_GLOB = re.compile(r"functions\['(.+?)'\]")


def read_config(root: Path) -> tuple[VercelConfig, dict[str, Any], list[Finding]]:
    """The readable part of vercel.json, its raw data, and what is wrong with the rest."""
    try:
        data, name, warnings = read_config_data(root)
    except EmuError as error:
        return VercelConfig(), {}, [of_error(error, "vercel.json")]
    if name is None:
        return VercelConfig(), {}, [_warning(text, "vercel") for text in warnings]
    remains = _Remains(copy.deepcopy(data), name)
    config = remains.config(warnings)
    found = [
        # What it says of crons is an error of a deployment: see `_cron_faults`.
        *(_warning(text, name) for text in config.warnings if "`crons[" not in text),
        *_rule_faults(config, name),
        *_cron_faults(config, name),
        *_region_faults(config, name),
        *_reserved_names(config, name),
        *_plan_faults(config, name),
    ]
    shown = [replace(one, message=remains.as_written(one.message)) for one in found]
    return config, remains.data, remains.findings + shown


class _Remains:
    """Data from which one faulty part after the other is taken out."""

    def __init__(self, data: Any, name: str) -> None:
        self.data = data if isinstance(data, dict) else {}
        self.findings: list[Finding] = []
        self._name = name
        self._top = data
        self._indexes = {
            key: list(range(len(value)))
            for key, value in self.data.items()
            if isinstance(value, list)
        }

    def config(self, warnings: list[str]) -> VercelConfig:
        from vercel_emu.deployment.routing.compile import compile_routing

        self._take_out_faults()
        for _ in range(_MOST_FAULTS):
            try:
                config = parse_vercel_config(self.data, self._name, list(warnings))
                compile_routing(config)
            except EmuError as error:
                shown = EmuError(error.code, self.as_written(error.message), error.hint)
                self.findings.append(of_error(shown, self._name))
                if not self._take_out_blamed(error):
                    break
            else:
                return config
        return VercelConfig(file_name=self._name)

    def as_written(self, text: str) -> str:
        """The numbers of rules as they stand in the file."""
        text = _ITEM.sub(lambda m: f"{m[1]}[{self._original(m[1], int(m[2]))}]", text)
        return _RULE.sub(
            lambda m: f"{m[1]} at index {self._original(_LISTS[m[1]], int(m[2]))}", text
        )

    def _take_out_faults(self) -> None:
        for _ in range(_MOST_FAULTS):
            fault = find_fault(self._top)
            if fault is None:
                return
            self.findings.append(self._of_fault(fault))
            where = _FAULT_PATH.match(fault.path)
            if where is None:
                self._top = self.data = {}
                return
            key, index, quoted, name = where.groups()
            self._remove(key, index, quoted or name)

    def _take_out_blamed(self, error: EmuError) -> bool:
        """Remove what the error is about; False where that can't be told."""
        text = f"{error.message}\n{error.hint or ''}"
        if rule := _RULE.search(text):
            return self._remove(_LISTS[rule[1]], rule[2], None)
        if item := _ITEM.search(text):
            return self._remove(item[1], item[2], None)
        if glob := _BLAMED_GLOB.search(text):
            return self._remove("functions", None, glob[1])
        key = {"FUNCTIONS_AND_BUILDS": "builds", "invalid_function_glob": "functions"}
        return error.code in key and self._remove(key[error.code], None, None)

    def _remove(self, key: str, index: str | None, name: str | None) -> bool:
        value = self.data.get(key)
        if index is not None and isinstance(value, list) and int(index) < len(value):
            del value[int(index)]
            del self._indexes[key][int(index)]
        elif name is not None and isinstance(value, dict) and name in value:
            del value[name]
            if not value:
                del self.data[key]
        else:
            return self.data.pop(key, None) is not None
        return True

    def _of_fault(self, fault: Fault) -> Finding:
        path = self.as_written(fault.path.removeprefix("."))
        return Finding(
            severity="error",
            code="INVALID_VERCEL_CONFIG",
            message=f"{f'`{path}` ' if path else ''}{fault.message}",
            place=self._name,
            hint=fault.hint or "",
        )

    def _original(self, key: str, index: int) -> int:
        indexes = self._indexes.get(key, [])
        return indexes[index] if index < len(indexes) else index


def _warning(text: str, name: str) -> Finding:
    unknown = "unknown key" in text
    return Finding(
        severity="warning",
        code="UNKNOWN_CONFIG_KEY" if unknown else "UNSUPPORTED_CONFIG_KEY",
        message=text.removeprefix(f"{name}: "),
        place=name,
    )


def _rule_faults(config: VercelConfig, name: str) -> Iterator[Finding]:
    """Rules that no request can reach."""
    for label, reason in unreachable_rules(config):
        yield Finding(
            severity="warning",
            code="RULE_NEVER_MATCHES",
            message=f"`{label}` can never match: {reason}",
            place=name,
            hint="Remove it, or move it before the other.",
        )


def _cron_faults(config: VercelConfig, name: str) -> Iterator[Finding]:
    """Schedules that the platform refuses, for all or for the Hobby plan."""
    crons = config.crons
    if len(crons) > limits.CRONS:
        yield Finding(
            severity="error",
            code="TOO_MANY_CRONS",
            message=f"`crons` has {len(crons)} jobs; a project may have {limits.CRONS}",
            place=name,
        )
    for index, cron in enumerate(crons):
        problem = cron_problem(cron.schedule)
        if problem is not None:
            yield Finding(
                severity="error",
                code="INVALID_CRON_EXPRESSION",
                message=f"`crons[{index}].schedule` {cron.schedule!r}: {problem}",
                place=name,
                hint="Five fields in UTC: minute hour day-of-month month day-of-week.",
            )
        elif runs_more_than_daily(cron.schedule):
            yield Finding(
                severity="warning",
                code="CRON_MORE_THAN_DAILY",
                message=f"`crons[{index}].schedule` {cron.schedule!r} runs more than daily",
                place=name,
                hint="A Hobby account refuses the deployment; Pro and Enterprise accept it.",
            )


def _region_faults(config: VercelConfig, name: str) -> Iterator[Finding]:
    """Regions that don't exist."""
    for region in config.regions or ():
        if region not in AWS_REGIONS:
            yield Finding(
                severity="error",
                code="UNKNOWN_REGION",
                message=f'`regions` names "{region}", which is not a region',
                place=name,
                hint=f"There are {', '.join(AWS_REGIONS)}.",
            )


def _plan_faults(config: VercelConfig, name: str) -> Iterator[Finding]:
    """Settings of functions that not every plan allows."""
    durations = ((limits.PRO_MAX_DURATION, "Pro"), (limits.HOBBY_MAX_DURATION, "Hobby"))
    memories = ((limits.PRO_MEMORY_MB, "Pro"), (limits.DEFAULT_MEMORY_MB, "Hobby"))
    of_plans = (
        ("maxDuration", "max_duration", " s", durations),
        ("memory", "memory_mb", " MB", memories),
    )
    for glob, settings in config.function_settings.items():
        for key, attribute, unit, plans in of_plans:
            value = getattr(settings, attribute) or 0
            over = next(((most, plan) for most, plan in plans if value > most), None)
            if over is not None:
                yield Finding(
                    severity="warning",
                    code="OVER_PLAN_LIMIT",
                    message=f"`functions['{glob}'].{key}` is {value:,}{unit}; {over[1]} allows "
                    f"{over[0]:,}{unit}",
                    place=name,
                    hint="A deployment on that plan is refused or cut to its limit.",
                )


def _reserved_names(config: VercelConfig, name: str) -> Iterator[Finding]:
    """Variables that the platform keeps for itself."""
    for key, values in (("env", config.env), ("build.env", config.build_env)):
        for variable in sorted(values.keys() & RESERVED_NAMES):
            yield Finding(
                severity="error",
                code="RESERVED_VARIABLE",
                message=f"`{key}.{variable}` is a name that the platform reserves",
                place=name,
                hint="Choose another name.",
            )

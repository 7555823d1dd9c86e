"""Every fault of vercel.json, not only the first: what is wrong is left out, and the rest read.

A start stops at the first fault, as a deployment does; a person who checks wants to see them all.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vercel_emu.check.model import Finding, of_error, of_warning
from vercel_emu.check.rules import unreachable_rules
from vercel_emu.errors import EmuError, ProjectWarning, Where
from vercel_emu.platform import limits
from vercel_emu.platform.cron import cron_problem, runs_more_than_daily
from vercel_emu.project.variables.env_files import RESERVED_NAMES
from vercel_emu.project.variables.system_variables import AWS_REGIONS
from vercel_emu.project.vercel_json.faults import LEFT_OUT, Fault, find_fault
from vercel_emu.project.vercel_json.model import VercelConfig
from vercel_emu.project.vercel_json.reader import (
    parse_vercel_config,
    read_config_data,
)

_MOST_FAULTS = 200
_ENTRY = re.compile(r"(\w+)(?:\[(\d+)\]|\['(.+?)'\]|\.([^.\[]+))?")


def read_config(root: Path) -> tuple[VercelConfig, dict[str, Any], list[Finding]]:
    """The readable part of vercel.json, its raw data, and what is wrong with the rest."""
    try:
        data, name, warnings = read_config_data(root)
    except EmuError as error:
        return VercelConfig(), {}, [of_error(error)]
    if name is None:
        return VercelConfig(), {}, list(map(of_warning, warnings))
    remains = _Remains(copy.deepcopy(data), name)
    config = remains.config(warnings)
    found = [
        # What it says of crons is an error of a deployment: see `_cron_faults`.
        *(of_warning(one) for one in config.warnings if one.code != "INVALID_CRON_EXPRESSION"),
        *_rule_faults(config, name),
        *_cron_faults(config, name),
        *_region_faults(config, name),
        *_reserved_names(config, name),
        *_plan_faults(config, name),
    ]
    return config, remains.data, remains.findings + found


class _Remains:
    """Data from which one faulty part after the other is taken out.

    What is taken out of a list leaves a gap, so that messages number the others as the file does.
    """

    def __init__(self, data: Any, name: str) -> None:
        self.data = data if isinstance(data, dict) else {}
        self.findings: list[Finding] = []
        self._name = name
        self._top = data

    def config(self, warnings: list[ProjectWarning]) -> VercelConfig:
        from vercel_emu.deployment.routing.compile import compile_routing

        self._take_out_faults()
        for _ in range(_MOST_FAULTS):
            try:
                config = parse_vercel_config(self.data, self._name, list(warnings))
                compile_routing(config)
            except EmuError as error:
                self.findings.append(of_error(error))
                if error.where is None or not self._take_out(error.where.key or ""):
                    break
            else:
                return config
        return VercelConfig(file_name=self._name)

    def _take_out_faults(self) -> None:
        for _ in range(_MOST_FAULTS):
            fault = find_fault(self._top)
            if fault is None:
                return
            self.findings.append(self._of_fault(fault))
            if not self._take_out(fault.path.removeprefix(".")):
                self._top = self.data = {}
                return

    def _take_out(self, path: str) -> bool:
        """Remove the entry that `path` (`rewrites[0].source`) leads into; False if none is."""
        found = _ENTRY.match(path)
        if found is None:
            return False
        key, index, quoted, plain = found.groups()
        name = quoted or plain
        value = self.data.get(key)
        if index is not None and isinstance(value, list) and int(index) < len(value):
            value[int(index)] = LEFT_OUT
        elif name is not None and isinstance(value, dict) and name in value:
            del value[name]
            if not value:
                del self.data[key]
        else:
            return self.data.pop(key, None) is not None
        return True

    def _of_fault(self, fault: Fault) -> Finding:
        path = fault.path.removeprefix(".")
        return Finding(
            severity="error",
            code="INVALID_VERCEL_CONFIG",
            message=f"{f'`{path}` ' if path else ''}{fault.message}",
            where=Where(self._name, path or None),
            hint=fault.hint or "",
        )


def _rule_faults(config: VercelConfig, name: str) -> Iterator[Finding]:
    """Rules that no request can reach."""
    for label, reason in unreachable_rules(config):
        yield Finding(
            severity="warning",
            code="RULE_NEVER_MATCHES",
            message=f"`{label}` can never match: {reason}",
            where=Where(name, label),
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
            where=Where(name, "crons"),
        )
    for cron in crons:
        key = f"crons[{cron.index}].schedule"
        problem = cron_problem(cron.schedule)
        if problem is not None:
            yield Finding(
                severity="error",
                code="INVALID_CRON_EXPRESSION",
                message=f"`{key}` {cron.schedule!r}: {problem}",
                where=Where(name, key),
                hint="Five fields in UTC: minute hour day-of-month month day-of-week.",
            )
        elif runs_more_than_daily(cron.schedule):
            yield Finding(
                severity="warning",
                code="CRON_MORE_THAN_DAILY",
                message=f"`{key}` {cron.schedule!r} runs more than daily",
                where=Where(name, key),
                hint="A Hobby account refuses the deployment; Pro and Enterprise accept it.",
            )


def _region_faults(config: VercelConfig, name: str) -> Iterator[Finding]:
    """Regions that don't exist, for all functions or for some."""
    named = [("regions", config.regions or ())]
    named += [
        (f"functions['{glob}'].regions", settings.regions)
        for glob, settings in config.function_settings.items()
    ]
    for key, regions in named:
        for region in regions:
            if region not in AWS_REGIONS and region != "all":
                yield Finding(
                    severity="error",
                    code="UNKNOWN_REGION",
                    message=f'`{key}` names "{region}", which is not a region',
                    where=Where(name, key),
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
                    where=Where(name, f"functions['{glob}'].{key}"),
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
                where=Where(name, f"{key}.{variable}"),
                hint="Choose another name.",
            )

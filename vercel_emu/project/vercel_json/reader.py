"""Reads vercel.json (or vercel.toml) into a `VercelConfig` that has checked itself."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from itertools import starmap
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn

from vercel_emu.errors import EmuError, ProjectWarning, Where, toml_line
from vercel_emu.files.parsing import parse_json, parse_toml
from vercel_emu.files.reading import next_step, read_text
from vercel_emu.platform.cron import cron_problem
from vercel_emu.project.model import UNSET
from vercel_emu.project.vercel_json.faults import LEFT_OUT, closest, find_fault
from vercel_emu.project.vercel_json.functions import function_settings, glob_list
from vercel_emu.project.vercel_json.model import (
    Build,
    Condition,
    Cron,
    HeaderRule,
    LegacyRoute,
    RedirectRule,
    RewriteRule,
    ValueCondition,
    VercelConfig,
)
from vercel_emu.project.vercel_json.schema import KNOWN_KEYS
from vercel_emu.project.vercel_json.services import declared_services, rules_to_services

_PROGRAM_EXTENSIONS = ("ts", "mts", "js", "mjs", "cjs")
_NOT_EMULATED = (
    *("bulkRedirectsPath", "daemons", "experimentalServiceGroups", "images", "proxy", "schedules"),
    "wildcard",
)
_IGNORED_IN_RULES = ("transforms", "env", "locale", "middleware", "mitigate")


def read_vercel_config(root: Path) -> VercelConfig:
    """The project's vercel.json or vercel.toml; without one, the defaults.

    Its routing rules are well-formed here; whether they make sense is for routing to say.

    Raises:
        EmuError: it can't be read, or has what the platform's schema doesn't allow.
    """
    data, file_name, warnings = read_config_data(root)
    if file_name is None:
        return VercelConfig(warnings=tuple(warnings))
    return parse_vercel_config(data, file_name, warnings)


def read_config_data(root: Path) -> tuple[object, str | None, list[ProjectWarning]]:
    """What the project's file holds, unchecked, its name (None where there is none), warnings."""
    file, warnings = _config_file(root)
    if file is None:
        return {}, None, warnings
    return _read(file), file.name, warnings


def parse_vercel_config(
    data: object, file_name: str = "vercel.json", warnings: list[ProjectWarning] | None = None
) -> VercelConfig:
    """The values of parsed JSON or TOML; what isn't allowed is an `EmuError`."""
    fault = find_fault(data)
    if fault is not None:
        place = f"`{fault.path[1:]}` " if fault.path.startswith(".") else ""
        stop = "" if fault.message.endswith(("?", ".")) else "."
        raise EmuError(
            "INVALID_VERCEL_CONFIG",
            f"Invalid {file_name} - {place}{fault.message}{stop}",
            fault.hint,
            where=Where(file_name, fault.path.removeprefix(".") or None),
        )
    assert isinstance(data, dict)
    return _Reader(data, file_name, warnings or []).config()


# -- finding and reading the file ----------------------------------------------------------------


def _config_file(root: Path) -> tuple[Path | None, list[ProjectWarning]]:
    names = ["vercel.json", "vercel.toml", *(f"vercel.{ext}" for ext in _PROGRAM_EXTENSIONS)]
    found = [name for name in names if (root / name).exists()]
    if len(found) > 1:
        raise EmuError(
            "CONFLICTING_CONFIG_FILES",
            f"Multiple config files found: {', '.join(found)}. "
            "Please use only one configuration method.",
            f"Keep {found[0]} and move what the others say into it.",
            where=Where(found[1]),
        )
    if (root / "now.json").exists():
        raise EmuError(
            "DEPRECATED_NOW_JSON",
            "The `now.json` file is deprecated and no longer supported. "
            "Please rename it to `vercel.json`.",
            where=Where("now.json"),
        )
    if not found:
        return None, []
    if found[0] in names[2:]:
        text = f"{found[0]} is a program and is not run here; write vercel.json for its settings"
        return None, [ProjectWarning("CONFIG_IS_PROGRAM", text, where=Where(found[0]))]
    return root / found[0], []


def _read(file: Path) -> object:
    try:
        text = read_text(file)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        hint = "It must be a text file."
        if isinstance(error, OSError):
            hint = next_step(error, hint)
        message = f"Can't read {file.name}: {reason}."
        raise EmuError("CANT_READ_CONFIG", message, hint, where=Where(file.name)) from error
    return _parse_toml(text, file.name) if file.suffix == ".toml" else _parse_json(text, file.name)


def _parse_json(text: str, name: str) -> object:
    try:
        return parse_json(text, _refuse_constant)
    except json.JSONDecodeError as error:
        where = f"{name}:{error.lineno}:{error.colno}"
        line = text.splitlines()[error.lineno - 1 : error.lineno]
        shown = f" in: {line[0].strip()[:80]}" if line else ""
        raise EmuError(
            "CANT_PARSE_JSON_FILE",
            f"Can't parse json file {where}: {error.msg}{shown}",
            "JSON has no comments and no comma after the last item; keys are in double quotes.",
            where=Where(name, line=error.lineno),
        ) from error
    except ValueError as error:
        message = f"Can't parse json file {name}: {error}"
        raise EmuError("CANT_PARSE_JSON_FILE", message, where=Where(name)) from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _parse_toml(text: str, name: str) -> object:
    try:
        return parse_toml(text)
    except ValueError as error:
        # Its message ends with "(at line 3, column 7)".
        message = f"Can't parse toml file {name}: {error}"
        where = Where(name, line=toml_line(error))
        raise EmuError("CANT_PARSE_TOML_FILE", message, where=where) from error


# -- parsed data to values -----------------------------------------------------------------------


class _Reader:
    def __init__(self, data: dict[str, Any], file_name: str, warnings: list[ProjectWarning]):
        self.data = data
        self.file_name = file_name
        self.warnings = warnings

    def config(self) -> VercelConfig:
        data = self.data
        if data.get("functions") and data.get("builds"):
            raise EmuError(
                "FUNCTIONS_AND_BUILDS",
                "The `functions` property cannot be used in conjunction with the `builds` "
                "property. Please remove one of them.",
                where=self.where("builds"),
            )
        self.warn_of_unknown_keys()
        self.warn_of_services()
        build = data.get("build") or {}
        return VercelConfig(
            file_name=self.file_name,
            redirects=tuple(starmap(self.redirect, self.numbered("redirects"))),
            rewrites=tuple(filter(None, starmap(self.rewrite, self.numbered("rewrites")))),
            headers=tuple(starmap(self.header, self.numbered("headers"))),
            routes=tuple(filter(None, starmap(self.route, self.numbered("routes")))),
            clean_urls=data.get("cleanUrls"),
            trailing_slash=data.get("trailingSlash"),
            function_settings=function_settings(data.get("functions", {}), self.file_name),
            crons=tuple(starmap(self.cron, self.numbered("crons"))),
            builds=tuple(_build(build) for _, build in self.numbered("builds")),
            services=tuple(declared_services(data)),
            regions=_strings(data.get("regions")),
            output_directory=data.get("outputDirectory"),
            framework=data.get("framework", UNSET),
            build_command=data.get("buildCommand"),
            install_command=data.get("installCommand"),
            dev_command=data.get("devCommand"),
            env=MappingProxyType(dict(data.get("env", {}))),
            build_env=MappingProxyType(dict(build.get("env", {}))),
            warnings=tuple(self.warnings),
        )

    def numbered(self, key: str) -> Iterator[tuple[int, dict[str, Any]]]:
        for index, item in enumerate(self.data.get(key, [])):
            if item is not LEFT_OUT:
                yield index, item

    def where(self, key: str) -> Where:
        return Where(self.file_name, key)

    def warn(self, code: str, key: str, text: str) -> None:
        message = f"{self.file_name}: {text}"
        self.warnings.append(ProjectWarning(code, message, where=self.where(key)))

    def warn_of_unknown_keys(self) -> None:
        for key in self.data:
            if key in _NOT_EMULATED:
                self.warn("UNSUPPORTED_CONFIG_KEY", key, f"`{key}` has no effect in the emulator")
            if key in KNOWN_KEYS:
                continue
            suggestion = closest(key, KNOWN_KEYS)
            advice = f"did you mean `{suggestion}`?" if suggestion else "the platform ignores it"
            self.warn("UNKNOWN_CONFIG_KEY", key, f"unknown key `{key}`; {advice}")

    def warn_of_ignored(self, place: str, rule: Mapping[str, Any]) -> None:
        for key in _IGNORED_IN_RULES:
            if key in rule:
                full = f"{place}.{key}"
                self.warn("UNSUPPORTED_CONFIG_KEY", full, f"`{full}` has no effect in the emulator")
        source = rule.get("source") or rule.get("src") or ""
        if source.startswith("/.well-known") and "headers" not in rule:
            self.warn(
                "RESERVED_PATH",
                place,
                f"`{place}`: the platform reserves /.well-known; "
                "a deployment may not redirect or rewrite it",
            )

    def redirect(self, index: int, rule: dict[str, Any]) -> RedirectRule:
        self.warn_of_ignored(f"redirects[{index}]", rule)
        if "permanent" in rule and "statusCode" in rule:
            raise EmuError(
                "invalid_redirect",
                f"Redirect at index {index} cannot define both `permanent` and "
                "`statusCode` properties.",
                "Keep `permanent` (308 or 307), or `statusCode` for another status.",
                where=self.where(f"redirects[{index}]"),
            )
        status = 307 if rule.get("permanent") is False else rule.get("statusCode", 308)
        return RedirectRule(
            source=rule["source"],
            destination=rule["destination"],
            status=status,
            index=index,
            **_when(rule),
        )

    def rewrite(self, index: int, rule: dict[str, Any]) -> RewriteRule | None:
        place = f"rewrites[{index}]"
        self.warn_of_ignored(place, rule)
        if not isinstance(rule["destination"], str):
            return None  # a service, of which `warn_of_services` has told
        return RewriteRule(
            source=rule["source"],
            destination=rule["destination"],
            status=rule.get("statusCode"),
            index=index,
            **_when(rule),
        )

    def header(self, index: int, rule: dict[str, Any]) -> HeaderRule:
        headers = tuple((item["key"], item["value"]) for item in rule["headers"])
        for name, value in headers:
            self.check_header(f"headers[{index}]", name, value)
        return HeaderRule(source=rule["source"], headers=headers, index=index, **_when(rule))

    def check_header(self, place: str, name: str, value: str) -> None:
        if not name or not name.isascii() or any(c in "\r\n\0 " for c in name):
            raise EmuError(
                "invalid_header",
                f"{self.file_name}: {place} has the header name {name!r}, which can't be sent.",
                "Names consist of letters, digits and hyphens.",
                where=self.where(place),
            )
        if any(c in "\r\n\0" for c in value):
            raise EmuError(
                "invalid_header",
                f"{self.file_name}: the header {name} in {place} has a line break in its value.",
                "Write the value on one line.",
                where=self.where(place),
            )

    def route(self, index: int, rule: dict[str, Any]) -> LegacyRoute | None:
        place = f"routes[{index}]"
        if "handle" in rule:
            unknown = next((key for key in rule if key != "handle"), None)
            if unknown is not None:
                raise EmuError(
                    "invalid_route",
                    f"Route at index {index} has unknown property `{unknown}`.",
                    where=self.where(f"{place}.{unknown}"),
                )
            return LegacyRoute(handle=rule["handle"], index=index)
        for old, new in (("src", "source"), ("dest", "destination"), ("status", "statusCode")):
            if old in rule and new in rule:
                raise EmuError(
                    "invalid_route",
                    f"Route at index {index} cannot define both `{old}` and `{new}`. "
                    "Please use only one.",
                    where=self.where(f"{place}.{new}"),
                )
        self.warn_of_ignored(place, rule)
        destination = rule.get("dest", rule.get("destination"))
        if isinstance(destination, dict):
            return None
        headers = tuple(rule.get("headers", {}).items())
        for name, value in headers:
            self.check_header(place, name, value)
        return LegacyRoute(
            src=rule.get("src", rule.get("source", "")),
            dest=destination,
            headers=headers,
            methods=_strings(rule.get("methods")),
            status=rule.get("status", rule.get("statusCode")),
            check=rule.get("check", False),
            is_continue=rule.get("continue", False),
            case_sensitive=rule.get("caseSensitive", False),
            index=index,
            **_when(rule),
        )

    def warn_of_services(self) -> None:
        """The rules that lead to services, told once for all."""
        places = rules_to_services(self.data)
        if places:
            lead = "leads to a service" if len(places) == 1 else "lead to services"
            text = (
                f"{', '.join(f'`{place}`' for place in places)} {lead}; services are not emulated"
            )
            ignored = "the rule is ignored" if len(places) == 1 else "the rules are ignored"
            self.warn("SERVICE_NOT_EMULATED", places[0], f"{text} and {ignored}")

    def cron(self, index: int, cron: dict[str, Any]) -> Cron:
        problem = cron_problem(cron["schedule"])
        if problem is not None:
            key = f"crons[{index}].schedule"
            text = f"`{key}` {cron['schedule']!r}: {problem}"
            self.warn("INVALID_CRON_EXPRESSION", key, text)
        return Cron(cron["path"], cron["schedule"], index)


def _build(data: dict[str, Any]) -> Build:
    config = data.get("config")
    config = config if isinstance(config, dict) else {}
    folder = config.get("distDir") or config.get("outputDirectory")
    dist_dir = folder if isinstance(folder, str) else None
    return Build(
        data.get("src", ""),
        data["use"],
        dist_dir,
        include_files=glob_list(config.get("includeFiles")),
        exclude_files=glob_list(config.get("excludeFiles")),
    )


def _when(rule: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "has": tuple(map(_condition, rule.get("has", []))),
        "missing": tuple(map(_condition, rule.get("missing", []))),
    }


def _condition(data: dict[str, Any]) -> Condition:
    value = data.get("value")
    if isinstance(value, dict):
        known = {field.name for field in fields(ValueCondition)}
        operators: dict[str, Any] = {
            key: tuple(operand) if isinstance(operand, list) else operand
            for key, operand in value.items()
            if key in known
        }
        value = ValueCondition(**operators)
    return Condition(data["type"], data.get("key", ""), value)


def _strings(items: list[str] | None) -> tuple[str, ...] | None:
    return None if items is None else tuple(items)

"""`functions` of vercel.json: the platform's limits, and the settings of each glob."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from vercel_emu.errors import EmuError, Where
from vercel_emu.platform.limits import PRO_MAX_DURATION
from vercel_emu.project.model import FunctionSettings

MAX_DURATION_LIMIT = 3600
"""What the platform's command line accepts; the plan may allow less."""


def function_settings(
    data: Mapping[str, Any], file_name: str = "vercel.json"
) -> Mapping[str, FunctionSettings]:
    """The settings by glob, or an `EmuError` with the platform's code."""
    settings = {}
    for glob, function in data.items():
        _check(glob, function, file_name)
        duration = function.get("maxDuration")
        settings[glob] = FunctionSettings(
            max_duration=PRO_MAX_DURATION if duration == "max" else duration,
            memory_mb=function.get("memory"),
            regions=tuple(function.get("regions", ())),
            include_files=glob_list(function.get("includeFiles")),
            exclude_files=glob_list(function.get("excludeFiles")),
        )
    return MappingProxyType(settings)


def glob_list(value: object) -> tuple[str, ...]:
    """One glob or, in `builds`, several; what is no text counts for nothing, as in the builder."""
    texts = value if isinstance(value, list) else [value]
    return tuple(text for text in texts if isinstance(text, str))


def _check(glob: str, function: Mapping[str, Any], file_name: str) -> None:
    place = f"functions['{glob}']"
    where = Where(file_name, place)
    if len(glob) > 256:
        raise EmuError(
            "invalid_function_glob",
            "Function globs must be less than 256 characters long.",
            f"{place} has {len(glob)} characters.",
            where=where,
        )
    if not function:
        raise EmuError(
            "invalid_function",
            "Function must contain at least one property.",
            f"{place} is empty: set maxDuration or memory, or remove it.",
            where=where,
        )
    if not _is_duration(function.get("maxDuration", 1)):
        raise EmuError(
            "invalid_function_duration",
            f'Functions must have a maxDuration between 1 and {MAX_DURATION_LIMIT}, or "max".',
            f"{place}.maxDuration is {function['maxDuration']!r}; it counts whole seconds.",
            where=Where(file_name, f"{place}.maxDuration"),
        )
    if not _is_memory(function.get("memory", 128)):
        raise EmuError(
            "invalid_function_memory",
            "Functions must have a memory value between 128 and 10240",
            f"{place}.memory is {function['memory']!r}; it counts megabytes.",
            where=Where(file_name, f"{place}.memory"),
        )
    if glob.startswith("/"):
        raise EmuError(
            "invalid_function_source",
            f'The function path "{glob}" is invalid. The path must be relative to your project '
            "root and therefore cannot start with a slash.",
            f'Write "{glob.lstrip("/")}".',
            where=where,
        )


def _is_duration(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int):
        return value == "max"
    return 1 <= value <= MAX_DURATION_LIMIT


def _is_memory(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 128 <= value <= 10240

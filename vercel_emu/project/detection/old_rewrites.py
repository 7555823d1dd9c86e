"""Rewrites of the old examples: `/(.*)` to `/api/index`, beside a framework preset.

With the preset "Other", which projects from before the Python presets have, such a rewrite means
the file in `api/` as a function, and the function sees the path that was asked for. Most living
deployments of that shape are of this kind. With a preset of Python the one app gets every request
and sees the *rewritten* path, the same for all; the platform's build warns of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vercel_emu.errors import ProjectWarning, Where
from vercel_emu.project.detection import functions as api
from vercel_emu.project.detection.sources import Sources
from vercel_emu.project.model import Entrypoint, Function
from vercel_emu.project.vercel_json.model import Destination, VercelConfig

_SHOWN = 3
_EVERY_PATH = re.compile(r"/?\(?\.[*+]\)?|/:\w+(?:[*+]|\(\.[*+]\))")


@dataclass(frozen=True, slots=True)
class Meant:
    """What the rewrites mean: `functions` instead of the app (none: the app stays)."""

    warning: ProjectWarning
    functions: tuple[Function, ...] = ()


def meant_by_rewrites(
    sources: Sources,
    config: VercelConfig,
    entrypoint: Entrypoint,
    *,
    framework: str | None,
    said_by: str,
) -> Meant | None:
    """Whether rewrites or routes lead to files of `api/`, or to the app's own file.

    `said_by` is the setting that a person chose the preset or the app with; where there is none,
    both were detected, and a rewrite to a function of `api/` means that function.
    """
    literal = [one for one in config.destinations if not any(mark in one.path for mark in ":$*")]
    if not literal:
        return None
    may_be = any(one.path.startswith("/api") for one in literal)
    functions = api.find_functions(sources) if may_be else ()
    to_functions = [one for one in literal if _leads_to(one, functions)]
    if to_functions and not said_by:
        files = sorted({_leads_to(one, functions) for one in to_functions} - {""})
        return Meant(_runs_functions(config, framework, to_functions[0], files), functions)
    hiding = to_functions or [one for one in literal if _names_file(one, entrypoint.file)]
    return Meant(_hides_paths(config, framework, hiding[0], said_by)) if hiding else None


def _leads_to(destination: Destination, functions: Sequence[Function]) -> str:
    """The file in `api/` that a request with this path runs, or nothing."""
    path = destination.path.rstrip("/")
    found = (f.entrypoint.file for f in functions if f.path and f.path.match(path) is not None)
    return next(found, "")


def _names_file(destination: Destination, file: str) -> bool:
    """`/main.py` is meant as the file of the app; so is `/main`, where every path leads there."""
    path = destination.path.strip("/")
    is_stem = f"{path}.py" == file and _EVERY_PATH.fullmatch(destination.source) is not None
    return path == file or is_stem


def _runs_functions(
    config: VercelConfig, framework: str | None, first: Destination, files: Iterable[str]
) -> ProjectWarning:
    names = list(files)
    shown = ", ".join(names[:_SHOWN]) + (" and others" if len(names) > _SHOWN else "")
    run = "runs as a function" if len(names) == 1 else "run as functions"
    return _warning(
        config,
        first,
        f"{_passes_on(framework, first)} Here {shown} {run} and the path stays as it was asked "
        'for, as in a deployment with the framework "Other".',
        f'Set "framework": null in {config.file_name} to be sure of that, or remove the rewrite: '
        "the app gets every path without it.",
    )


def _hides_paths(
    config: VercelConfig, framework: str | None, first: Destination, said_by: str
) -> ProjectWarning:
    hint = "Remove that rewrite: the app gets every path without it."
    if said_by in (config.file_name, ".vercel/project.json"):
        hint = f'Remove that rewrite, or set "framework": null instead of what {said_by} says.'
    return _warning(config, first, _passes_on(framework, first), hint)


def _passes_on(framework: str | None, destination: Destination) -> str:
    with_ = f' with the framework "{framework}"' if framework else ""
    return (
        f"A deployment{with_} passes {destination.path} on to the app as the path of every request "
        "that is rewritten to it."
    )


def _warning(config: VercelConfig, place: Destination, text: str, hint: str) -> ProjectWarning:
    where = Where(config.file_name or "vercel.json", place.key)
    return ProjectWarning("REWRITE_HIDES_PATHS", text, hint, where)

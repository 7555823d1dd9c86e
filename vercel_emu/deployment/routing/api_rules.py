"""The rules that the platform makes out of the files in `api/`, where they are functions.

`api/users/[id].py` is the output `/api/users/[id]`; a rule takes `/api/users/42` there and adds
`id=42` to the query. Exact paths need no rule: they are outputs themselves.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from vercel_emu.deployment.routing.model import Phase, Rule
from vercel_emu.deployment.routing.regex import compile_regex
from vercel_emu.project.model import Function, FunctionPath
from vercel_emu.project.vercel_json.model import VercelConfig


def output_paths(functions: Sequence[Function]) -> dict[str, str]:
    """URL path -> function name: `/api/x`, and `/api` for `api/index`."""
    outputs: dict[str, str] = {}
    for function in functions:
        path = f"/{function.name}"
        outputs[path] = function.name
        if path.endswith("/index"):
            outputs.setdefault(path.removesuffix("/index"), function.name)
    return outputs


def api_rules(
    config: VercelConfig, functions: Sequence[Function], *, is_only: bool
) -> list[tuple[Phase, Rule]]:
    """The generated rules with their phases; `is_only` where no app takes what they leave."""
    files = [f.entrypoint.file for f in functions if f.name.startswith("api/")]
    if not files:
        return []
    extensions = sorted({PurePosixPath(file).suffix.lstrip(".") for file in files})
    extension = rf"(?:\.(?:{'|'.join(map(re.escape, extensions))}))"
    rules: list[tuple[Phase, Rule]] = []
    if config.clean_urls:
        slash = "/" if config.trailing_slash else ""
        index = rf"^/(api(?:.+)?)/index{extension}?/?$"
        rules += [
            ("main", _redirect("api clean URL", index, f"/$1{slash}")),
            ("main", _redirect("api clean URL", rf"^/api/(.+){extension}/?$", f"/api/$1{slash}")),
        ]
    else:
        source = rf"^/api/(.+){extension}$"
        rules.append(("miss", _rule("api file extension", source, "/api/$1")))
    dynamic = sorted((f for f in functions if f.path and f.path.is_dynamic), key=_precedence)
    rules += [("filesystem", _dynamic_rule(function)) for function in dynamic]
    if is_only:
        unknown = Rule(
            kind="api",
            label="unknown api path",
            source="^/api(/.*)?$",
            regex=compile_regex("^/api(/.*)?$"),
            status=404,
        )
        rules.append(("filesystem", unknown))
    return rules


def _precedence(function: Function) -> tuple[int, int, str]:
    """More segments first, then fewer placeholders, then by name."""
    file, path = function.entrypoint.file, function.path
    return -file.count("/"), len(path.parameters) if path else 0, file


def _dynamic_rule(function: Function) -> Rule:
    path = function.path or FunctionPath("")
    query = "&".join(f"{name}=${index}" for index, name in enumerate(path.parameters, 1))
    source = f"^{path.regex}$"
    return _rule(function.entrypoint.file, source, f"/{function.name}?{query}")


def _rule(label: str, source: str, destination: str) -> Rule:
    return Rule(
        kind="api",
        label=label,
        source=source,
        regex=compile_regex(source),
        destination=destination,
        check=True,
    )


def _redirect(label: str, source: str, location: str) -> Rule:
    return Rule(
        kind="api",
        label=label,
        source=source,
        regex=compile_regex(source),
        location=location,
        status=308,
    )

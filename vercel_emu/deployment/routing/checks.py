"""What the platform refuses about routing rules, in its words, before anything is compiled."""

from __future__ import annotations

import json
from collections.abc import Sequence

from vercel_emu.deployment.routing.conditions import (
    captured_names,
    compile_condition,
)
from vercel_emu.deployment.routing.destination import split_url
from vercel_emu.deployment.routing.patterns import (
    PatternError,
    compile_source,
    parameter_names,
)
from vercel_emu.deployment.routing.query import pairs
from vercel_emu.deployment.routing.regex import Regex, RegexError, compile_regex
from vercel_emu.errors import EmuError
from vercel_emu.project.vercel_json.model import (
    Condition,
    HeaderRule,
    LegacyRoute,
    RedirectRule,
    RewriteRule,
    VercelConfig,
)

type SourceRule = RedirectRule | RewriteRule | HeaderRule

_PATTERN_HINT = (
    "A source is a path such as /blog/:slug, /docs/:path* or /post-:id(\\d+); "
    "write a group as (.*) and escape ( ) { } : * + ? with a backslash to mean them literally."
)
_HANDLES = ("error", "filesystem", "hit", "miss", "resource", "rewrite")


def check_rules(config: VercelConfig) -> None:
    """Raise an `EmuError` for the first rule that the platform would refuse."""
    _check_routes(config)
    kinds: tuple[tuple[str, Sequence[SourceRule]], ...] = (
        ("Redirect", config.redirects),
        ("Header", config.headers),
        ("Rewrite", config.rewrites),
    )
    for kind, rules in kinds:
        for index, rule in enumerate(rules):
            _check_regex_syntax(kind, index, rule.source)
        for index, rule in enumerate(rules):
            _check_pattern(kind, index, rule, config.file_name)


def checked_regex(
    kind: str, index: int, source: str, regex: str, *, ignore_case: bool = False
) -> Regex:
    """Compile the expression of a source that is known to be well-formed."""
    try:
        return compile_regex(regex, ignore_case=ignore_case)
    except RegexError as error:
        raise EmuError(
            _code(kind),
            f'{kind} at index {index} has invalid {_property(kind)} regular expression "{source}".',
            f"{error}.".capitalize() + ("" if kind == "Route" else f" {_PATTERN_HINT}"),
        ) from error


def anchored(source: str) -> str:
    """The expression of a legacy `src`, which always covers the whole path."""
    source = source if source.startswith("^") else f"^{source}"
    return source if source.endswith("$") else f"{source}$"


def _check_regex_syntax(kind: str, index: int, source: str) -> None:
    """A source must be a valid expression even before its parameters are understood."""
    checked_regex(kind, index, source, source)


def _check_pattern(kind: str, index: int, rule: SourceRule, file_name: str | None) -> None:
    try:
        pattern = compile_source(rule.source)
    except PatternError as error:
        raise EmuError(
            _code(kind),
            f'{kind} at index {index} has invalid `source` pattern "{rule.source}".',
            f"{file_name or 'vercel.json'}: {error}. {_PATTERN_HINT}",
        ) from error
    checked_regex(kind, index, rule.source, pattern.regex)
    _check_conditions(kind, index, rule)
    if isinstance(rule, HeaderRule):
        return
    known = {*pattern.segments, *captured_names(tuple(map(compile_condition, rule.has)))}
    for name in _destination_parameters(rule.destination):
        if name not in known:
            raise EmuError(
                _code(kind),
                f'{kind} at index {index} has segment ":{name}" in `destination` property '
                "but not in `source` or `has` property.",
                f'The destination is {json.dumps(rule.destination)}. Name ":{name}" in the '
                f"source ({json.dumps(rule.source)}), or take it out of the destination.",
            )


def _check_conditions(kind: str, index: int, rule: SourceRule | LegacyRoute) -> None:
    for name, conditions in (("has", rule.has), ("missing", rule.missing)):
        for position, condition in enumerate(conditions):
            _check_condition(kind, index, f"{name}[{position}].value", condition)


def _check_condition(kind: str, index: int, place: str, condition: Condition) -> None:
    try:
        compile_condition(condition)
    except RegexError as error:
        raise EmuError(
            _code(kind),
            f"{kind} at index {index} has an invalid regular expression in `{place}` "
            f"({condition.value!r}): {error}.",
            "A value is a regular expression that must match the whole value.",
        ) from error


def _destination_parameters(destination: str) -> list[str]:
    """The parameters of path, host and query, each in turn, as the platform collects them."""
    parts = split_url(destination)
    values = [pair.partition("=")[2] for _, pair in pairs(parts.query or "")]
    names: dict[str, None] = {}
    for text in (parts.host, parts.path, *values):
        names |= dict.fromkeys(sorted(parameter_names(text)))
    return list(names)


def _check_routes(config: VercelConfig) -> None:
    seen: list[str] = []
    for index, route in enumerate(config.routes):
        problem = _route_problem(index, route, seen)
        if problem is not None:
            raise EmuError(
                "invalid_route", problem, "See `routes` in the platform's documentation."
            )
        checked_regex("Route", index, anchored(route.src), anchored(route.src))
        _check_conditions("Route", index, route)


def _route_problem(index: int, route: LegacyRoute, seen: list[str]) -> str | None:
    where = f"Route at index {index}"
    if route.handle is not None:
        if route.handle not in _HANDLES:
            return f"{where} has unknown handle value `handle: {route.handle}`."
        if route.handle in seen:
            return f"{where} is a duplicate. Please use one `handle: {route.handle}` at most."
        seen.append(route.handle)
        return None
    if not route.src:
        return f"{where} must define either `src` or `source` property."
    phase = seen[-1] if seen else ""
    if phase == "hit":
        if route.dest:
            return f"{where} cannot define `dest`/`destination` after `handle: hit`."
        if route.status:
            return f"{where} cannot define `status`/`statusCode` after `handle: hit`."
        if not route.is_continue:
            return f"{where} must define `continue: true` after `handle: hit`."
    if phase == "miss":
        if route.dest and not route.check:
            return f"{where} must define `check: true` after `handle: miss`."
        if not route.dest and not route.is_continue:
            return f"{where} must define `continue: true` after `handle: miss`."
    return None


def _code(kind: str) -> str:
    return f"invalid_{kind.lower()}"


def _property(kind: str) -> str:
    return "`src`/`source`" if kind == "Route" else "`source`"

"""What the platform refuses about routing rules, in its words, before anything is compiled."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

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
from vercel_emu.errors import EmuError, Where
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


@dataclass(frozen=True, slots=True)
class RulePlace:
    """Which rule it is: `Redirect at index 0` in the platform's words, `redirects[0]` in the file.

    `kind` is Redirect, Header, Rewrite or Route.
    """

    kind: str
    index: int
    file: str

    def __str__(self) -> str:
        return f"{self.kind} at index {self.index}"

    @property
    def code(self) -> str:
        """The platform's code for whatever is wrong with a rule of this kind."""
        return f"invalid_{self.kind.lower()}"

    @property
    def key(self) -> str:
        """The rule as the file numbers it."""
        return f"{self.kind.lower()}s[{self.index}]"

    def where(self, key: str = "") -> Where:
        """The rule's place in the file, or that of one of its keys."""
        return Where(self.file, f"{self.key}.{key}" if key else self.key)


def check_rules(config: VercelConfig) -> None:
    """Raise an `EmuError` for the first rule that the platform would refuse."""
    file = config.file_name or "vercel.json"
    _check_routes(config.routes, file)
    kinds: tuple[tuple[str, Sequence[SourceRule]], ...] = (
        ("Redirect", config.redirects),
        ("Header", config.headers),
        ("Rewrite", config.rewrites),
    )
    for kind, rules in kinds:
        for rule in rules:
            # A source must be a valid expression even before its parameters are understood.
            checked_regex(RulePlace(kind, rule.index, file), rule.source, rule.source)
        for rule in rules:
            _check_pattern(RulePlace(kind, rule.index, file), rule)


def checked_regex(place: RulePlace, source: str, regex: str, *, ignore_case: bool = False) -> Regex:
    """Compile the expression of a source that is known to be well-formed."""
    try:
        return compile_regex(regex, ignore_case=ignore_case)
    except RegexError as error:
        is_route = place.kind == "Route"
        name = "`src`/`source`" if is_route else "`source`"
        raise EmuError(
            place.code,
            f'{place} has invalid {name} regular expression "{source}".',
            f"{error}.".capitalize() + ("" if is_route else f" {_PATTERN_HINT}"),
            where=place.where("src" if is_route else "source"),
        ) from error


def anchored(source: str) -> str:
    """The expression of a legacy `src`, which always covers the whole path."""
    source = source if source.startswith("^") else f"^{source}"
    return source if source.endswith("$") else f"{source}$"


def _check_pattern(place: RulePlace, rule: SourceRule) -> None:
    try:
        pattern = compile_source(rule.source)
    except PatternError as error:
        raise EmuError(
            place.code,
            f'{place} has invalid `source` pattern "{rule.source}".',
            f"{place.file}: {error}. {_PATTERN_HINT}",
            where=place.where("source"),
        ) from error
    checked_regex(place, rule.source, pattern.regex)
    _check_conditions(place, rule)
    if isinstance(rule, HeaderRule):
        return
    known = {*pattern.segments, *captured_names(tuple(map(compile_condition, rule.has)))}
    for name in _destination_parameters(rule.destination):
        if name not in known:
            raise EmuError(
                place.code,
                f'{place} has segment ":{name}" in `destination` property '
                "but not in `source` or `has` property.",
                f'The destination is {json.dumps(rule.destination)}. Name ":{name}" in the '
                f"source ({json.dumps(rule.source)}), or take it out of the destination.",
                where=place.where("destination"),
            )


def _check_conditions(place: RulePlace, rule: SourceRule | LegacyRoute) -> None:
    for name, conditions in (("has", rule.has), ("missing", rule.missing)):
        for position, condition in enumerate(conditions):
            _check_condition(place, f"{name}[{position}].value", condition)


def _check_condition(place: RulePlace, key: str, condition: Condition) -> None:
    try:
        compile_condition(condition)
    except RegexError as error:
        raise EmuError(
            place.code,
            f"{place} has an invalid regular expression in `{key}` ({condition.value!r}): {error}.",
            "A value is a regular expression that must match the whole value.",
            where=place.where(key),
        ) from error


def _destination_parameters(destination: str) -> list[str]:
    """The parameters of path, host and query, each in turn, as the platform collects them."""
    parts = split_url(destination)
    values = [pair.partition("=")[2] for _, pair in pairs(parts.query or "")]
    names: dict[str, None] = {}
    for text in (parts.host, parts.path, *values):
        names |= dict.fromkeys(sorted(parameter_names(text)))
    return list(names)


def _check_routes(routes: Sequence[LegacyRoute], file: str) -> None:
    seen: list[str] = []
    for route in routes:
        place = RulePlace("Route", route.index, file)
        problem = _route_problem(route, seen)
        if problem is not None:
            raise EmuError(
                "invalid_route",
                f"{place} {problem}",
                "See `routes` in the platform's documentation.",
                where=place.where(),
            )
        checked_regex(place, anchored(route.src), anchored(route.src))
        _check_conditions(place, route)


def _route_problem(route: LegacyRoute, seen: list[str]) -> str | None:
    """What the platform says of the route, after naming it."""
    if route.handle is not None:
        if route.handle not in _HANDLES:
            return f"has unknown handle value `handle: {route.handle}`."
        if route.handle in seen:
            return f"is a duplicate. Please use one `handle: {route.handle}` at most."
        seen.append(route.handle)
        return None
    if not route.src:
        return "must define either `src` or `source` property."
    phase = seen[-1] if seen else ""
    if phase == "hit":
        if route.dest:
            return "cannot define `dest`/`destination` after `handle: hit`."
        if route.status:
            return "cannot define `status`/`statusCode` after `handle: hit`."
        if not route.is_continue:
            return "must define `continue: true` after `handle: hit`."
    if phase == "miss":
        if route.dest and not route.check:
            return "must define `check: true` after `handle: miss`."
        if not route.dest and not route.is_continue:
            return "must define `continue: true` after `handle: miss`."
    return None

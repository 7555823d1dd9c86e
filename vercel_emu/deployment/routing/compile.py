"""vercel.json and the project's functions -> a `RoutingTable`, once per change.

The order is the platform's: cleanUrls, trailingSlash, routes, redirects, headers | the file system
| rewrites, dynamic `api/` functions | the app. A rule that can't be compiled is an `EmuError` with
the platform's code that names the rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import TypedDict, cast, get_args

from vercel_emu.deployment.routing.api_rules import api_rules, output_paths
from vercel_emu.deployment.routing.checks import (
    RulePlace,
    anchored,
    check_rules,
    checked_regex,
)
from vercel_emu.deployment.routing.conditions import (
    CompiledCondition,
    captured_names,
    compile_condition,
)
from vercel_emu.deployment.routing.destination import (
    ascii_url,
    compile_destination,
    fill_known_parameters,
    references,
)
from vercel_emu.deployment.routing.model import (
    Phase,
    RoutingTable,
    Rule,
    RuleHeaders,
    RuleSet,
    first_segment,
)
from vercel_emu.deployment.routing.patterns import UNNAMED, compile_source
from vercel_emu.deployment.routing.regex import compile_regex
from vercel_emu.project.model import Frontend, Function
from vercel_emu.project.vercel_json.model import (
    HeaderRule,
    LegacyRoute,
    RedirectRule,
    RewriteRule,
    VercelConfig,
)

type Placed = tuple[Phase, Rule]

APP = "app"
"""The name of a framework app among the functions."""


class _Conditions(TypedDict):
    has: tuple[CompiledCondition, ...]
    missing: tuple[CompiledCondition, ...]


def compile_routing(
    config: VercelConfig, functions: Sequence[Function] = (), frontend: Frontend | None = None
) -> RoutingTable:
    """Compile everything that decides where a request goes."""
    check_rules(config)
    app = next((f for f in functions if f.name == APP), None)
    files = [f for f in functions if f.name != APP]
    outputs = output_paths(files)
    if config.builds:
        outputs |= {f"/{one.entrypoint.file}": one.name for one in files}
    if app is not None and config.builds:
        # Legacy `builds` have no catch-all: `routes` name the file, `{"dest": "main.py"}`.
        sources = (app.entrypoint.file, *(build.src for build in config.builds))
        outputs |= {f"/{file.lstrip('/')}": APP for file in sources if file.endswith(".py")}
    placed = [*_configured(config), *api_rules(config, files, is_only=app is None)]
    if app is None and frontend is not None and frontend.is_single_page:
        placed.append(("filesystem", _single_page_rule()))
    if app is None:
        placed.append(("error", _error_rule(clean_urls=bool(config.clean_urls))))
    has_catch_all = app is not None and not (config.builds and config.routes)
    return RoutingTable(
        phases=MappingProxyType(_phases(placed)),
        functions=MappingProxyType(outputs),
        app=APP if has_catch_all else None,
        routed_app=APP if app is not None and config.builds else None,
    )


def _configured(config: VercelConfig) -> Iterable[Placed]:
    """The rules of vercel.json in the platform's order."""
    slash = bool(config.trailing_slash)
    if config.clean_urls:
        yield "main", _generated("cleanUrls", _CLEAN_INDEX, "/$1/" if slash else "/$1")
        yield "main", _generated("cleanUrls", r"^/(.*)\.html/?$", "/$1/" if slash else "/$1")
    if config.trailing_slash is not None:
        yield from (("main", rule) for rule in _trailing_slash(slash))
    phase: Phase = "main"
    file = config.file_name or "vercel.json"
    for route in config.routes:
        if route.handle is not None:
            phase = cast(Phase, route.handle)
        else:
            yield phase, _route(route, file, config.is_case_sensitive)
    # As in the platform's compiler, these follow `routes`, in whatever phase those ended.
    for redirect in config.redirects:
        yield phase, _redirect(redirect, file)
    for header in config.headers:
        yield phase, _header(header, file)
    for rewrite in config.rewrites:
        yield "filesystem", _rewrite(rewrite, file)


_CLEAN_INDEX = r"^/(?:(.+)/)?index(?:\.html)?/?$"


def _trailing_slash(enabled: bool) -> list[Rule]:
    if not enabled:
        return [_generated("trailingSlash", r"^/(.*)/$", "/$1")]
    exempt = Rule(
        kind="trailing_slash",
        label="trailingSlash",
        source=r"^/\.well-known(?:/.*)?$",
        regex=compile_regex(r"^/\.well-known(?:/.*)?$"),
    )
    return [
        exempt,
        _generated("trailingSlash", r"^/((?:[^/]+/)*[^/\.]+)$", "/$1/"),
        _generated("trailingSlash", r"^/((?:[^/]+/)*[^/]+\.\w+)/$", "/$1"),
    ]


def _generated(label: str, source: str, location: str) -> Rule:
    return Rule(
        kind="clean_urls" if label == "cleanUrls" else "trailing_slash",
        label=label,
        source=source,
        regex=compile_regex(source),
        location=location,
        status=308,
    )


def _redirect(rule: RedirectRule, file: str) -> Rule:
    place = RulePlace("Redirect", rule.index, file)
    pattern = compile_source(rule.source)
    conditions = _conditions(rule)
    return Rule(
        kind="redirect",
        label=place.key,
        source=rule.source,
        regex=checked_regex(place, rule.source, pattern.regex),
        location=compile_destination(
            ascii_url(rule.destination),
            pattern.segments,
            captured_names(conditions["has"]),
            is_redirect=True,
        ),
        status=rule.status,
        **conditions,
    )


def _rewrite(rule: RewriteRule, file: str) -> Rule:
    place = RulePlace("Rewrite", rule.index, file)
    pattern = compile_source(rule.source)
    conditions = _conditions(rule)
    return Rule(
        kind="rewrite",
        label=place.key,
        source=rule.source,
        regex=checked_regex(place, rule.source, pattern.regex),
        destination=compile_destination(
            ascii_url(rule.destination),
            pattern.segments,
            captured_names(conditions["has"]),
            is_redirect=False,
        ),
        status=rule.status,
        check=True,
        **conditions,
    )


def _header(rule: HeaderRule, file: str) -> Rule:
    place = RulePlace("Header", rule.index, file)
    pattern = compile_source(rule.source)
    conditions = _conditions(rule)
    values = references(pattern.segments, captured_names(conditions["has"]))
    values.pop(UNNAMED, None)
    headers = tuple(
        (fill_known_parameters(key, values), fill_known_parameters(_as_sent(value), values))
        for key, value in rule.headers
    )
    return Rule(
        kind="header",
        label=place.key,
        source=rule.source,
        regex=checked_regex(place, rule.source, pattern.regex),
        headers=headers,
        is_continue=True,
        **conditions,
    )


def _route(route: LegacyRoute, file: str, case_sensitive: bool) -> Rule:
    place = RulePlace("Route", route.index, file)
    source = anchored(route.src)
    destination = None if route.dest is None else ascii_url(route.dest)
    location = next((ascii_url(v) for k, v in route.headers if k.lower() == "location"), None)
    is_redirect = route.status is not None and 300 <= route.status <= 399
    headers: RuleHeaders = tuple(
        (name, _as_sent(value))
        for name, value in route.headers
        if not (is_redirect and name.lower() == "location")
    )
    ignore_case = not (case_sensitive or route.case_sensitive)
    regex = checked_regex(place, source, source, ignore_case=ignore_case)
    return Rule(
        kind="route",
        label=place.key,
        source=route.src,
        regex=regex,
        destination=destination,
        location=(location or destination) if is_redirect else None,
        status=route.status,
        headers=headers,
        check=route.check,
        is_continue=route.is_continue,
        methods=frozenset(route.methods) if route.methods is not None else None,
        **_conditions(route),
    )


def _as_sent(value: str) -> str:
    """A header value is sent as UTF-8; routing holds bytes as latin-1."""
    return value.encode("utf-8", "replace").decode("latin-1")


def _error_rule(*, clean_urls: bool) -> Rule:
    return Rule(
        kind="error",
        label="404 page",
        source="^(?!/api).*$",
        regex=compile_regex("^(?!/api).*$"),
        destination="/404" if clean_urls else "/404.html",
        status=404,
    )


def _single_page_rule() -> Rule:
    """The last rule of frameworks such as Create React App, Vue and Angular."""
    return Rule(
        kind="frontend",
        label="single page",
        source="^/(.*)$",
        regex=compile_regex("^/(.*)$"),
        destination="/index.html",
    )


def _conditions(rule: RedirectRule | RewriteRule | HeaderRule | LegacyRoute) -> _Conditions:
    return {
        "has": tuple(map(compile_condition, rule.has)),
        "missing": tuple(map(compile_condition, rule.missing)),
    }


def _phases(placed: Iterable[Placed]) -> dict[Phase, RuleSet]:
    found: dict[Phase, list[Rule]] = {}
    for phase, rule in placed:
        found.setdefault(phase, []).append(rule)
    known = get_args(Phase.__value__)
    return {phase: rule_set(rules) for phase, rules in found.items() if phase in known}


def rule_set(rules: Sequence[Rule]) -> RuleSet:
    """File rules by the first path segment that they need, so that most are never looked at."""
    segments = [_needed_segment(rule) for rule in rules]
    anywhere = tuple(index for index, segment in enumerate(segments) if segment is None)
    by_segment: dict[str, list[int]] = {}
    for index, segment in enumerate(segments):
        if segment is not None:
            by_segment.setdefault(segment, []).append(index)
    return RuleSet(
        tuple(rules),
        tuple(rule.prefix for rule in rules),
        {name: tuple(sorted((*own, *anywhere))) for name, own in by_segment.items()},
        anywhere,
    )


def _needed_segment(rule: Rule) -> str | None:
    prefix = rule.prefix
    if prefix.startswith("/") and (rule.regex.literal is not None or "/" in prefix[1:]):
        return first_segment(prefix)
    return None

"""Redirects that never end: of vercel.json alone, or of vercel.json and the app in turn.

Frameworks redirect to the path with or without a slash at its end where only that one is a route,
and `trailingSlash` redirects back. Paths that the rules and the app's routes stand for are sent
through the routing that serves them here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from vercel_emu.check.code.routes import AppRoute, app_routes, redirected_by_app
from vercel_emu.check.imports.reached import Tree
from vercel_emu.check.model import Checked, Finding
from vercel_emu.check.rules import sample_paths
from vercel_emu.deployment.public_files import public_files
from vercel_emu.deployment.routing import (
    FileLookup,
    InvokeFunction,
    Redirect,
    RouteRequest,
    RoutingTable,
    TraceEntry,
    compile_routing,
    route,
)
from vercel_emu.errors import EmuError, Where

_MOST_HOPS = 20
"""Browsers follow no more."""
_MOST_PATHS = 2_000


@dataclass(frozen=True, slots=True)
class Hop:
    """A redirect to `path`, by a rule of vercel.json (`label`) or by the app's `route`."""

    path: str
    label: str = ""
    route: AppRoute | None = None

    @property
    def cause(self) -> str:
        """What one would change to be rid of it, and of others like it."""
        return self.route.framework if self.route else self.label


@dataclass(frozen=True, slots=True)
class Loop:
    """The redirects that a request for `path` never comes out of."""

    path: str
    hops: tuple[Hop, ...]


def redirect_loops(checked: Checked, tree: Tree) -> Iterator[Finding]:
    """One finding for all the paths that the same causes send in circles."""
    config = checked.config
    redirects = (config.redirects, config.routes, config.clean_urls)
    if not any(redirects) and config.trailing_slash is None:
        return
    try:
        table = compile_routing(config, checked.project.functions)
        files = public_files(checked.root, config, has_app=table.app is not None)
    except EmuError:
        return  # told elsewhere
    routes = app_routes(tree) if table.app is not None else {}
    ways = _Ways(table, files, routes)
    found: dict[frozenset[str], list[Loop]] = {}
    for path in [*_configured_paths(checked), *routes][:_MOST_PATHS]:
        loop = ways.loop_from(path)
        if loop and _is_certain(loop):
            causes = frozenset(hop.cause for hop in loop)
            found.setdefault(causes, []).append(Loop(path, tuple(loop)))
    for loops in found.values():
        yield _finding(checked, loops[0], _others(loops))


class _Ways:
    """Follows redirects as a browser does."""

    def __init__(self, table: RoutingTable, files: FileLookup, routes: dict[str, AppRoute]) -> None:
        self._table = table
        self._files = files
        self._routes = routes

    def loop_from(self, path: str) -> list[Hop]:
        """The redirects that repeat themselves, or grow without end; empty if it ends."""
        hops: list[Hop] = []
        visited = [path]
        for _ in range(_MOST_HOPS):
            hop = self._hop(visited[-1])
            if hop is None:
                return []
            hops.append(hop)
            if hop.path in visited:
                return hops[visited.index(hop.path) :]
            visited.append(hop.path)
        return hops[-2:]

    def _hop(self, path: str) -> Hop | None:
        trace: list[TraceEntry] = []
        request = RouteRequest("GET", path, headers=((b"host", b"project.vercel.app"),))
        outcome = route(self._table, request, self._files, trace)
        if isinstance(outcome, Redirect):
            target = urlsplit(outcome.location)
            label = next((one.label for one in reversed(trace) if one.matched), "")
            return None if target.netloc else Hop(target.path or "/", label)
        if isinstance(outcome, InvokeFunction) and outcome.function == self._table.app:
            found = redirected_by_app(self._routes, outcome.path)
            return Hop(found.path, route=found) if found else None
        return None


def _is_certain(loop: list[Hop]) -> bool:
    """A route that may have a prefix is not known to be at the path of a rule's source."""
    if all(hop.route is None or hop.route.is_whole for hop in loop):
        return True
    return all(hop.label == "trailingSlash" for hop in loop if hop.route is None)


def _configured_paths(checked: Checked) -> Iterator[str]:
    """Paths that the redirects of vercel.json take; those of expressions are not known."""
    for rule in checked.config.redirects:
        yield from (path for path in sample_paths(rule.source) or () if path.startswith("/"))


def _others(loops: list[Loop]) -> str:
    """How many more routes it concerns."""
    routes = {hop.route.path for loop in loops for hop in loop.hops if hop.route is not None}
    return f" and {len(routes) - 1} more" if len(routes) > 1 else ""


def _finding(checked: Checked, found: Loop, more: str) -> Finding:
    file = checked.config.file_name or "vercel.json"
    loop = found.hops
    by_app = next((hop.route for hop in loop if hop.route is not None), None)
    labels = list(dict.fromkeys(hop.label for hop in loop if hop.route is None))
    rules = " and ".join(f"`{label}`" for label in labels)
    around = " and ".join(f"`{path}`" for path in dict.fromkeys(hop.path for hop in loop))
    if by_app is None:
        return Finding(
            severity="error",
            code="REDIRECT_LOOP",
            message=f"a request for `{found.path}` is redirected for ever, to {around}: by {rules}",
            where=Where(file, labels[0] if labels else None),
            hint="Take one of them out, or make its source not match the other's destination.",
        )
    return Finding(
        severity="error",
        code="REDIRECT_LOOP",
        message=f"{around} redirect to each other for ever: {rules} of {file} in one direction, "
        f"{by_app.framework} in the other, for its route `{by_app.written}`{more}",
        where=by_app.where,
        hint=f"Take {rules} out of {file}, or {by_app.remedy}.",
    )

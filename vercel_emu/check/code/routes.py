"""The routes that an app declares, and where its framework redirects for a slash at the end.

Flask and Django add a slash that a route has and the request hasn't; Starlette and FastAPI also
take one away. Projects that switch this off, in whatever way, have no such redirects here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from vercel_emu.check.imports.reached import Reached, Tree
from vercel_emu.errors import Where
from vercel_emu.guest.analysis.facts import Call

_METHODS = frozenset({"get", "post", "put", "patch", "delete", "route", "api_route"})
_APPS = ("flask.Flask()", "fastapi.FastAPI()")
_ROUTERS = ("flask.Blueprint()", "fastapi.APIRouter()", "fastapi.routing.APIRouter()")
_STARLETTE = frozenset({"starlette.routing.Route", "fastapi.routing.APIRoute"})
_DJANGO = frozenset({"django.urls.path", "django.urls.conf.path"})
_SWITCH = re.compile(rb"strict_slashes|redirect_slashes|APPEND_SLASH|merge_slashes|root_path")
_PARAMETER = re.compile(r"<[^<>]*>|\{[^{}]*\}")


@dataclass(frozen=True, slots=True)
class AppRoute:
    """One route: a `path` that it answers, and how it is `written` in the source."""

    path: str
    written: str
    framework: str
    where: Where
    is_whole: bool = True
    """Whether the path begins at the app: a router's may get a prefix elsewhere."""

    @property
    def remedy(self) -> str:
        """What to change in the code."""
        match self.framework:
            case "Django":
                return "set APPEND_SLASH = False and write the routes without it"
            case "Flask":
                return "write the route without the slash"
        slash = "without the slash" if self.path.endswith("/") else "with a slash at its end"
        return f"write the route {slash}, or make the app with redirect_slashes=False"


def app_routes(tree: Tree) -> dict[str, AppRoute]:
    """The routes by a path each answers; none where the redirects may be switched off."""
    found: dict[str, AppRoute] = {}
    for file in tree if not tree.mentions(_SWITCH) else ():
        for route in _routes_of(file):
            found.setdefault(route.path, route)
    return found


def redirected_by_app(routes: dict[str, AppRoute], path: str) -> AppRoute | None:
    """The route that the framework redirects this path to, instead of a 404."""
    if path in routes or path == "/":
        return None
    other = path.rstrip("/") if path.endswith("/") else f"{path}/"
    route = routes.get(other)
    if route is None or (path.endswith("/") and route.framework in ("Flask", "Django")):
        return None
    return route


def _routes_of(file: Reached) -> Iterator[AppRoute]:
    only_prefix = _prefix(file.facts.calls)
    for call in file.facts.calls:
        framework = _framework(call)
        prefix = only_prefix if call.callee.startswith(_ROUTERS) else None
        rule = _text(call.arguments[0]) if framework and call.arguments else None
        if rule is None:
            continue
        if framework == "Django":
            if _is_include(call):
                continue
            rule = f"/{rule}"
        elif rule in ("", "/") and prefix is None:
            continue  # the root, or whatever prefix it is given elsewhere
        path = _PARAMETER.sub("1", f"{prefix or ''}{rule}")
        if path.startswith("/") and path != "/":
            is_whole = call.callee.startswith(_APPS)
            yield AppRoute(path, rule, framework, Where(file.file, line=call.line), is_whole)


def _framework(call: Call) -> str:
    receiver, _, method = call.callee.rpartition(".")
    if call.callee in _DJANGO:
        return "Django"
    if call.callee in _STARLETTE:
        return "Starlette"
    if method not in _METHODS:
        return ""
    if receiver not in (*_APPS, *_ROUTERS):
        return ""
    return "Flask" if receiver.startswith("flask") else "FastAPI"


def _is_include(call: Call) -> bool:
    """A prefix for other routes, which redirects nothing itself."""
    return len(call.arguments) > 1 and call.arguments[1].startswith("include(")


def _prefix(calls: tuple[Call, ...]) -> str | None:
    """The prefix of a file's only router or blueprint; None where it is given elsewhere."""
    names = {one.removesuffix("()") for one in _ROUTERS}
    makers = [dict(call.keywords) for call in calls if call.callee in names]
    if len(makers) != 1:
        return None
    text = makers[0].get("prefix") or makers[0].get("url_prefix")
    return _text(text) if text else None


def _text(source: str) -> str | None:
    try:
        value = ast.literal_eval(source)
    except (ValueError, SyntaxError, RecursionError):
        return None
    return value if isinstance(value, str) else None

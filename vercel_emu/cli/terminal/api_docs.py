"""Where a FastAPI app shows its own documentation, if its source leaves no doubt of it.

Nothing is asked of the app: it may not have started, and asking would run code of it.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from vercel_emu.deployment.routing import InvokeFunction, RouteRequest, route
from vercel_emu.files.reading import read_bytes
from vercel_emu.guest.analysis.parse import NotPythonError, parse

if TYPE_CHECKING:
    from vercel_emu.emulator.project import RunningProject

DEFAULT_PATH = "/docs"
LONGEST_SOURCE = 256 * 1024
"""Bytes of a source that is read for this: it must not delay the start."""


def docs_url(project: RunningProject) -> str | None:
    """The address of the documentation, where a request for it reaches the app."""
    functions = project.project.functions
    if project.project.framework != "fastapi" or len(functions) != 1:
        return None
    entrypoint = functions[0].entrypoint
    try:
        source = read_bytes(project.project.root / entrypoint.file, LONGEST_SOURCE)
    except OSError:
        return None
    path = docs_path(source, entrypoint.variable)
    if path is None or project.deployment is None:
        return None
    deployment = project.deployment
    reached = route(deployment.routing, RouteRequest("GET", path, "", []), deployment.files)
    if isinstance(reached, InvokeFunction) and reached.path == path:
        return f"{project.url}{path}"
    return None


def docs_path(source: bytes, variable: str) -> str | None:
    """`/docs`, or what `docs_url` says, of the app that is made in this source; else None."""
    try:
        tree = parse(source)
    except NotPythonError:
        return None
    made = [
        statement.value
        for statement in tree.body
        if isinstance(statement, ast.Assign | ast.AnnAssign) and variable in _targets(statement)
    ]
    if len(made) != 1 or not isinstance(made[0], ast.Call) or not _is_fastapi(made[0].func, tree):
        return None
    return _path_of(made[0])


def _targets(statement: ast.Assign | ast.AnnAssign) -> set[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _is_fastapi(called: ast.expr, tree: ast.Module) -> bool:
    """Whether it is FastAPI's own class, by the imports at the top level."""
    for statement in tree.body:
        match statement, called:
            case ast.ImportFrom(module="fastapi", level=0, names=names), ast.Name(id=used):
                if any(one.name == "FastAPI" and (one.asname or one.name) == used for one in names):
                    return True
            case ast.Import(names=names), ast.Attribute(value=ast.Name(id=used), attr="FastAPI"):
                if any(one.name == "fastapi" and (one.asname or one.name) == used for one in names):
                    return True
    return False


def _path_of(call: ast.Call) -> str | None:
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if call.args or None in given or "root_path" in given:
        return None
    for name, default in (("openapi_url", "/openapi.json"), ("docs_url", DEFAULT_PATH)):
        value = given.get(name)
        found = default if value is None else getattr(value, "value", None)
        if not isinstance(found, str) or not found.startswith("/"):
            return None
    return found

"""How the routing tables are written: a project, and for each request where it ends, in one line.

An outcome reads `308 /new`, `file index.html`, `app /path?query`, `fn api/x /path?query`,
`proxy https://...`, `404`, `404 404.html` or `403 FORBIDDEN`; added headers follow after ` | `.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vercel_emu.deployment.public_files import Mount, PublicFiles
from vercel_emu.deployment.routing import (
    InvokeFunction,
    NotFound,
    Outcome,
    ProxyExternal,
    Redirect,
    Respond,
    RouteRequest,
    ServeFile,
    compile_routing,
    route,
)
from vercel_emu.project.detection.functions import path_of
from vercel_emu.project.model import Entrypoint, Function
from vercel_emu.project.vercel_json.reader import parse_vercel_config


@dataclass(frozen=True)
class Group:
    """Requests to one project. `source` says where the expectation comes from.

    `docs`: the platform's documentation; `compiler`: what its routing-utils compile the rule to;
    `resolver`: the order of its resolver; `dev`: what `vercel dev` answers; `builder`: what the
    Python builder outputs.
    """

    name: str
    source: str
    config: Mapping[str, Any]
    requests: Mapping[str, str]
    files: Sequence[str] = ()
    functions: Sequence[str] = ("app.py",)
    headers: Mapping[str, str] = field(default_factory=dict)


def cases(groups: Sequence[Group]) -> list[tuple[str, Group, str, str]]:
    """`(id, group, request, expected)` of every request, for `parametrize`."""
    return [
        (f"{group.name}: {request}", group, request, expected)
        for group in groups
        for request, expected in group.requests.items()
    ]


def function(file: str) -> Function:
    if not file.startswith("api/"):
        return Function(name="app", entrypoint=Entrypoint(file, file[:-3], "app"))
    entrypoint = Entrypoint(file, file[:-3].replace("/", "."), "app")
    return Function(name=file[:-3], entrypoint=entrypoint, path=path_of(file))


def answer(group: Group, request: str, folder: Path) -> str:
    """Where `request` (`GET /path?query`, then header lines) ends, in one line."""
    first, *lines = request.split("\n")
    method, _, target = first.partition(" ")
    path, _, query = target.partition("?")
    headers = {"host": "example.com", **group.headers, **dict(li.split(": ", 1) for li in lines)}
    raw = [(k.lower().encode(), v.encode("latin-1")) for k, v in headers.items()]
    for name in group.files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    config = parse_vercel_config(json.loads(json.dumps(group.config)))
    table = compile_routing(config, [function(file) for file in group.functions])
    files = PublicFiles([Mount(folder)], clean_urls=bool(config.clean_urls))
    asked = RouteRequest(method, path, query, raw)
    outcome = route(table, asked, files)
    assert route(table, asked, files, []) == outcome, "the trace changes the outcome"
    return show(outcome, folder)


def show(outcome: Outcome, folder: Path) -> str:
    match outcome:
        case Redirect():
            text = f"{outcome.status} {outcome.location}"
        case ServeFile():
            status = "" if outcome.status == 200 else f"{outcome.status} "
            text = f"{status}file {outcome.file.relative_to(folder)}"
        case InvokeFunction():
            kind = "app" if outcome.function == "app" else f"fn {outcome.function}"
            status = "" if outcome.status is None else f"{outcome.status} "
            query = f"?{outcome.query}" if outcome.query else ""
            text = f"{status}{kind} {outcome.path}{query}"
        case ProxyExternal():
            text = f"proxy {outcome.url}"
        case NotFound():
            text = f"404 {outcome.file.name}" if outcome.file else "404"
        case Respond():
            text = f"{outcome.status} {outcome.code}".strip()
    added = ", ".join(f"{name}: {value}" for name, value in outcome.headers)
    return f"{text} | {added}" if added else text

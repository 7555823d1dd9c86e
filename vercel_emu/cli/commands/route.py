"""`vercel-emu route`: every rule that a request meets, which matched, and where it ends."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click
import msgspec

from vercel_emu.cli.option_flags import complete_visitor
from vercel_emu.cli.printing import echo_json
from vercel_emu.console import plain
from vercel_emu.control.client import ask
from vercel_emu.control.registry import find_running
from vercel_emu.deployment.config import load_vercel_config
from vercel_emu.deployment.deploy import deploy
from vercel_emu.deployment.routing import (
    InvokeFunction,
    NotFound,
    Outcome,
    ProxyExternal,
    Redirect,
    Respond,
    RouteRequest,
    ServeFile,
    TraceEntry,
)
from vercel_emu.deployment.routing import route as decide
from vercel_emu.deployment.routing.destination import split_url
from vercel_emu.emulator.django_static import remembered_mounts
from vercel_emu.errors import EmuError
from vercel_emu.options import load_options
from vercel_emu.project.load import identify_project, load_project
from vercel_emu.project.pyproject import emu_table
from vercel_emu.project.python.interpreter import find_interpreter
from vercel_emu.visitors.headers import address_headers, geo_headers
from vercel_emu.visitors.resolve import resolve_visitor
from vercel_emu.visitors.visitor import NEW_YORK, Visitor

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "QUERY")

# As a client sends them: what is already encoded stays, a person's spaces and letters are encoded.
_IN_PATH = "/%!$&'()*+,;=:@~|[]{}^"
_IN_QUERY = _IN_PATH + "?"

_KINDS = {
    Redirect: "redirect",
    ServeFile: "file",
    InvokeFunction: "function",
    ProxyExternal: "proxy",
    NotFound: "not_found",
}


@click.command()
@click.argument("words", metavar="[METHOD] PATH [DIR]", nargs=-1, required=True)
@click.option("-H", "--header", "lines", multiple=True, metavar="'NAME: VALUE'", help="A header.")
@click.option(
    "--as",
    "visitor",
    metavar="VISITOR",
    shell_complete=complete_visitor,
    help="Who asks. [default: as for a request]",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def route(words: Sequence[str], lines: Sequence[str], visitor: str | None, as_json: bool) -> None:
    """Explain where a request ends: every rule tried, which matched, with which captures.

    PATH may be a whole URL; its host is then the request's. Nothing is sent and nothing has to run.
    Without --as it is the running emulator's visitor, else the one it would be started with.

    JSON: {"method", "path", "query", "steps": [{"phase", "label", "source", "path", "matched",
    "detail", "captures"}], "outcome": {"kind", "headers", ...}}; an outcome of the kind redirect
    has "status" and "location", file "file", "path" and "status", function "function", "path",
    "query", "matched_path" and "status", proxy "url" and "status", respond "status" and "code",
    not_found "file".
    """
    method, target, directory = _words(words)
    folder = identify_project(directory).root
    request = _request(method, target, lines, visitor, folder)
    options = load_options(emu_table(folder), {}, folder / "pyproject.toml")
    config = load_vercel_config(folder)
    project = load_project(
        directory,
        config,
        app=options.app,
        interpreter=_interpreter(folder),
        environ={},
    )
    deployment = deploy(project, config, options, remembered_mounts(project))
    steps: list[TraceEntry] = []
    outcome = decide(deployment.routing, request, deployment.files, steps)
    if as_json:
        echo_json(as_data(request, steps, outcome, folder))
        return
    _print_trace(request, steps)
    click.secho(f"→ {plain(_sentence(outcome, folder))}", bold=True)
    for name, value in outcome.headers:
        click.echo(f"  {plain(name)}: {plain(value)}")


def _interpreter(folder: Path) -> Path | None:
    """The app's, for Django settings that have to be executed; a broken one is none."""
    try:
        interpreter = find_interpreter(folder, environ=os.environ)
    except EmuError:
        return None
    return interpreter.path if interpreter is not None else None


def _words(words: Sequence[str]) -> tuple[str, str, Path]:
    rest = list(words)
    method = rest.pop(0).upper() if rest[0].upper() in _METHODS else "GET"
    if not rest or len(rest) > 2:
        raise click.UsageError("Give a path, with a method before and a folder after it if needed.")
    directory = Path(rest[1]) if len(rest) == 2 else Path()
    if not directory.is_dir():
        raise EmuError("NO_SUCH_FOLDER", f"There is no folder {rest[1]!r}.")
    return method, rest[0], directory


def _request(
    method: str, target: str, lines: Sequence[str], visitor: str | None, folder: Path
) -> RouteRequest:
    parts = split_url(target)
    path = quote(f"/{parts.path.removeprefix('/')}", safe=_IN_PATH)
    query = quote(parts.query or "", safe=_IN_QUERY)
    who = _visitor(visitor, folder)
    headers = {"host": parts.host + parts.port or "localhost"}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise EmuError("INVALID_HEADER", f"{line!r} is no header.", "Write -H 'name: value'.")
        headers[name.strip().lower()] = value.strip()
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    platform = [*geo_headers(who), *address_headers(who.ip)]
    own = {name for name, _ in raw}
    return RouteRequest(method, path, query, [*raw, *(h for h in platform if h[0] not in own)])


def _visitor(text: str | None, folder: Path) -> Visitor:
    running = find_running(folder)
    if text is None and running is not None:
        return msgspec.convert(ask(running, "GET", "/visitor"), Visitor)
    table = emu_table(folder)
    named, default = table.get("visitors"), table.get("visitor")
    if text is None and not isinstance(default, str):
        return NEW_YORK
    return resolve_visitor(text or str(default), named=named if isinstance(named, dict) else None)


# -- showing -------------------------------------------------------------------------------------


def as_data(
    request: RouteRequest, steps: Sequence[TraceEntry], outcome: Outcome, folder: Path
) -> dict[str, Any]:
    """The shape of `--json` that the command's help documents."""
    ending = asdict(outcome)
    ending["headers"] = [list(pair) for pair in outcome.headers]
    if ending.get("file") is not None:
        ending["file"] = _relative(ending["file"], folder)
    return {
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "steps": [{**asdict(step), "captures": dict(step.captures)} for step in steps],
        "outcome": {"kind": _KINDS.get(type(outcome), "respond"), **ending},
    }


def _print_trace(request: RouteRequest, steps: Sequence[TraceEntry]) -> None:
    query = f"?{request.query}" if request.query else ""
    click.secho(f"{request.method} {request.path}{query}", bold=True)
    label_width = max((len(step.label) for step in steps), default=0)
    source_width = min(max((len(step.source) for step in steps), default=0), 40)
    path = request.path
    for step in steps:
        if step.path != path:
            click.secho(f"  now {plain(step.path)}", fg="cyan")
            path = step.path
        mark = click.style("✓", fg="green") if step.matched else click.style("·", dim=True)
        captures = " ".join(f"{name}={value}" for name, value in step.captures.items())
        notes = "  ".join(filter(None, (step.detail, captures)))
        line = f"{step.phase:<10}  {step.label:<{label_width}}  {step.source:<{source_width}}"
        click.echo(f"  {mark} {plain(f'{line}  {notes}'.rstrip())}")


def _sentence(outcome: Outcome, folder: Path) -> str:
    match outcome:
        case Redirect():
            return f"redirect {outcome.status} to {outcome.location}"
        case ServeFile():
            return f"file {_relative(outcome.file, folder)} with status {outcome.status}"
        case InvokeFunction():
            query = f"?{outcome.query}" if outcome.query else ""
            return f"function {outcome.function}, which sees {outcome.path}{query}"
        case ProxyExternal():
            return f"proxied to {outcome.url}"
        case NotFound(file=file):
            return f"404 with {_relative(file, folder)}" if file else "404 NOT_FOUND"
        case Respond():
            return f"{outcome.status} {outcome.code}".strip()


def _relative(file: Path, folder: Path) -> str:
    return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else str(file)

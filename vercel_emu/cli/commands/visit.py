"""`vercel-emu visit /api/geo --as Tokyo --as none`: one request as several visitors."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from vercel_emu.cli.folder_option import project_option
from vercel_emu.cli.option_flags import complete_visitor
from vercel_emu.cli.printing import echo_json, strict_json
from vercel_emu.cli.terminal.side_by_side import Column, print_side_by_side
from vercel_emu.control.client import ask, running_emulator
from vercel_emu.errors import EmuError
from vercel_emu.platform import header_names as names
from vercel_emu.project.load import identify_project
from vercel_emu.transport.client import HttpClient, NoAnswer, Response
from vercel_emu.visitors.asking import by_name

type Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Visit:
    """One visitor's answer; `who` is None for the emulator's current visitor."""

    who: str | None
    answer: Response


@click.command()
@click.argument("path")
@click.option(
    "--as",
    "who",
    multiple=True,
    metavar="WHO",
    shell_complete=complete_visitor,
    help="The visitor (repeatable).",
)
@click.option("-X", "--method", metavar="METHOD", help="[default: GET, with -d POST]")
@click.option("-d", "--data", metavar="BODY", help="The body, or @FILE.")
@click.option("-H", "--header", "lines", multiple=True, metavar="'NAME: VALUE'", help="A header.")
@click.option("-i", "--include", is_flag=True, help="Show the response headers, too.")
@click.option("--url", metavar="URL", help="Ask this emulator, not the project's running one.")
@project_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def visit(
    path: str,
    who: tuple[str, ...],
    method: str | None,
    data: str | None,
    lines: tuple[str, ...],
    include: bool,
    url: str | None,
    folder: Path,
    as_json: bool,
) -> None:
    """Send one request as several visitors; show status, timing and body side by side.

    Without --as it is the emulator's current visitor. Redirects are not followed; where they lead
    is shown.

    JSON: [{"visitor", "status", "duration_ms", "headers", "body"}]; the body is parsed where it is
    JSON, and the visitor is null with --url and without --as.
    """
    body = _body(data)
    headers = _headers(lines, body)
    address, current = (url, None) if url else _running(folder)
    target = path if path.startswith("/") else f"/{path}"
    verb = (method or ("GET" if body is None else "POST")).upper()
    found = asyncio.run(_visit(address, verb, target, headers, body, who or (None,)))
    visits = [replace(one, who=one.who or current) for one in found]
    if as_json:
        echo_json([_as_json(one) for one in visits])
    else:
        print_side_by_side([_column(one, include=include) for one in visits])


def _running(folder: Path) -> tuple[str, str | None]:
    """The address of the running emulator, and who its current visitor is."""
    emulator = running_emulator(identify_project(folder).root)
    info = ask(emulator, "GET", "/info")
    if not info.get("overrides", True):
        raise EmuError(
            "OVERRIDES_OFF",
            "The running emulator was started with --no-overrides: requests can't say who asks.",
            "Start it without, or use `vercel-emu visitor set WHO`.",
        )
    return emulator.url, info.get("visitor")


async def _visit(
    url: str,
    method: str,
    path: str,
    headers: Pairs,
    body: bytes | None,
    who: Sequence[str | None],
) -> list[Visit]:
    """One after the other, so that the times can be compared."""
    async with HttpClient(url) as client:
        await client.check()
        return [Visit(one, await _send(client, method, path, headers, body, one)) for one in who]


async def _send(
    client: HttpClient,
    method: str,
    path: str,
    headers: Pairs,
    body: bytes | None,
    who: str | None,
) -> Response:
    asking = () if who is None else by_name(who)
    try:
        answer = await client.send(method, path, (*headers, *asking), body)
    except NoAnswer as error:
        raise EmuError(
            "NO_ANSWER", f"{method} {path} as {who or 'the visitor'}: {error}."
        ) from None
    refusal = _refusal(answer)
    if refusal is not None:
        raise refusal
    return answer


def _refusal(answer: Response) -> EmuError | None:
    """What the emulator says of the visitor that was asked for, if it refused that one."""
    told = answer.headers.get(names.EMU_ERROR)
    if told is None or answer.headers.get(names.VERCEL_ERROR) != "INVALID_VISITOR":
        return None
    return EmuError.from_dict(json.loads(told))


def _body(data: str | None) -> bytes | None:
    if data is None:
        return None
    if not data.startswith("@"):
        return data.encode()
    try:
        return Path(data[1:]).read_bytes()
    except OSError as error:
        raise EmuError("NO_SUCH_FILE", f"-d {data}: {error.strerror}.") from None


def _headers(lines: Sequence[str], body: bytes | None) -> Pairs:
    pairs = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise EmuError("INVALID_HEADER", f"{line!r} is no header.", "Write -H 'name: value'.")
        pairs.append((name.strip().lower(), value.strip()))
    if body is not None and "content-type" not in dict(pairs):
        pairs.append(("content-type", _content_type(body)))
    return pairs


def _content_type(body: bytes) -> str:
    """JSON is said to be JSON; anything else is a form, as curl has it."""
    try:
        json.loads(body)
    except ValueError:
        return "application/x-www-form-urlencoded"
    return "application/json"


def _as_json(one: Visit) -> dict[str, Any]:
    answer = one.answer
    return {
        "visitor": one.who,
        "status": answer.status,
        "duration_ms": round(answer.duration_ms, 3),
        "headers": dict(answer.headers),
        "body": _content(answer),
    }


def _content(answer: Response) -> Any:
    """The body: parsed where it is JSON, else as text."""
    if "json" in answer.headers.get("content-type", ""):
        try:
            return strict_json(answer.body)
        except ValueError:
            pass
    return answer.body.decode("utf-8", "replace")


def _column(one: Visit, *, include: bool) -> Column:
    content = _content(one.answer)
    text = (
        content if isinstance(content, str) else json.dumps(content, ensure_ascii=False, indent=2)
    )
    answer = one.answer
    shown = [pair for pair in answer.headers.items() if include or pair[0] == "location"]
    return Column(one.who or "the visitor", answer.status, answer.duration_ms, shown, text)

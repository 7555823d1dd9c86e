"""`vercel-emu visitor`: who the running emulator's visitor is, where a request doesn't say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from vercel_emu.cli.folder_option import json_option, project_option
from vercel_emu.cli.option_flags import complete_visitor
from vercel_emu.cli.printing import echo_empty, echo_json
from vercel_emu.console import plain
from vercel_emu.control.client import ask, running_emulator
from vercel_emu.project.load import identify_project
from vercel_emu.project.pyproject import emu_table


@click.group(invoke_without_command=True)
@click.pass_context
def visitor(context: click.Context) -> None:
    """Show or change the running emulator's visitor.

    It is who asks where a request doesn't say so itself, by header (x-emu-visitor) or cookie
    (/_emu/visitor/NAME). Without a subcommand: show.
    """
    if context.invoked_subcommand is None:
        context.invoke(show)


@visitor.command()
@project_option
@json_option
def show(folder: Path, as_json: bool) -> None:
    """Show the current visitor.

    JSON: {"label", "ip", "edge_region", "city", "country", "country_region", "continent",
    "latitude", "longitude", "timezone", "postal_code", "as_number", "headers": [[name, value]]};
    what the visitor does not have is null.
    """
    _print_visitor(_ask(folder, "GET"), as_json=as_json)


@visitor.command("set")
@click.argument("who", nargs=-1, required=True, shell_complete=complete_visitor)
@project_option
@json_option
def set_(who: tuple[str, ...], folder: Path, as_json: bool) -> None:
    """Make WHO the visitor: a place, an IP address, coordinates, a name of your own, or none.

    JSON: the visitor, as of `show`.
    """
    found = _ask(folder, "PUT", {"visitor": " ".join(who)})
    _print_visitor(found, as_json=as_json)


@visitor.command()
@project_option
@json_option
def reset(folder: Path, as_json: bool) -> None:
    """Go back to the visitor that the emulator was started with.

    JSON: the visitor, as of `show`.
    """
    _print_visitor(_ask(folder, "DELETE"), as_json=as_json)


@visitor.command("list")
@project_option
@json_option
def list_(folder: Path, as_json: bool) -> None:
    """List the visitors of your own, from [tool.vercel-emu.visitors] in pyproject.toml.

    JSON: an array of visitors, each as of `show`.
    """
    from vercel_emu.visitors.resolve import resolve_visitor

    root = identify_project(folder).root
    table, geoip_db = (emu_table(root).get(key) for key in ("visitors", "geoip-db"))
    named = table if isinstance(table, dict) else {}
    path = root / geoip_db if isinstance(geoip_db, str) else None
    found = [resolve_visitor(name, named=named, geoip_db=path) for name in named]
    if as_json:
        from msgspec import to_builtins

        echo_json([to_builtins(one) for one in found])
    elif found:
        for one in found:
            place = ", ".join(part for part in (one.city, one.country) if part) or "no place"
            click.echo(f"{plain(one.label):20} {plain(place)} · {one.ip} · edge {one.edge_region}")
    else:
        echo_empty(
            "There are none of your own; any place is a visitor too: vercel-emu places tokyo\n"
            "Write [tool.vercel-emu.visitors.NAME] in pyproject.toml to name one."
        )


def _ask(folder: Path, method: str, body: Any = None) -> dict[str, Any]:
    found: dict[str, Any] = ask(
        running_emulator(identify_project(folder).root), method, "/visitor", body
    )
    return found


def _print_visitor(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        echo_json(found)
        return
    click.secho(plain(found["label"]), bold=True)
    for name, value in found.items():
        if name == "label" or value is None or value == []:
            continue
        shown = ", ".join(": ".join(pair) for pair in value) if name == "headers" else value
        click.echo(f"  {name.replace('_', ' '):16}{plain(str(shown))}")

"""`vercel-emu cdn`: look into and purge the CDN cache of the running emulator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from vercel_emu.cli.folder_option import json_option, project_option
from vercel_emu.cli.printing import echo_empty, echo_json
from vercel_emu.control.client import ask, running_emulator
from vercel_emu.errors import EmuError
from vercel_emu.project.load import identify_project


@click.group()
def cdn() -> None:
    """Look into and purge the CDN cache (`vercel-emu dev --cdn-cache`)."""


@cdn.command()
@project_option
@json_option
def ls(folder: Path, as_json: bool) -> None:
    """List the cached responses, the last used first.

    JSON: {"bytes", "entries": [{"host", "path", "state", "status", "bytes", "age", "fresh",
    "stale", "tags", "vary"}]}; `fresh` and `stale` are the seconds the response gave itself.
    """
    answer = ask(running_emulator(identify_project(folder).root), "GET", "/cdn/ls")
    if as_json:
        echo_json(answer)
    elif answer["entries"]:
        _print_table(answer["entries"])
    else:
        echo_empty("The CDN cache is empty.")


@cdn.command()
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Purge by tag (repeatable).")
@click.option("--path", metavar="PATH", help="Delete what answers this path.")
@click.option("--all", "everything", is_flag=True, help="Delete everything.")
@click.option(
    "--delete",
    is_flag=True,
    help="Delete what has the tag, so that the next visitor waits; else it is served stale once.",
)
@click.option(
    "--deadline", type=click.IntRange(min=1), metavar="SECONDS", help="Delete after this time."
)
@project_option
@json_option
def purge(
    tags: tuple[str, ...],
    path: str | None,
    everything: bool,
    delete: bool,
    deadline: int | None,
    folder: Path,
    as_json: bool,
) -> None:
    """Purge by tag (the runtime cache too, as on the platform), by path, or everything.

    JSON: {"purged", "cdn_cache"}: how many responses, and whether the CDN cache is on.
    """
    if sum(map(bool, (tags, path, everything))) != 1:
        raise EmuError(
            "BAD_ARGUMENTS",
            "purge wants exactly one of --tag, --path and --all.",
            "For example: vercel-emu cdn purge --tag products",
        )
    asked = {
        "tags": tags,
        "path": path or "",
        "everything": everything,
        "delete": delete or deadline is not None,
        "deadline": deadline,
    }
    answer = ask(running_emulator(identify_project(folder).root), "POST", "/cdn/purge", asked)
    if as_json:
        echo_json(answer)
    else:
        done = "invalidated" if tags and not asked["delete"] else "deleted"
        count = answer["purged"]
        click.echo(f"{count} response{'' if count == 1 else 's'} {done}.")


def _print_table(entries: list[dict[str, Any]]) -> None:
    from vercel_emu.cli.terminal.tables import Column, print_table

    numbers = ("Age", "Fresh", "Status", "Bytes")
    columns = [
        Column("State"),
        *(Column(title, right=True, whole=True) for title in numbers),
        Column("Path"),
        Column("Tags"),
    ]
    rows = [
        (
            entry["state"],
            f"{entry['age']} s",
            f"{entry['fresh']} s",
            str(entry["status"]),
            f"{entry['bytes']:,}",
            entry["path"],
            ", ".join(entry["tags"]),
        )
        for entry in entries
    ]
    print_table(columns, rows)

"""`vercel-emu limits`: what the platform limits, and what the emulator does about each."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click

from vercel_emu.platform.limits_table import Limit, limits_table


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def limits(as_json: bool) -> None:
    """List the platform's limits with value, source and what happens here.

    Here each is "enforced", "reported" (a warning; the option makes it an error), "checked" (by
    `vercel-emu check`), or "no".

    JSON: {"limits": [{"name", "value", "here", "option", "error", "source"}]}.
    """
    table = limits_table()
    if as_json:
        click.echo(json.dumps({"limits": [asdict(limit) for limit in table]}, indent=2))
    else:
        _print_table(table)


def _print_table(limits: tuple[Limit, ...]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 4096)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("Limit", "Value", "Here", "Option", "Error", "Source"):
        table.add_column(name, style="dim" if name == "Source" else "", overflow="fold")
    for limit in limits:
        table.add_row(limit.name, limit.value, limit.here, limit.option, limit.error, limit.source)
    console.print(table)

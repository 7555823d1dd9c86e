"""`vercel-emu limits`: what the platform limits, and what the emulator does about each."""

from __future__ import annotations

from dataclasses import asdict

import click

from vercel_emu.cli.printing import echo_json
from vercel_emu.platform.limits_table import Limit, limits_table


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def limits(as_json: bool) -> None:
    """List the platform's limits with value, source and what happens here.

    Here each is "enforced", "reported" (a warning; the option makes it an error), "checked" (by
    `vercel-emu check`), or "no". Sources are shown where there is room, and in a pipe.

    JSON: {"limits": [{"name", "value", "here", "option", "error", "source"}]}.
    """
    table = limits_table()
    if as_json:
        echo_json({"limits": [asdict(limit) for limit in table]})
    else:
        _print_table(table)


def _print_table(limits: tuple[Limit, ...]) -> None:
    from vercel_emu.cli.terminal.tables import Column, print_table

    columns = [*map(Column, ("Limit", "Value", "Here", "Option", "Error"))]
    columns.append(Column("Source", spare=1, dim=True))
    rows = [
        (limit.name, limit.value, limit.here, limit.option, limit.error, limit.source)
        for limit in limits
    ]
    print_table(columns, rows)

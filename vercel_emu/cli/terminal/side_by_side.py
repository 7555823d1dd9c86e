"""Answers next to each other, in as many columns as the terminal has room for."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NamedTuple

from rich.console import Console
from rich.table import Table
from rich.text import Text

from vercel_emu.cli.terminal.tables import PIPE_WIDTH
from vercel_emu.console import duration, plain, printable

ENOUGH = 40
"""Characters that a column gets before a line in it is broken; fewer columns fit else."""
WIDEST = 64
LONGEST_BODY = 200
"""Lines of a body that are shown."""


class Column(NamedTuple):
    """One answer; `headers` are those that are shown."""

    heading: str
    status: int
    milliseconds: float
    headers: Sequence[tuple[str, str]]
    body: str


def print_side_by_side(columns: Sequence[Column]) -> None:
    """Print to standard output; where that is no terminal, lines are not cut to its width."""
    console = Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False)
    longest = max((len(line) for one in columns for line in one.body.splitlines()), default=0)
    fitting = max(1, (console.width + 2) // (min(longest, ENOUGH) + 2))
    for start in range(0, len(columns), fitting):
        group = columns[start : start + fitting]
        console.print(_table(group, min(WIDEST, console.width // len(group) - 2)))


def _table(columns: Sequence[Column], widest: int) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for one in columns:
        table.add_column(Text(plain(one.heading)), max_width=widest, overflow="fold")
    table.add_row(*(_status(one.status, one.milliseconds) for one in columns))
    if any(one.headers for one in columns):
        table.add_row(*(_headers(one.headers) for one in columns))
    table.add_row(*(Text(_shortened(one.body)) for one in columns))
    return table


def _headers(headers: Sequence[tuple[str, str]]) -> Text:
    return Text("\n".join(plain(f"{name}: {value}") for name, value in headers), style="dim")


def _status(status: int, milliseconds: float) -> Text:
    style = "green" if status < 400 else "yellow" if status < 500 else "red"
    return Text.assemble((str(status), style), (f"  {duration(milliseconds)}", "dim"))


def _shortened(body: str) -> str:
    lines = [printable(line) for line in body.splitlines()]
    if len(lines) <= LONGEST_BODY:
        return "\n".join(lines)
    return "\n".join([*lines[:LONGEST_BODY], f"... {len(lines) - LONGEST_BODY} more lines"])

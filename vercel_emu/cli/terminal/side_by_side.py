"""Answers next to each other, in as many columns as the terminal has room for."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from vercel_emu.console import duration, plain, printable

ENOUGH = 40
"""Characters that a column gets before a line in it is broken; fewer columns fit else."""
WIDEST = 64
LONGEST_BODY = 200
"""Lines of a body that are shown."""

type Column = tuple[str, int, float, str]
"""Heading, status, milliseconds, body."""


def print_side_by_side(columns: Sequence[Column]) -> None:
    """Print to standard output; where that is no terminal, lines are not cut to its width."""
    console = Console(width=None if sys.stdout.isatty() else 4096, highlight=False)
    longest = max((len(line) for *_, body in columns for line in body.splitlines()), default=0)
    fitting = max(1, (console.width + 2) // (min(longest, ENOUGH) + 2))
    for start in range(0, len(columns), fitting):
        group = columns[start : start + fitting]
        console.print(_table(group, min(WIDEST, console.width // len(group) - 2)))


def _table(columns: Sequence[Column], widest: int) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading, *_ in columns:
        table.add_column(Text(plain(heading)), max_width=widest, overflow="fold")
    table.add_row(*(_status(status, milliseconds) for _, status, milliseconds, _ in columns))
    table.add_row(*(Text(_shortened(body)) for *_, body in columns))
    return table


def _status(status: int, milliseconds: float) -> Text:
    style = "green" if status < 400 else "yellow" if status < 500 else "red"
    return Text.assemble((str(status), style), (f"  {duration(milliseconds)}", "dim"))


def _shortened(body: str) -> str:
    lines = [printable(line) for line in body.splitlines()]
    if len(lines) <= LONGEST_BODY:
        return "\n".join(lines)
    return "\n".join([*lines[:LONGEST_BODY], f"... {len(lines) - LONGEST_BODY} more lines"])

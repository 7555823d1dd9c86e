"""Tables that fit the terminal, and are never cut: what does not fit goes on in the next line.

In a pipe nothing is folded, so that grep finds whole values.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import click
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from vercel_emu.console import plain

PIPE_WIDTH = 100_000
GAP = 2
NARROWEST = 8
"""A column that is folded keeps this many characters a line."""


@dataclass(frozen=True, slots=True)
class Column:
    """`spare` columns are left out where there is no room, the one with the most first."""

    title: str
    right: bool = False
    whole: bool = False
    """Never folded, such as a number."""
    spare: int = 0
    dim: bool = False


type Cell = str | Text


def print_table(columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> None:
    """Print to standard output."""
    console = Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False)
    cells = [[_text(cell) for cell in row] for row in rows]
    widths = [
        max([cell_len(column.title), *(_width(row[index]) for row in cells)])
        for index, column in enumerate(columns)
    ]
    shown = fitting(columns, widths, console.width)
    least = narrowest(columns, widths, cells, shown, console.width)
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, GAP, 0, 0))
    for index in shown:
        column = columns[index]
        table.add_column(
            column.title,
            justify="right" if column.right else "left",
            style="dim" if column.dim else "",
            overflow="fold",
            min_width=least[index],
        )
    for row in cells:
        table.add_row(*(row[index] for index in shown))
    if sys.stdout.isatty():
        console.print(table)
        return
    with console.capture() as captured:
        console.print(table)
    click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))


def fitting(columns: Sequence[Column], widths: Sequence[int], room: int) -> list[int]:
    """Which columns are shown in so many characters: all but the spare ones that don't fit."""
    shown = list(range(len(columns)))
    while sum(widths[index] + GAP for index in shown) - GAP > room:
        spare = max(shown, key=lambda index: columns[index].spare)
        if not columns[spare].spare:
            break
        shown.remove(spare)
    return shown


def narrowest(
    columns: Sequence[Column],
    widths: Sequence[int],
    rows: Sequence[Sequence[Text]],
    shown: Sequence[int],
    room: int,
) -> dict[int, int]:
    """How narrow each column may become: no word of it is broken, if that can be had."""
    least = {}
    for index in shown:
        words = (cell_len(word) for row in rows for word in row[index].plain.split())
        longest = max(words, default=0)
        least[index] = widths[index] if columns[index].whole else longest
    if sum(least.values()) + GAP * (len(shown) - 1) > room:
        for index in shown:
            if not columns[index].whole:
                least[index] = min(widths[index], NARROWEST)
    return least


def _text(cell: Cell) -> Text:
    """Texts come from projects and clients: nothing in them reaches the terminal as a command."""
    if isinstance(cell, Text):
        return cell
    return Text("\n".join(plain(line) for line in cell.split("\n")))


def _width(cell: Text) -> int:
    return max((cell_len(line) for line in cell.plain.split("\n")), default=0)

"""Tables fit the terminal and are never cut."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from vercel_emu.cli import cli
from vercel_emu.cli.terminal.tables import Column, fitting, print_table


def printed(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    columns: list[Column],
    rows: list[tuple[str, ...]],
    width: int | None,
) -> list[str]:
    """The lines in a terminal so wide; None for a pipe."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: width is not None)
    monkeypatch.setenv("COLUMNS", str(width or 80))
    print_table(columns, rows)
    return lines_of(capsys.readouterr().out)


def lines_of(text: str) -> list[str]:
    """Without colours and bold, and without spaces at the ends."""
    return [line.rstrip() for line in re.sub("\x1b\\[[0-9;]*m", "", text).splitlines()]


LONG = "https://example.com/" + "x" * 200


@pytest.mark.parametrize("width", [30, 80, 120])
def test_what_does_not_fit_goes_on_in_the_next_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], width: int
) -> None:
    columns = [Column("name"), Column("n", right=True, whole=True), Column("url")]
    lines = printed(monkeypatch, capsys, columns, [("東京" * 20, "1,234", LONG)], width)
    assert all(cell_len(line) <= width for line in lines)
    assert "1,234" in lines[1]
    text = "".join("".join(line.split()) for line in lines)
    assert text.count("x") == LONG.count("x")
    assert text.count("東") == 20
    assert "…" not in text


def test_in_a_pipe_every_row_is_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    columns = [Column("a", spare=1), Column("b"), Column("c", spare=2)]
    lines = printed(monkeypatch, capsys, columns, [(LONG, LONG, LONG)], None)
    assert len(lines) == 2
    assert lines[1].split() == [LONG] * 3


@pytest.mark.parametrize(
    ("room", "shown"), [(100, [0, 1, 2, 3]), (50, [0, 1, 3]), (28, [0, 3]), (5, [0, 3])]
)
def test_spare_columns_go_first(room: int, shown: list[int]) -> None:
    columns = [Column("a"), Column("b", spare=1), Column("c", spare=2), Column("d")]
    assert fitting(columns, [10, 5, 20, 10], room) == shown


def test_control_characters_are_visible(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = printed(monkeypatch, capsys, [Column("a")], [("x\x1b[2Jy\nz\r",)], 80)
    assert lines[1:] == ["x\\x1b[2Jy", "z\\x0d"]


@pytest.mark.parametrize(
    ("words", "columns"),
    [("limits", 5), ("places --limit 50", 3), ("places york", 3)],
    ids=["limits", "places", "places york"],
)
def test_the_commands_in_80_columns(
    monkeypatch: pytest.MonkeyPatch, words: str, columns: int
) -> None:
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda self: True)
    monkeypatch.setenv("COLUMNS", "80")
    lines = lines_of(CliRunner().invoke(cli, words.split(), color=True).stdout)
    assert all(cell_len(line) <= 80 for line in lines)
    assert "…" not in "".join(lines)
    assert len(lines[0].split()) >= columns


def test_the_commands_in_a_pipe() -> None:
    limits = CliRunner().invoke(cli, ["limits"]).stdout.splitlines()
    rows = json.loads(CliRunner().invoke(cli, ["limits", "--json"]).stdout)["limits"]
    assert len(limits) == len(rows) + 1
    assert all(row["source"] in line for row, line in zip(rows, limits[1:], strict=True))
    places = CliRunner().invoke(cli, ["places", "paris"]).stdout
    assert "Paris, IDF, FR" in places
    assert "…" not in places

"""`vercel-emu visit`: as many columns as there is room for, and no more."""

from __future__ import annotations

import pytest

from vercel_emu.cli.terminal import side_by_side


@pytest.mark.parametrize(("width", "columns"), [(200, 4), (80, 2), (85, 3), (20, 1)])
def test_lines_are_whole_where_there_is_room(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], width: int, columns: int
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(width))
    body = "short\n" + "x" * 27
    answers = [side_by_side.Column(name, 200, 1.0, (), body) for name in ("A", "B", "C", "D")]
    side_by_side.print_side_by_side(answers)
    lines = capsys.readouterr().out.splitlines()
    assert next(line.count("short") for line in lines if "short" in line) == columns
    assert any("x" * 27 in line for line in lines) == (width >= 27)


def test_headers_stand_between_status_and_body(capsys: pytest.CaptureFixture[str]) -> None:
    column = side_by_side.Column
    answers = [
        column("A", 307, 1.0, [("location", "/a?b=\x1b[2J")], "moved"),
        column("B", 200, 1.0, [], "here"),
    ]
    side_by_side.print_side_by_side(answers)
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        ["A", "B"],
        ["307", "1.0", "ms", "200", "1.0", "ms"],
        ["location:", "/a?b=\\x1b[2J"],
        ["moved", "here"],
    ]

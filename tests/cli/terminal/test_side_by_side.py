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
    answers = [(name, 200, 1.0, "short\n" + "x" * 27) for name in ("A", "B", "C", "D")]
    side_by_side.print_side_by_side(answers)
    lines = capsys.readouterr().out.splitlines()
    assert next(line.count("short") for line in lines if "short" in line) == columns
    assert any("x" * 27 in line for line in lines) == (width >= 27)

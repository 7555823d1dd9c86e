"""Thirty kills under load; `make soak` does a thousand."""

from __future__ import annotations

from pathlib import Path

from tests.soak import kills


def test_kills_under_load(tmp_path: Path) -> None:
    seen = kills.run(tmp_path / "project", kills=16, clients=4, emulator_every=8)
    assert seen.wrong == []
    assert seen.kills == 16
    assert seen.answered > 0

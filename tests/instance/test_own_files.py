"""Which saves concern a function."""

from __future__ import annotations

from pathlib import Path

import pytest

from vercel_emu.instance.own_files import OwnFiles
from vercel_emu.project.model import Entrypoint


@pytest.fixture
def files(tmp_path: Path) -> OwnFiles:
    """A function in `api/a.py` that has imported `lib/x.py`."""
    found = OwnFiles(tmp_path, Entrypoint("api/a.py", "api.a", "app"), alone=False)
    found.add(str(tmp_path / "lib" / "x.py"))
    return found


@pytest.mark.parametrize(
    ("file", "appeared", "failed", "concerned"),
    [
        ("api/a.py", False, False, True),
        ("lib/x.py", False, False, True),
        ("lib/y.py", False, False, False),
        ("lib/y.py", True, False, True),
        ("api/b.py", False, False, False),
        ("api/b.py", True, False, False),
        ("api/b.py", True, True, True),
        ("data.json", False, False, True),
    ],
)
def test_concern(files: OwnFiles, file: str, appeared: bool, failed: bool, concerned: bool) -> None:
    news = {file} if appeared else set()
    assert files.concern([file], news, failed=failed) is concerned


def test_everything_concerns_the_only_function(tmp_path: Path) -> None:
    alone = OwnFiles(tmp_path, Entrypoint("app.py", "app", "app"), alone=True)
    assert alone.concern(["unknown.py"], (), failed=False)

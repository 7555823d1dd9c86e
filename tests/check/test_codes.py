"""docs/check.md names every finding about code."""

from __future__ import annotations

import re

from tests.checkout import ROOT


def test_every_code_is_explained() -> None:
    rooms = [ROOT / "vercel_emu" / "check" / name for name in ("code", "imports")]
    sources = [file.read_text() for room in rooms for file in room.glob("*.py")]
    codes = {code for text in sources for code in re.findall(r'code="([A-Z_]+)"', text)}
    assert len(codes) == 8
    page = (ROOT / "docs" / "check.md").read_text()
    assert {code for code in codes if f"| `{code}` |" not in page} == set()

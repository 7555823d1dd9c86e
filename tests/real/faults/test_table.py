"""docs/faults.md has the rows that are tested here, and no other."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

from tests.checkout import ROOT
from tests.real.faults.rows import ROWS, table


def test_each_row_has_a_test_and_each_test_a_row() -> None:
    for file in sorted(Path(__file__).parent.glob("test_*.py")):
        importlib.import_module(f"tests.real.faults.{file.stem}")
    text = (ROOT / "docs" / "faults.md").read_text()
    written = re.search(r"^\| What was injected .*?(?=\n\n)", text, re.MULTILINE | re.DOTALL)
    assert written
    assert len({one[:2] for one in ROWS}) == len(ROWS)
    assert written[0] == table(), f"docs/faults.md should have:\n{table()}"

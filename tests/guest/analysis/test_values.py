"""What the names of a module are, where the source tells it for certain."""

from __future__ import annotations

import pytest

from vercel_emu.guest.analysis.answer import facts_of


@pytest.mark.parametrize(
    ("source", "values"),
    [
        ("A = 'x'", {"A": "'x'"}),
        ("A: str = 'x'", {"A": "'x'"}),
        ("A = Path('x') / 'y'\nB = A.parent", {"A": "Path('x') / 'y'", "B": "A.parent"}),
        ("A = f'{B}/c'", {"A": "f'{B}/c'"}),
        ("A = 'x'\ndef f():\n    A = 'y'", {"A": "'x'"}),
        ("A = 'x'\nclass C:\n    A = 'y'", {"A": "'x'"}),
        ("A = 'x'\nA = 'y'", {}),
        ("A = 'x'\nif B:\n    A = 'y'", {}),
        ("A = 'x'\nA += 'y'", {}),
        ("A = 'x'\nfor A in B: pass", {}),
        ("A = 'x'\nwith b() as A: pass", {}),
        ("A = 'x'\n(A, B) = c()", {}),
        ("A = 'x'\nfrom b import A", {}),
        ("A = 'x'\ndef f():\n    global A\n    A = 'y'", {}),
        ("if B:\n    A = 'x'", {}),
        ("A = B = 'x'", {}),
        ("A = 3\nB = [1]\nC = {}", {}),
        ("A = '" + "x" * 400 + "'", {}),
    ],
)
def test_values(source: str, values: dict[str, str]) -> None:
    assert dict(facts_of(source.encode()).values) == values

"""The reads that a function makes whenever it is called."""

from __future__ import annotations

import ast
import textwrap

import pytest

from vercel_emu.guest.analysis.reads import reads


def read(code: str) -> list[tuple[int, str, tuple[str, ...]]]:
    tree = ast.parse(textwrap.dedent(code))
    return [(one.line, one.callee, one.arguments) for one in reads(tree)]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("def f():\n    return open('a')\n", [(2, "open", ("'a'",))]),
        ("async def f():\n    with open('a') as x:\n        y = x\n", [(2, "open", ("'a'",))]),
        (
            "import pandas as pd\nclass A:\n    def f(self):\n        return pd.read_csv('a')\n",
            [(4, "pandas.read_csv", ("'a'",))],
        ),
        (
            "def f():\n    def g():\n        return open('a')\n    return g\n",
            [(3, "open", ("'a'",))],
        ),
        ("open('a')\n", []),
        ("def f():\n    return print('a')\n", []),
        ("def f(x):\n    if x:\n        return open('a')\n", []),
        ("def f(x):\n    if x:\n        return 1\n    return open('a')\n", []),
        ("def f(x):\n    if x:\n        raise ValueError\n    return open('a')\n", []),
        ("def f(x):\n    for y in x:\n        open(y)\n", []),
        ("def f():\n    try:\n        open('a')\n    except OSError:\n        pass\n", []),
        ("if True:\n    def f():\n        return open('a')\n", [(3, "open", ("'a'",))]),
        ("if x:\n    def f():\n        return open('a')\n", []),
        ("f = lambda: open('a')\n", []),
    ],
)
def test_reads(code: str, expected: list[tuple[int, str, tuple[str, ...]]]) -> None:
    assert read(code) == expected

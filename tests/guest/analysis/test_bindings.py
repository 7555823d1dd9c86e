"""The names of a module: how each came, and what it stands for."""

from __future__ import annotations

from textwrap import dedent

import pytest

from vercel_emu.guest.analysis.answer import facts_of
from vercel_emu.guest.analysis.facts import Binding


def last_binding(source: str) -> Binding:
    facts = facts_of(dedent(source).encode())
    assert facts.fault is None
    return facts.bindings[-1]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from a import A\napp = A()", ("app", "=", 2, "a.A()", "app = A()")),
        ("app: A = A()", ("app", "=", 1, "A()", "app: A = A()")),
        ("app: A", ("app", "=", 1, "app", "app: A")),
        ("import a\nx, app = a.f()", ("app", "unpacked", 2, "?", "x, app = a.f()")),
        ("import app", ("app", "import", 1, "app", "import app")),
        ("import a.b as app", ("app", "import", 1, "a.b", "import a.b as app")),
        ("import a.b", ("a", "import", 1, "a", "import a.b")),
        ("from .web import x as app", ("app", "from", 1, ".web.x", "from .web import x as app")),
        ("from a import *\napp = A()", ("app", "=", 2, "a.A()", "app = A()")),
        ("from a import *\nx = len(y)", ("x", "=", 2, "len()", "x = len(y)")),
        ("from a import *\nfrom b import *\nx = A()", ("x", "=", 3, "A()", "x = A()")),
        ("from a import A\nclass B(A): ...", ("B", "class", 2, "a.A", "class B")),
        ("from a import A\ndef make():\n    return A()", ("make", "def", 2, "a.A()", "def make")),
        ("with a() as app:\n    pass", ("app", "with", 1, "a()", "with a() as app:")),
        ("class C:\n    app = A()\napp = 1", ("app", "=", 3, "?", "app = 1")),
    ],
)
def test_a_name(source: str, expected: tuple[str, str, int, str, str]) -> None:
    assert last_binding(source)[:5] == expected


@pytest.mark.parametrize(
    ("source", "conditions"),
    [
        ("try:\n    app = A()\nexcept Exception:\n    pass", ("optional",)),
        ("if x:\n    app = A()", ("conditional",)),
        ("if __name__ == '__main__':\n    app = A()", ("main",)),
    ],
)
def test_a_name_that_comes_under_conditions(source: str, conditions: tuple[str, ...]) -> None:
    assert last_binding(source).conditions == conditions


@pytest.mark.parametrize("source", ["def f():\n    app = A()", "class C:\n    app = A()"])
def test_names_of_functions_and_classes_are_not_the_modules(source: str) -> None:
    assert last_binding(source).name != "app"


def test_a_long_statement_is_cut() -> None:
    assert last_binding(f"app = A({'x' * 100})").written == f"app = A({'x' * 59}..."

"""Why a file is no Python: the reason and the place."""

from __future__ import annotations

import json

import pytest

from vercel_emu.guest.analysis.answer import facts_of
from vercel_emu.guest.analysis.facts import Fault, from_json


def fault(source: bytes) -> Fault:
    found = facts_of(source).fault
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("source", "place", "text"),
    [
        (b"x = 1\napp = (\n", (2, 7), "app = ("),
        (b"def f()\n    pass", (1, 8), "def f()"),
        (b"x = 1\r\ny ==== 2\r\n", (2, 5), "y ==== 2"),
    ],
)
def test_a_syntax_error(source: bytes, place: tuple[int, int], text: str) -> None:
    found = fault(source)
    assert (found.line, found.column) == place
    assert found.text == text
    assert found.reason.startswith("SyntaxError: ")


def test_an_indentation_error_is_named_so() -> None:
    assert fault(b"def f():\npass").reason.startswith("IndentationError: ")
    assert fault(b"if x:\n        a\n\tb").reason.startswith("TabError: ")


@pytest.mark.parametrize(
    ("source", "words", "line"),
    [
        ("app = 1".encode("utf-16"), "UTF-16", 1),
        (b"\xfe\xff\x00a", "UTF-16", 1),
        ("app = 1\n".encode("utf-16-le"), "null bytes", 1),
        (b"x = 1\napp = 1\0", "null bytes", 2),
        (b"x = 1\napp = '\xe9'", "not UTF-8 (byte 0xe9)", 2),
        (b"\xef\xbb\xbfx = 1\n\ny = '\xe9'", "not UTF-8 (byte 0xe9)", 3),
        (b"# coding: nonsense\napp = 1", "nonsense", None),
        (b"# coding: ascii\napp = '\xe9'", "ascii", None),
        (b"(" * 500, "", 1),
    ],
)
def test_no_text(source: bytes, words: str, line: int | None) -> None:
    found = fault(source)
    assert words in found.reason
    if line is not None:
        assert found.line == line


def test_a_declared_encoding_counts() -> None:
    assert facts_of(b"# coding: latin-1\napp = '\xe9'").export == "app"


@pytest.mark.parametrize("source", [b"x = " + b"-" * 200_000 + b"1", b"+".join([b"1"] * 50_000)])
def test_what_is_too_deep_has_an_answer(source: bytes) -> None:
    found = facts_of(b"app = f()\n" + source)
    assert found.fault is None or "deep" in found.fault.reason


EVERYTHING = b"""
import a
from ..b import c
try:
    import d
except ImportError:
    pass
def main():
    run(1, x=2)
main()
app = make()
"""


@pytest.mark.parametrize("source", [b"app = (", EVERYTHING])
def test_facts_travel_as_json(source: bytes) -> None:
    facts = facts_of(source)
    assert from_json(json.loads(json.dumps(facts))) == facts

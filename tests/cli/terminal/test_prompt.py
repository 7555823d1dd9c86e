"""The line that stays below all others while the emulator's lines go on."""

from __future__ import annotations

import io

import pytest

from tests.screen import Screen
from vercel_emu.console import LineWriter


class Shown(io.StringIO):
    """A terminal's output, and the screen it makes."""

    def __init__(self) -> None:
        super().__init__()
        self.screen = Screen()

    def write(self, text: str) -> int:
        self.screen.feed(text)
        return super().write(text)


@pytest.fixture
def out() -> Shown:
    return Shown()


def test_lines_appear_above_it(out: Shown) -> None:
    writer = LineWriter(out)
    writer.add("one")
    writer.show_prompt("visitor: To")
    assert out.screen.lines == ["one", "visitor: To"]
    writer.add("two")
    writer.add("three")
    assert out.screen.lines == ["one", "two", "three", "visitor: To"]


def test_it_changes_in_its_place(out: Shown) -> None:
    writer = LineWriter(out)
    for text in ("visitor: ", "visitor: Tokyo", "visitor: T"):
        writer.show_prompt(text)
    assert out.screen.lines == ["visitor: T"]


def test_nothing_is_left_of_it(out: Shown) -> None:
    writer = LineWriter(out)
    writer.show_prompt("visitor: Tokyo")
    writer.show_prompt("")
    writer.add("a")
    assert out.screen.lines == ["a", ""]


def test_without_it_nothing_but_lines_is_written(out: Shown) -> None:
    writer = LineWriter(out)
    writer.show_prompt("")
    writer.add("a")
    writer.flush()
    assert out.getvalue() == "a\n"

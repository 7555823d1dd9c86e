"""Keys, and questions while keys are listened to."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from vercel_emu.cli.terminal.dev_keys import fitting
from vercel_emu.cli.terminal.keys import Keys


class Person:
    """Somebody at the keys: what was done, said and asked."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.said: list[str] = []
        self.prompts: list[str] = []
        self.keys = Keys(self.said.append, self.prompts.append)
        for key in "crq":
            self.keys.add(key, f"do {key}", partial(self.done.append, key))
        self.keys.add("v", "ask", lambda: self.keys.ask("visitor", self.done.append))
        self.keys.add("x", "clear", lambda: self.keys.confirm("clear?", self._clear))

    def _clear(self) -> None:
        self.done.append("cleared")

    def press(self, *presses: str | bytes) -> list[str]:
        """Each press comes alone; everything that was done so far."""
        for press in presses:
            self.keys.receive(press.encode() if isinstance(press, str) else press)
            self.keys.quiet()
        return self.done

    @property
    def prompt(self) -> str:
        return self.prompts[-1] if self.prompts else ""


def test_a_key_that_comes_alone() -> None:
    assert Person().press("c", "R", "z", "\r", "q") == ["c", "r", "q"]


@pytest.mark.parametrize(
    "sent",
    [
        "\x1b[C",
        "\x1bOQ",
        "\x1bOR",
        "\x1bq",
        "cq",
        "crq\n",
        "q\n",
        "\x1b[200~q\x1b[201~",
        "rr",
        "\x9bC",
        "\x1b",
        "\x1b[99;5u",
    ],
)
def test_what_is_no_key_does_nothing(sent: str) -> None:
    assert Person().press(sent) == []


def test_a_burst_in_several_reads_is_a_burst() -> None:
    person = Person()
    for piece in (b"some te", b"xt ", b"q"):
        person.keys.receive(piece)
    person.keys.quiet()
    assert person.done == []
    assert person.press("q") == ["q"]


def test_a_key_waits_for_what_may_follow() -> None:
    person = Person()
    person.keys.receive(b"q")
    assert person.done == []
    person.keys.quiet()
    assert person.done == ["q"]


# A line ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "answers"),
    [
        (["Tok", "yo\r"], ["Tokyo"]),
        (["v v\n"], ["v v"]),
        (["Tokk\x7fyo\r"], ["Tokyo"]),
        (["\x7f\x7fJP\r"], ["JP"]),
        (["wrong\x15Bonn\r"], ["Bonn"]),
        (["Sao Tome\x17Paulo\r"], ["SaoPaulo"]),
        (["東京\x7f\x7fOslo\r"], ["Oslo"]),
        (["Tok\x1b"], []),
        (["\r"], []),
        (["   \r"], []),
        ([" Oslo \r"], ["Oslo"]),
        (["To\x1b[D\x1b[Ckyo\r"], ["Tokyo"]),
        (["\x1b[200~Tokyo\n\x1b[201~"], ["Tokyo"]),
        (["Tokyo\rcrq"], ["Tokyo"]),
        (["Oslo\r", "v", "Bonn\r"], ["Oslo", "Bonn"]),
        (["Oslo\r", "q"], ["Oslo", "q"]),
        (["Tok\x1b", "q"], ["q"]),
    ],
)
def test_a_line_is_the_answer(typed: list[str], answers: list[str]) -> None:
    person = Person()
    assert person.press("v", *typed) == answers
    assert person.prompt == ""


def test_the_answer_so_far_is_shown() -> None:
    person = Person()
    person.press("v", "T", "o", "\x7f")
    assert person.prompts == ["visitor: ", "visitor: T", "visitor: To", "visitor: T"]
    person.keys.show_again()
    assert person.prompt == "visitor: T"


def test_a_question_is_taken_back_from_outside() -> None:
    person = Person()
    person.press("v", "To")
    assert person.keys.leave_question()
    assert person.prompt == ""
    assert not person.keys.leave_question()
    assert person.press("q") == ["q"]


def test_what_was_typed_before_it_was_taken_back_makes_no_burst() -> None:
    person = Person()
    person.press("v")
    person.keys.receive(b"To")
    person.keys.leave_question()
    assert person.press("q") == ["q"]


def test_an_answer_that_is_refused_is_told() -> None:
    person = Person()

    def refuse(answer: str) -> None:
        raise ValueError(f"nobody is called {answer}")

    person.keys.ask("visitor", refuse)
    person.press("Xyzzy\r")
    assert person.said == ["visitor: nobody is called Xyzzy"]


# Yes or no ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "done"),
    [
        ("y", ["cleared"]),
        ("Y", ["cleared"]),
        ("n", []),
        ("\r", []),
        ("\x1b", []),
        ("q", []),
    ],
)
def test_yes_or_no(answer: str, done: list[str]) -> None:
    person = Person()
    person.press("x")
    assert person.prompt == "clear? [y/N] "
    assert person.press(answer) == done
    assert person.prompt == ""
    assert person.press("q") == [*done, "q"]


@pytest.mark.parametrize("sent", ["\x1b[C", "yes", "xy", "\x1b[200~y\x1b[201~"])
def test_a_sequence_or_a_paste_is_no_yes(sent: str) -> None:
    person = Person()
    assert person.press("x", sent) == []


# Beside it ------------------------------------------------------------------------------------


def test_work_that_takes_its_time_and_fails_is_told() -> None:
    async def fail() -> None:
        raise ValueError("no luck")

    async def main() -> Person:
        person = Person()
        person.keys.add("f", "try", fail)
        person.press("f")
        while not person.said:
            await asyncio.sleep(0)
        return person

    assert asyncio.run(main()).said == ["try: no luck"]


@pytest.mark.parametrize(
    ("text", "columns", "shown"),
    [
        ("visitor: Tokyo", 80, "visitor: Tokyo"),
        ("visitor: Tokyo", 15, "visitor: Tokyo"),
        ("visitor: Tokyo", 14, "isitor: Tokyo"),
        ("visitor: 東京", 6, " 東京"),
        ("visitor: 東京", 5, "東京"),
        ("visitor: 東京", 4, "京"),
        ("abc", 0, "c"),
    ],
)
def test_a_prompt_fits_into_its_line(text: str, columns: int, shown: str) -> None:
    assert fitting(text, columns) == shown

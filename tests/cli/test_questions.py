"""A question in the terminal, while single keys are listened to."""

from __future__ import annotations

from vercel_emu.cli.terminal.keys import Keys


def asked(*typed: str) -> tuple[list[str], str]:
    """Press `v` for a question, then type; the answers given and what the terminal showed."""
    answers: list[str] = []
    shown: list[str] = []
    keys = Keys(lambda line: None, shown.append)
    keys.add("v", "ask", lambda: keys.ask("visitor", answers.append))
    keys.press("v")
    for text in typed:
        keys.press(text)
    return answers, "".join(shown)


def test_a_line_is_the_answer() -> None:
    assert asked("Tok", "yo\r") == (["Tokyo"], "visitor: Tokyo\n")


def test_keys_are_letters_while_it_is_asked() -> None:
    assert asked("v v\n")[0] == ["v v"]


def test_backspace_takes_a_letter_back() -> None:
    assert asked("Tokk\x7fyo\r")[0] == ["Tokyo"]
    assert asked("\x7f\x7fJP\r") == (["JP"], "visitor: JP\n")


def test_escape_and_an_empty_line_take_the_question_back() -> None:
    assert asked("Tok\x1b")[0] == []
    assert asked("\r")[0] == []


def test_after_the_answer_keys_are_keys_again() -> None:
    assert asked("Oslo\r", "v", "Bonn\r")[0] == ["Oslo", "Bonn"]


def test_an_answer_that_is_refused_is_told() -> None:
    said: list[str] = []
    keys = Keys(said.append, lambda text: None)

    def refuse(answer: str) -> None:
        raise ValueError(f"nobody is called {answer}")

    keys.ask("visitor", refuse)
    keys.press("Xyzzy\r")
    assert said == ["visitor: nobody is called Xyzzy"]

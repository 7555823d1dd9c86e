"""Bytes of a terminal: which of them a person typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vercel_emu.cli.terminal.key_presses import KeyPresses

SEQUENCES = {
    "up": b"\x1b[A",
    "right": b"\x1b[C",
    "right, application mode": b"\x1bOC",
    "ctrl+right": b"\x1b[1;5C",
    "home": b"\x1b[H",
    "end": b"\x1b[4~",
    "page up": b"\x1b[5~",
    "F1": b"\x1bOP",
    "F2": b"\x1bOQ",
    "F3": b"\x1bOR",
    "shift+F3": b"\x1b[1;2R",
    "ctrl+F1, old": b"\x1bO5P",
    "F5": b"\x1b[15~",
    "F12": b"\x1b[24~",
    "F1, linux console": b"\x1b[[A",
    "F3, linux console": b"\x1b[[C",
    "F1, rxvt": b"\x1b[11~",
    "ctrl+F1, rxvt": b"\x1b[11^",
    "alt+c": b"\x1bc",
    "alt+q": b"\x1bq",
    "alt+backspace": b"\x1b\x7f",
    "alt+ö": "\x1bö".encode(),
    "alt+right, rxvt": b"\x1b\x1b[C",
    "keypad enter": b"\x1bOM",
    "focus in": b"\x1b[I",
    "focus out": b"\x1b[O",
    "mouse": b"\x1b[<0;10;20M",
    "kitty ctrl+c": b"\x1b[99;5u",
    "modifyOtherKeys": b"\x1b[27;5;99~",
    "cursor position": b"\x1b[24;80R",
    "device attributes": b"\x1b[?62;c",
    "colour of the background": b"\x1b]11;rgb:1e1e/1e1e/2e2e\x07",
    "colour, ended by ST": b"\x1b]11;rgb:1e1e/1e1e/2e2e\x1b\\",
    "XTVERSION": b"\x1bP>|xterm(390)\x1b\\",
    "CSI as one character": "\x9bC".encode(),
    "SS3 as one character": "\x8fQ".encode(),
}
every_sequence = pytest.mark.parametrize("data", SEQUENCES.values(), ids=SEQUENCES)


def typed(*pieces: bytes) -> str:
    """The characters of these reads, with a moment of quiet after the last."""
    presses = KeyPresses()
    found = [one for piece in pieces for one in presses.feed(piece)]
    return "".join(one.char for one in [*found, *presses.quiet()])


@every_sequence
def test_a_sequence_is_no_key(data: bytes) -> None:
    assert typed(data) == ""


@every_sequence
def test_a_sequence_may_arrive_in_two_reads(data: bytes) -> None:
    for position in range(1, len(data)):
        assert typed(data[:position], data[position:]) == "", position


@every_sequence
def test_what_stands_around_a_sequence_was_typed(data: bytes) -> None:
    assert typed(b"a" + data + b"b" + data + b"c") == "abc"


@pytest.mark.parametrize("data", [b"\x1b[C", b"\x1bOQ", b"\x1b[15~", b"\x1b[[C"])
def test_a_slow_line_may_tear_a_key_apart(data: bytes) -> None:
    for position in range(2, len(data)):
        presses = KeyPresses()
        assert list(presses.feed(data[:position])) == []
        assert list(presses.quiet()) == []
        assert list(presses.feed(data[position:])) == [], position


def test_a_lone_escape_is_the_key_of_that_name() -> None:
    assert typed(b"\x1b") == "\x1b"
    assert typed(b"a\x1b") == "a\x1b"
    presses = KeyPresses()
    assert list(presses.feed(b"\x1b")) == []


def test_an_answer_that_never_ends_is_forgotten() -> None:
    presses = KeyPresses()
    assert list(presses.feed(b"\x1b]11;rgb:")) == []
    assert list(presses.quiet()) == []
    assert [one.char for one in presses.feed(b"q")] == ["q"]


@pytest.mark.parametrize(("broken", "left"), [(b"\x1b[\x1b[Cq", "q"), (b"\x1b[1\rq", "[1\rq")])
def test_what_breaks_off_a_sequence(broken: bytes, left: str) -> None:
    assert typed(broken).endswith("q")
    assert "C" not in typed(broken)
    assert typed(broken) in (left, "[" + left)


def test_what_is_pasted_is_marked() -> None:
    presses = KeyPresses()
    found = [*presses.feed(b"a\x1b[200~c\x1b[Cq\x1b[201~b")]
    assert [(one.char, one.pasted) for one in found] == [
        ("a", False),
        ("c", True),
        ("q", True),
        ("b", False),
    ]


def test_a_paste_whose_end_is_lost_ends_when_it_is_quiet() -> None:
    presses = KeyPresses()
    assert [one.pasted for one in presses.feed(b"\x1b[200~c")] == [True]
    assert list(presses.quiet()) == []
    assert [one.pasted for one in presses.feed(b"c")] == [False]


@pytest.mark.parametrize("text", ["é", "東京", "🇯🇵", "São Paulo"])
def test_letters_of_several_bytes_in_any_pieces(text: str) -> None:
    assert typed(*(bytes([byte]) for byte in text.encode())) == text


def test_bytes_that_are_no_text() -> None:
    assert typed(b"\xff") == "�"


@given(st.lists(st.binary(max_size=12), max_size=6))
def test_nothing_it_is_sent_breaks_it(pieces: list[bytes]) -> None:
    presses = KeyPresses()
    for piece in pieces:
        list(presses.feed(piece))
        list(presses.quiet())


@given(st.lists(st.sampled_from([*SEQUENCES.values(), b"a", "ö".encode()]), max_size=8), st.data())
def test_pieces_mean_what_the_whole_means(parts: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(parts)
    cut = data.draw(st.integers(0, len(whole)))
    assert typed(whole[:cut], whole[cut:]) == typed(whole)

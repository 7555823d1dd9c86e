"""From the bytes that a terminal sends to what a person typed: escape sequences taken out.

An arrow key, a function key, the mouse, a focus change and a terminal's answer to a question all
arrive as several bytes, of which some are letters. Their shapes are those of ECMA-48 (5.4, 5.6) and
of xterm ("Control Sequences"). What was pasted between the brackets of bracketed paste is marked.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import NamedTuple

ESCAPE = "\x1b"

_SEQUENCE = re.compile(
    r"""
      \x1b\[\[.                                  # F1 to F5 on the Linux console
    | (?:\x1b\[|\x9b) [0-?]* [ -/]* [@-Z\\-~]    # CSI: arrows, Home, F5, paste, mouse
    | (?:\x1bO|\x8f) [0-9;]* [ -/:<-~]           # SS3: F1 to F4, arrows, the keypad
    | \x1b[\]PX^_] [^\x07\x1b]* (?:\x07|\x1b\\)  # OSC, DCS, SOS, PM, APC: answers to questions
    | \x1b[^\x1b\[\]OPX^_]                       # Alt and a key
    """,
    re.VERBOSE | re.DOTALL,
)
_UNFINISHED = re.compile(
    r"""
      (?P<key> \x1b\[\[ | (?:\x1b\[|\x9b) [0-?]* [ -/]* | (?:\x1bO|\x8f) [0-9;]* )
    | \x1b | \x1b[\]PX^_] [^\x07\x1b]* \x1b?
    """,
    re.VERBOSE,
)
_PASTE_BEGINS = ("\x1b[200~", "\x9b200~")
_PASTE_ENDS = ("\x1b[201~", "\x9b201~")


class Typed(NamedTuple):
    """One character, and whether it came with a paste."""

    char: str
    pasted: bool = False


class KeyPresses:
    """Reads what a terminal sends, in whatever pieces it arrives."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""
        self._pasting = False

    def feed(self, data: bytes) -> Iterator[Typed]:
        """What was typed with these bytes and those before; an unfinished sequence waits."""
        text = self._rest + self._decoder.decode(data)
        self._rest = ""
        position = 0
        while position < len(text):
            char = text[position]
            if char not in "\x1b\x8f\x9b":
                yield Typed(char, self._pasting)
            elif sequence := _SEQUENCE.match(text, position):
                self._sequence(sequence[0])
                position = sequence.end()
                continue
            elif _UNFINISHED.fullmatch(text, position):
                self._rest = text[position:]
                return
            position += 1

    def quiet(self) -> Iterator[Typed]:
        """Nothing came for a moment: a lone Escape is the key of that name.

        The rest of an arrow key that a slow line tore apart is still waited for.
        """
        self._pasting = False
        if (unfinished := _UNFINISHED.fullmatch(self._rest)) and unfinished["key"]:
            return
        rest, self._rest = self._rest, ""
        if rest == ESCAPE:
            yield Typed(ESCAPE)

    def _sequence(self, text: str) -> None:
        if text in _PASTE_BEGINS:
            self._pasting = True
        elif text in _PASTE_ENDS:
            self._pasting = False

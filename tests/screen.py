"""What a person sees: a terminal's screen, as far as our own output needs one.

It knows carriage return, line feed, backspace, wrapping, cursor up and erasing a line, and fails at
what it does not know, so that a test can't see another screen than a person would.
"""

from __future__ import annotations

import re

_PIECE = re.compile(
    r"\x1b\[(?P<private>\??)(?P<number>[\d;]*)(?P<final>[A-Za-z])|(?P<char>.)", re.S
)


class Screen:
    """Lines of text, endless downwards; `columns` wide."""

    def __init__(self, columns: int = 80) -> None:
        self.columns = columns
        self._lines: list[list[str]] = [[]]
        self._row = 0
        self._column = 0
        self._rest = ""

    @property
    def lines(self) -> list[str]:
        """Every line that ever was on it, without spaces at the ends."""
        return ["".join(line).rstrip() for line in self._lines]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def line_with(self, text: str) -> str:
        """The first line that contains the text."""
        return next(line for line in self.lines if text in line)

    def feed(self, text: str) -> None:
        """Show what a program wrote."""
        text = self._rest + text
        whole = re.compile(r"\x1b(\[[?\d;]*)?$").search(text)
        text, self._rest = (text[: whole.start()], whole[0]) if whole else (text, "")
        for piece in _PIECE.finditer(text):
            if piece["char"] is not None:
                self._char(piece["char"])
            elif not piece["private"]:
                self._sequence(piece["final"], piece["number"])

    def _char(self, char: str) -> None:
        if char == "\r":
            self._column = 0
        elif char == "\n":
            self._row += 1
            self._column = 0
            if self._row == len(self._lines):
                self._lines.append([])
        elif char == "\b":
            self._column = max(0, self._column - 1)
        elif char != "\x07":
            assert char.isprintable(), f"{char!r} on a screen"
            if self._column == self.columns:
                self._char("\n")
            line = self._lines[self._row]
            line += [" "] * (self._column + 1 - len(line))
            line[self._column] = char
            self._column += 1

    def _sequence(self, final: str, number: str) -> None:
        if final == "A":
            self._row = max(0, self._row - int(number or 1))
        elif final == "K":
            line = self._lines[self._row]
            if number == "2":
                line.clear()
            else:
                assert number in ("", "0")
                del line[self._column :]
        else:
            assert final == "m", f"CSI {number} {final} on a screen"

"""From the runtime's log messages to whole lines.

The runtime sends one message for each `write()`, and `print` may write in pieces; a person reads
lines, each under the invocation it belongs to (`vc_init`).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Literal

from vercel_emu.events import Level, LogLine

type Stream = Literal["stdout", "stderr"]

_LEVELS: dict[str, Level] = {
    "debug": "debug",
    "info": "info",
    "warn": "warn",
    "error": "error",
    "fatal": "fatal",
}
_STREAMS: dict[str, Stream] = {"stdout": "stdout", "stderr": "stderr"}
LONGEST_LINE = 256 * 1024
"""Characters of one line that are kept, as on the platform; the rest is counted."""
PIECE = 64 * 1024
"""Characters that are handled in one go, unless a single line has more."""
PIECE_LINES = 200


def pieces(text: str) -> Iterator[str]:
    """A long text in pieces that each take little time; they end at the ends of lines."""
    start = 0
    while start < len(text):
        end = _piece_end(text, start)
        yield text[start:end]
        start = end


def _piece_end(text: str, start: int) -> int:
    limit = start + PIECE
    end = start
    for _ in range(PIECE_LINES):
        newline = text.find("\n", end, limit)
        if newline < 0:
            break
        end = newline + 1
    else:
        return end
    if limit >= len(text):
        return len(text)
    # A line that is longer than a piece stays whole: it is cut where lines are made.
    return end if end > start else (text.find("\n", limit) + 1 or len(text))


def cut_note(left_out: int, unit: str = "characters") -> str:
    """How a line ends that had more than is shown."""
    return f" ... {left_out:,} more {unit} left out"


class _OpenLine:
    """A line that is not over yet."""

    def __init__(self) -> None:
        self._kept = io.StringIO()
        self._length = 0

    def add(self, text: str) -> None:
        room = LONGEST_LINE - self._length
        if room > 0:
            self._kept.write(text if len(text) <= room else text[:room])
        self._length += len(text)

    def text(self) -> str:
        kept = self._kept.getvalue()
        left_out = self._length - len(kept)
        return kept + cut_note(left_out) if left_out else kept


class LineJoiner:
    """Joins written pieces into lines, per invocation and stream."""

    def __init__(self, function: str, instance: str) -> None:
        self._function = function
        self._instance = instance
        self._open: dict[tuple[str, Stream], _OpenLine] = {}

    def add(self, invocation_id: str, level: str, stream: str, text: str) -> list[LogLine]:
        """The lines that `text` completes. A logging record (one with a level) is always whole."""
        if invocation_id == "0":
            invocation_id = ""
        if level:
            return self._lines(invocation_id, _LEVELS.get(level, "info"), "logging", text)
        known = _STREAMS.get(stream, "stdout")
        key = (invocation_id, known)
        whole, newline, rest = text.rpartition("\n")
        if newline and (line := self._open.pop(key, None)):
            first, more, others = whole.partition("\n")
            line.add(first)
            whole = line.text() + more + others
        if rest:
            self._open.setdefault(key, _OpenLine()).add(rest)
        return self._lines(invocation_id, _stream_level(known), known, whole) if newline else []

    def flush(self, invocation_id: str) -> list[LogLine]:
        """What an invocation wrote without a final newline, when it has ended."""
        if not self._open:
            return []
        lines: list[LogLine] = []
        for stream in _STREAMS.values():
            line = self._open.pop((invocation_id, stream), None)
            if line is not None:
                lines += self._lines(invocation_id, _stream_level(stream), stream, line.text())
        return lines

    def _lines(
        self,
        invocation_id: str,
        level: Level,
        stream: Literal["stdout", "stderr", "logging"],
        text: str,
    ) -> list[LogLine]:
        return [
            LogLine(
                text=_shortened(line),
                level=level,
                stream=stream,
                function=self._function,
                instance=self._instance,
                invocation_id=invocation_id,
            )
            for line in text.rstrip("\n").split("\n")
        ]


_NOTE_ROOM = 100


def _shortened(line: str) -> str:
    """The line, cut where it is too long. One that was cut as it came is longer by its note."""
    if len(line) <= LONGEST_LINE + _NOTE_ROOM:
        return line
    return line[:LONGEST_LINE] + cut_note(len(line) - LONGEST_LINE)


def _stream_level(stream: Stream) -> Level:
    return "error" if stream == "stderr" else "info"

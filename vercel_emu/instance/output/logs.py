"""From the runtime's log messages to whole lines.

The runtime sends one message for each `write()`, and `print` may write in pieces; a person reads
lines, each under the invocation it belongs to (`vc_init`).
"""

from __future__ import annotations

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
MAX_PARTIAL = 64 * 1024
"""Characters after which an unfinished line is shown as it is."""


class LineJoiner:
    """Joins written pieces into lines, per invocation and stream."""

    def __init__(self, function: str, instance: str) -> None:
        self._function = function
        self._instance = instance
        self._partial: dict[tuple[str, Stream], str] = {}

    def add(self, invocation_id: str, level: str, stream: str, text: str) -> list[LogLine]:
        """The lines that `text` completes. A logging record (one with a level) is always whole."""
        if invocation_id == "0":
            invocation_id = ""
        if level:
            return self._lines(invocation_id, _LEVELS.get(level, "info"), "logging", text)
        known = _STREAMS.get(stream, "stdout")
        key = (invocation_id, known)
        joined = self._partial.pop(key, "") + text
        whole, newline, rest = joined.rpartition("\n")
        if len(rest) > MAX_PARTIAL:
            whole, newline, rest = joined, "\n", ""
        if rest:
            self._partial[key] = rest
        return self._lines(invocation_id, _stream_level(known), known, whole) if newline else []

    def flush(self, invocation_id: str) -> list[LogLine]:
        """What an invocation wrote without a final newline, when it has ended."""
        if not self._partial:
            return []
        lines: list[LogLine] = []
        for stream in _STREAMS.values():
            rest = self._partial.pop((invocation_id, stream), "")
            if rest:
                lines += self._lines(invocation_id, _stream_level(stream), stream, rest)
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
                text=line,
                level=level,
                stream=stream,
                function=self._function,
                instance=self._instance,
                invocation_id=invocation_id,
            )
            for line in text.rstrip("\n").split("\n")
        ]


def _stream_level(stream: Stream) -> Level:
    return "error" if stream == "stderr" else "info"

"""The functions' log as a person reads it at a terminal; programs get it as it came.

Frames in packages and the standard library are counted instead of shown, in every traceback: plain,
chained, in exception groups, in a logging record or printed. A message that a handler of the app
and the runtime's own handler both write appears once. Of a progress bar its last state is shown.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator

import msgspec

from vercel_emu import events

_FRAME = re.compile(r'^(?P<lead>[\s|+>]*)File "(?P<file>[^"]+)", line \d+')
_PACKAGES = re.compile(
    r"/(site|dist)-packages/|/lib(64)?/python3\.\d+t?/|/vercel_emu/guest/|^<frozen "
)
_UPSIDE_DOWN = "(most recent call first):"
"""How `faulthandler` begins the stack of a thread."""
_REPEATED = "[Previous line repeated "
_LEVEL = re.compile(r"\b(debug|info|warn|warning|error|critical|fatal)\b", re.IGNORECASE)
_MOST_INVOCATIONS = 200
"""Whose messages are compared at the same time."""
_MOST_LINES = 2000
"""Lines of one message that are compared with those that come after it."""


class ReadableLog:
    """A subscriber that passes events on to another one, log lines made readable."""

    def __init__(self, emit: events.Emit) -> None:
        self._emit = emit
        self._tracebacks: dict[tuple[str, str, str], tuple[_Traceback, events.LogLine]] = {}
        self._echoes: dict[tuple[str, str], _Echo] = {}

    def __call__(self, event: events.Event) -> None:
        match event:
            case events.LogLine():
                for line in self._read(event):
                    self._emit(line)
                return
            case events.InvocationEnded():
                # What comes after this is about another message.
                self._let_go(event.instance, event.invocation_id)
            case events.InstanceFailed():
                self._let_go(event.instance)
                event = msgspec.structs.replace(event, detail=folded(event.detail))
        self._emit(event)

    def _read(self, line: events.LogLine) -> Iterator[events.LogLine]:
        if "\r" in line.text:
            line = msgspec.structs.replace(line, text=_last_state(line.text))
        if self._echo(line).repeats(line):
            return
        key = (line.instance, line.invocation_id, line.stream)
        traceback, _ = self._tracebacks.pop(key, (_Traceback(), line))
        for text in traceback.add(line.text):
            yield line if text is line.text else msgspec.structs.replace(line, text=text)
        if traceback.is_open:
            self._tracebacks[key] = traceback, line

    def _echo(self, line: events.LogLine) -> _Echo:
        key = (line.instance, line.invocation_id)
        if key not in self._echoes and len(self._echoes) >= _MOST_INVOCATIONS:
            del self._echoes[next(iter(self._echoes))]
        return self._echoes.setdefault(key, _Echo())

    def _let_go(self, instance: str, invocation_id: str | None = None) -> None:
        """Forget an invocation, or all of an instance; show what was kept back."""
        for key in [one for one in self._tracebacks if _is_of(one, instance, invocation_id)]:
            traceback, line = self._tracebacks.pop(key)
            for text in traceback.end():
                self._emit(msgspec.structs.replace(line, text=text))
        for pair in [one for one in self._echoes if _is_of(one, instance, invocation_id)]:
            del self._echoes[pair]


class _Traceback:
    """The frames of one traceback; where it was raised stays, whosever code it is."""

    def __init__(self) -> None:
        self._lead = ""
        self._held: list[str] = []
        self._hidden = 0
        self._upside_down = self._first = False

    @property
    def is_open(self) -> bool:
        return bool(self._held or self._hidden) or self._upside_down

    def add(self, line: str) -> list[str]:
        """The lines that can be shown now."""
        frame = _FRAME.match(line)
        if frame is None:
            if self._held and self._belongs(line):
                self._held.append(line)
                return []
            shown = [*self.end(), line]
            self._upside_down = self._first = line.endswith(_UPSIDE_DOWN)
            return shown
        raised_here, self._first = self._first, False
        if raised_here or not _PACKAGES.search(frame["file"]):
            self._hidden += bool(self._held)
            self._held = []
            return [*self.end(), line]
        self._lead = frame["lead"].replace(">", " ").replace("+", "|")
        self._hidden += bool(self._held) or self._upside_down
        self._held = [] if self._upside_down else [line]
        return []

    def end(self) -> list[str]:
        """What is still kept back."""
        shown = self._held
        if self._hidden:
            frames = "frame" if self._hidden == 1 else "frames"
            shown = [f"{self._lead}... {self._hidden} {frames} in packages ...", *shown]
        self._held, self._hidden = [], 0
        return shown

    def _belongs(self, line: str) -> bool:
        """Whether a line shows the code of the frame above it."""
        return line.startswith((f"{self._lead}  ", self._lead + _REPEATED))


class _Echo:
    """Finds what two handlers write of one logging record, one after the other."""

    def __init__(self) -> None:
        self._stream = ""
        self._lines: deque[str] = deque(maxlen=_MOST_LINES)
        self._heard = False

    def repeats(self, line: events.LogLine) -> bool:
        """Whether the line is the same as what the other handler has just written."""
        if line.stream == self._stream:
            if self._heard:
                self._lines.clear()
                self._heard = False
            self._lines.append(line.text)
            return False
        if "logging" in (line.stream, self._stream) and self._lines:
            logged, written = line.text, self._lines[0]
            if line.stream != "logging":
                logged, written = written, logged
            if _is_written_as(logged, written):
                self._lines.popleft()
                self._heard = True
                return True
        self._stream, self._heard = line.stream, False
        self._lines.clear()
        self._lines.append(line.text)
        return False


def _is_written_as(logged: str, written: str) -> bool:
    """Whether a handler of the app wrote this record so, perhaps with time, name and level."""
    if not written.endswith(logged):
        return False
    before = written[: len(written) - len(logged)]
    return not before or bool(logged and _LEVEL.search(before))


def _last_state(text: str) -> str:
    """What a terminal would show of a line that was written over and over."""
    return text.rstrip("\r").rpartition("\r")[2]


def folded(text: str) -> str:
    """A whole traceback with its frames in packages counted."""
    traceback = _Traceback()
    shown = [shown for line in text.split("\n") for shown in traceback.add(line)]
    return "\n".join([*shown, *traceback.end()])


def _is_of(key: tuple[str, ...], instance: str, invocation_id: str | None) -> bool:
    return key[0] == instance and invocation_id in (None, key[1])

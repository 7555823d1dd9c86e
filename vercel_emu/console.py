"""Events to terminal lines: what a person sees while the emulator runs.

Lines are collected and written together a few milliseconds later, so that a `print` in user
code costs next to nothing here. Only plain strings on this path; rich draws the banner and the rest
that is shown once.
"""

from __future__ import annotations

import asyncio
import codecs
import json
import re
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TextIO

import msgspec

from vercel_emu import events
from vercel_emu.platform.own_paths import PAGES_OWN_REQUESTS

FLUSH_SECONDS = 0.01
LONGEST_PATH = 200
_ERASED_LINE = "\r\x1b[K"
_REMEMBERED = 100
"""Invocations that have ended and whose lines are still told apart."""


@dataclass(frozen=True, slots=True)
class Colors:
    """ANSI sequences, or empty strings where the output is plain."""

    dim: str = ""
    red: str = ""
    green: str = ""
    yellow: str = ""
    cyan: str = ""
    bold: str = ""
    reset: str = ""

    @classmethod
    def ansi(cls) -> Colors:
        return cls("\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[36m", "\x1b[1m", "\x1b[0m")


class LineWriter:
    """Collects lines and writes them in one call; usable with and without a running loop."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._lines: list[str] = []
        self._handle: asyncio.TimerHandle | None = None
        self._prompt = ""
        self._shown_prompt = ""

    def show_prompt(self, text: str) -> None:
        """Keep this below all lines, for a terminal that is wider than it; empty: no longer."""
        self._prompt = text
        self.flush()

    def add(self, line: str) -> None:
        self._lines.append(line)
        if self._handle is None:
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                self.flush()
            else:
                self._handle = loop.call_later(FLUSH_SECONDS, self.flush)

    @property
    def encoding(self) -> str:
        """What the output can take; UTF-8 where it doesn't say."""
        return getattr(self._out, "encoding", None) or "utf-8"

    def flush(self) -> None:
        """Write what has been collected.

        An output that is gone, or full, is no error of ours; what it has no character for is
        replaced.
        """
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        lines, self._lines = self._lines, []
        text = "".join(f"{line}\n" for line in lines)
        if self._prompt or self._shown_prompt:
            text = (_ERASED_LINE if self._shown_prompt else "") + text + self._prompt
            self._shown_prompt = self._prompt
        if not text:
            return
        try:
            try:
                self._out.write(text)
            except UnicodeEncodeError:
                self._out.write(encodable(text, self.encoding))
            self._out.flush()
        except (OSError, ValueError):
            pass


class JsonConsole:
    """One JSON object a line: the event's fields, its type as `event`, and `time` (epoch s)."""

    def __init__(self, writer: LineWriter) -> None:
        self._writer = writer
        self._encoding = writer.encoding

    def __call__(self, event: events.Event) -> None:
        fields = msgspec.to_builtins(event)
        shape = {"event": type(event).__name__, "time": round(time.time(), 3), **fields}
        self._writer.add(json_text(shape, self._encoding))


class PrettyConsole:
    """Events as lines for a person.

    An invocation's own lines are indented under it; the line of the invocation itself comes when
    it is answered, so lines that come before are kept back until then or until they get old.
    """

    def __init__(
        self, writer: LineWriter, colors: Colors, *, quiet: bool = False, verbose: bool = False
    ) -> None:
        self._writer = writer
        self._colors = colors
        self._quiet = quiet
        self._verbose = verbose
        self._last_invocation = ""
        self._paths: dict[str, str] = {}
        self._ended: deque[str] = deque()
        self._several = False
        self._builtin_api: dict[str, tuple[str, ...]] = {}
        self._handlers: dict[type, Callable[..., None]] = {
            events.Notice: self._notice,
            events.InvocationStarted: self._invocation_started,
            events.ResponseSent: self._response,
            events.InvocationEnded: self._invocation_ended,
            events.InvocationRanOn: self._ran_on,
            events.LogLine: self._log,
            events.InstanceReady: self._ready,
            events.InstanceFailed: self._failed,
            events.Reloading: self._reloading,
            events.Reloaded: self._reloaded,
            events.StandbyReady: self._standby,
            events.FunctionsAPI: self._functions_api,
            events.OutgoingFetch: self._fetch,
        }

    def __call__(self, event: events.Event) -> None:
        handler = self._handlers.get(type(event))
        if handler is not None:
            handler(event)

    def show_instances(self) -> None:
        """Name the instance on each line: several of them serve the same function."""
        self._several = True

    # One method for each event -----------------------------------------------------------------

    def _invocation_started(self, event: events.InvocationStarted) -> None:
        self._paths[event.invocation_id] = f"{event.method} {shortened(event.path)}"

    def _response(self, event: events.ResponseSent) -> None:
        if event.path.startswith(PAGES_OWN_REQUESTS) and not self._verbose:
            return
        if event.error_code or not self._quiet:
            self._writer.add(self._response_line(event))
            self._last_invocation = event.invocation_id

    def _response_line(self, event: events.ResponseSent) -> str:
        c = self._colors
        status = event.status
        tint = c.green if status < 400 else c.yellow if status < 500 else c.red
        method = plain(event.method)
        text = f"{self._clock()} {tint}{status}{c.reset} {c.bold}{method}{c.reset} "
        text += f"{plain(shortened(event.path))} {c.dim}{duration(event.duration_ms)}"
        if event.visitor:
            text += f" · {plain(event.visitor)}"
        if self._several and event.instance:
            text += f" · {plain(event.instance)}"
        if event.cache:
            text += f" · {event.cache}"
        if event.cold:
            text += f" · {c.reset}{c.cyan}cold start{c.reset}{c.dim}"
        if event.error_code:
            text += f" · {c.reset}{c.red}{event.error_code}{c.reset}{c.dim}"
        return text + c.reset

    def _invocation_ended(self, event: events.InvocationEnded) -> None:
        # The server logs an exception that came through only after that.
        self._ended.append(event.invocation_id)
        if len(self._ended) > _REMEMBERED:
            self._paths.pop(self._ended.popleft(), None)

    def _ran_on(self, event: events.InvocationRanOn) -> None:
        if self._quiet and not event.error_code:
            return
        c = self._colors
        path = f"{plain(event.method)} {plain(shortened(event.path))}"
        text = f"ran on for {duration(event.duration_ms)} after its client had left"
        if event.error_code:
            text += f" · {c.reset}{c.red}{event.error_code}"
        self._writer.add(f"{self._clock()} {c.dim}{path} {text}{c.reset}")

    def _log(self, event: events.LogLine) -> None:
        if event.stream == "stdout" and not self._verbose and access_log(event.text):
            return
        c = self._colors
        if event.invocation_id and event.invocation_id != self._last_invocation:
            path = self._paths.get(event.invocation_id, "an earlier invocation")
            self._writer.add(f"{self._clock()} {c.dim}{plain(path)}{c.reset}")
            self._last_invocation = event.invocation_id
        elif not event.invocation_id:
            self._last_invocation = ""
        tint = {"warn": c.yellow, "error": c.red, "fatal": c.red, "debug": c.dim}.get(
            event.level, ""
        )
        label = ""
        if event.stream == "logging" and event.level != "info":
            inside = not event.text or event.text.startswith((" ", "Traceback (most recent"))
            label = "" if inside else f"{event.level}: "
        mark = "│" if event.invocation_id else "┆"
        self._writer.add(f"  {c.dim}{mark}{c.reset} {tint}{label}{printable(event.text)}{c.reset}")

    def _notice(self, event: events.Notice) -> None:
        if event.level == "debug" and not self._verbose:
            return
        if event.level == "info" and self._quiet:
            return
        c = self._colors
        tint = {"warn": c.yellow, "error": c.red, "fatal": c.red}.get(event.level, c.dim)
        label = "" if event.level in ("info", "debug") else f"{event.level}: "
        self._writer.add(f"{tint}{label}{c.reset}{printable(event.message)}")
        for line in (event.hint or "").splitlines():
            self._writer.add(f"  {c.dim}{printable(line)}{c.reset}")

    def _ready(self, event: events.InstanceReady) -> None:
        if self._verbose:
            kind = "warm standby" if event.warm_standby else "cold start"
            self._dim(
                f"{event.instance} ready in {duration(event.duration_ms)} "
                f"({kind}, your code {event.user_init_ms} ms)"
            )

    def _failed(self, event: events.InstanceFailed) -> None:
        c = self._colors
        failed = f"{plain(event.function)} failed: {printable(event.message)}"
        self._writer.add(f"{c.red}{failed}{c.reset}")
        for line in event.detail.splitlines():
            self._writer.add(f"  {c.red}│{c.reset} {printable(line)}{c.reset}")
        for line in event.hint.splitlines():
            self._writer.add(f"  {c.dim}{printable(line)}{c.reset}")

    def _reloading(self, event: events.Reloading) -> None:
        if self._verbose:
            self._dim(f"changed: {', '.join(event.files)}")

    def _reloaded(self, event: events.Reloaded) -> None:
        if self._quiet:
            return
        c = self._colors
        first, *more = event.files or ("",)
        shown = [f"{first} ({event.reason})" if event.reason else first, *more]
        files = ", ".join(shown[:3]) + (" ..." if len(shown) > 3 else "")
        self._writer.add(
            f"{self._clock()} {c.cyan}reloaded{c.reset} {c.dim}{duration(event.duration_ms)}"
            f"{' · ' + printable(files) if files else ''}{c.reset}"
        )

    def _standby(self, event: events.StandbyReady) -> None:
        if self._verbose:
            self._dim(
                f"{event.instance} stands by: {event.modules} modules imported ahead "
                f"in {duration(event.duration_ms)}"
                + (f", {event.memory_mb:.0f} MB" if event.memory_mb else "")
            )

    def _functions_api(self, event: events.FunctionsAPI) -> None:
        """Said once for all functions: they share one environment."""
        before = self._builtin_api.pop(event.function, ())
        known = {*before, *(part for parts in self._builtin_api.values() for part in parts)}
        self._builtin_api[event.function] = event.builtin
        new = [part for part in event.builtin if part not in known]
        gone = [part for part in before if part not in event.builtin]
        if new:
            self._notice(_served_by_us(new, event.installed))
        elif gone and not any(self._builtin_api.values()):
            message = f"The package `vercel` is installed now: it serves {', '.join(gone)}."
            self._notice(events.Notice(level="info", message=message))

    def _fetch(self, event: events.OutgoingFetch) -> None:
        if self._verbose:
            self._dim(
                f"  fetch {event.method} {event.host}{event.path} "
                f"{event.status} {duration(event.duration_ms)}"
            )

    def _dim(self, text: str) -> None:
        self._writer.add(f"{self._colors.dim}{printable(text)}{self._colors.reset}")

    def _clock(self) -> str:
        c = self._colors
        return f"{c.dim}{time.strftime('%H:%M:%S')}{c.reset}"


def _served_by_us(parts: list[str], installed: str) -> events.Notice:
    serves = f"vercel-emu's built-in API serves {', '.join(parts)}"
    if installed:
        message = f"The installed `vercel` {installed} is too old; {serves}."
        hint = "Ask for a newer `vercel` in your requirements before you deploy."
    else:
        message = f"The package `vercel` is not installed in the app's environment; {serves}."
        hint = "Add `vercel` to your requirements before you deploy."
    return events.Notice(level="warn", message=message, hint=hint)


def duration(ms: float) -> str:
    """A duration as people read it: `3.2 ms`, `410 ms`, `1.24 s`."""
    if ms < 10:
        return f"{ms:.1f} ms"
    return f"{ms:.0f} ms" if ms < 1000 else f"{ms / 1000:.2f} s"


def access_log(line: str) -> bool:
    """The WSGI and `handler` server's own line of a request; the invocation's says more."""
    return _ACCESS_LOG.match(line) is not None


_ACCESS_LOG = re.compile(r'127\.0\.0\.1 - - \[[^]]+\] "[A-Z]+ ')
_INVISIBLE = (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029)
"""C0, DEL and C1 control characters, and what else ends a line."""
_REORDERING = (0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""They make a text look like another one."""
_UNSAFE = {
    code: f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
    for code in (*_INVISIBLE, *_REORDERING)
    if chr(code) != "\t"
}
_JSON_UNSAFE = {code: f"\\u{code:04x}" for code in _INVISIBLE if code >= 0x7F}
"""What JSON does not escape by itself; it stands in strings alone."""
_COLOUR = re.compile("(\x1b\\[[0-9;:]*m)")
_ORNAMENTS = {
    "│": "|", "┆": ":", "·": "-", "…": "...", "▲": "^", "→": "->", "✓": "+", "━": "-", "─": "-"
}  # fmt: skip
"""Our own characters, where the output can't take them."""


def json_text(value: Any, encoding: str, indent: int | None = None) -> str:
    """JSON for an output of this encoding, control characters visible; NaN is null."""
    ascii_only = codecs.lookup(encoding).name != "utf-8"
    try:
        text = json.dumps(value, ensure_ascii=ascii_only, indent=indent, allow_nan=False)
    except ValueError:
        finite = msgspec.json.decode(msgspec.json.encode(value))
        text = json.dumps(finite, ensure_ascii=ascii_only, indent=indent)
    return text if text.isprintable() else text.translate(_JSON_UNSAFE)


def shortened(path: str) -> str:
    """A path for one line: a URL may have 14 KB."""
    return path if len(path) <= LONGEST_PATH else path[: LONGEST_PATH - 1] + "…"


def printable(text: str) -> str:
    """One line without what would do something to a terminal; colours of the app stay."""
    if text.isprintable():
        return text
    if "\x1b" not in text:
        return text.translate(_UNSAFE)
    parts = _COLOUR.split(text)
    parts[::2] = [part.translate(_UNSAFE) for part in parts[::2]]
    return "".join(parts)


def printable_lines(text: str) -> str:
    """Like `printable`, for a text of several lines."""
    return "\n".join(map(printable, text.split("\n")))


def plain(text: str) -> str:
    """Like `printable`, for what a client sent: no colours either."""
    return text if text.isprintable() else text.translate(_UNSAFE)


def replaced(error: UnicodeError) -> tuple[str, int]:
    """An error handler of codecs: `|` for our own bars and the like, else the code (`\\u20ac`)."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    found = error.object[error.start : error.end]
    known = "".join(_ORNAMENTS.get(one, one) for one in found)
    return known.encode("ascii", "backslashreplace").decode(), error.end


REPLACE = "vercel-emu-replace"
"""The name of that handler."""
codecs.register_error(REPLACE, replaced)


def encodable(text: str, encoding: str) -> str:
    """The text with what `encoding` has no character for replaced."""
    return text.encode(encoding, REPLACE).decode(encoding)


def wants_color(out: TextIO, environ: dict[str, str]) -> bool:
    """Whether to colour `out`: a terminal, unless `NO_COLOR` says otherwise."""
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return out.isatty() and environ.get("TERM") != "dumb"

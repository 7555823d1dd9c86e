"""What a person, and a program, reads of each event."""

from __future__ import annotations

import errno
import io
import json

import pytest

from vercel_emu import events
from vercel_emu.console import (
    Colors,
    JsonConsole,
    LineWriter,
    PrettyConsole,
    duration,
    printable,
    wants_color,
)


def show(*happened: events.Event, **settings: bool) -> list[str]:
    out = io.StringIO()
    console = PrettyConsole(LineWriter(out), Colors(), **settings)
    for event in happened:
        console(event)
    return [line[9:] if line[2:3] == ":" else line for line in out.getvalue().splitlines()]


def started(invocation: str = "i1", path: str = "/a") -> events.InvocationStarted:
    return events.InvocationStarted(
        invocation_id=invocation,
        function="app",
        instance="app#1",
        method="GET",
        path=path,
        visitor="Tokyo",
        cold=False,
    )


def answered(invocation: str = "i1", **changes: object) -> events.ResponseSent:
    values = {
        "invocation_id": invocation,
        "method": "GET",
        "path": "/a",
        "status": 200,
        "duration_ms": 12.3,
        "visitor": "Tokyo",
        "function": "app",
        "instance": "app#1",
        **changes,
    }
    return events.ResponseSent(**values)  # type: ignore[arg-type]


def line(text: str, invocation: str = "i1", **changes: object) -> events.LogLine:
    values = {
        "text": text,
        "level": "info",
        "stream": "stdout",
        "function": "app",
        "instance": "app#1",
        "invocation_id": invocation,
        **changes,
    }
    return events.LogLine(**values)  # type: ignore[arg-type]


def test_one_line_per_invocation() -> None:
    assert show(started(), answered()) == ["200 GET /a 12 ms · Tokyo"]


def test_a_cold_start_is_marked() -> None:
    assert show(answered(cold=True)) == ["200 GET /a 12 ms · Tokyo · cold start"]
    assert show(answered(cache="HIT")) == ["200 GET /a 12 ms · Tokyo · HIT"]


def test_an_error_of_the_platform_is_named() -> None:
    shown = show(answered(status=504, error_code="FUNCTION_INVOCATION_TIMEOUT"))
    assert shown == ["504 GET /a 12 ms · Tokyo · FUNCTION_INVOCATION_TIMEOUT"]


def test_prints_stand_under_their_invocation() -> None:
    shown = show(started(), line("hello"), line("again"), answered())
    assert shown == ["GET /a", "  │ hello", "  │ again", "200 GET /a 12 ms · Tokyo"]


def test_a_late_line_names_its_invocation_again() -> None:
    shown = show(started("i1", "/one"), started("i2", "/two"), answered("i2"), line("late", "i1"))
    assert shown[1:] == ["GET /one", "  │ late"]


def test_the_runtimes_access_log_is_left_out_unless_verbose() -> None:
    access = line('127.0.0.1 - - [22/Nov/2026 19:30:03] "GET /api/geo HTTP/1.1" 200 -')
    assert show(started(), access) == []
    assert len(show(started(), access, verbose=True)) == 2


def test_what_open_pages_ask_is_left_out_unless_verbose() -> None:
    waited = answered(path="/_emu/wait?since=1", function="", instance="")
    assert show(waited) == []
    assert show(waited, verbose=True) == ["200 GET /_emu/wait?since=1 12 ms · Tokyo"]


def test_a_long_url_is_cut() -> None:
    (text,) = show(answered(path="/" + "a" * 14_000))
    assert text.startswith("200 GET /aaa")
    assert "a… 12 ms" in text
    assert len(text) < 250


def test_a_hint_of_several_lines_stays_readable() -> None:
    notice = events.Notice(level="error", message="It failed.", hint="Traceback\n  File x")
    assert show(notice) == ["error: It failed.", "  Traceback", "    File x"]


def test_levels_of_logging_are_shown() -> None:
    shown = show(started(), line("careful", level="warn", stream="logging"))
    assert shown[-1] == "  │ warn: careful"


def test_quiet_keeps_errors_and_the_apps_output() -> None:
    shown = show(
        started(),
        answered(),
        line("hello"),
        events.Notice(level="info", message="fyi"),
        events.Notice(level="warn", message="look"),
        quiet=True,
    )
    assert shown == ["GET /a", "  │ hello", "warn: look"]


def test_verbose_tells_about_instances() -> None:
    ready = events.InstanceReady(function="app", instance="app#1", duration_ms=300, user_init_ms=9)
    assert show(ready) == []
    assert show(ready, verbose=True) == ["app#1 ready in 300 ms (cold start, your code 9 ms)"]


def test_a_failed_start_shows_the_traceback() -> None:
    failed = events.InstanceFailed(
        function="app",
        instance="app#1",
        message="NameError: x",
        detail='File "app.py", line 3\n  x',
    )
    assert show(failed) == ["app failed: NameError: x", '  │ File "app.py", line 3', "  │   x"]


def test_control_characters_of_a_client_do_not_reach_the_terminal() -> None:
    assert show(answered(path="/\x07\rowned\x1b[2J")) == [
        "200 GET /\\x07\\x0downed\\x1b[2J 12 ms · Tokyo"
    ]
    assert printable("tab\tand colour \x1b[31mred") == "tab\tand colour \x1b[31mred"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[1;31mred\x1b[0m", "\x1b[1;31mred\x1b[0m"),
        ("\x1b[38:2::1:2:3mtrue colour", "\x1b[38:2::1:2:3mtrue colour"),
        ("\x1b[2J\x1b[1;1Hclear", "\\x1b[2J\\x1b[1;1Hclear"),
        ("\x1b]52;c;ZXZpbA\x1b\\clip", "\\x1b]52;c;ZXZpbA\\x1b\\clip"),
        ("\x1b[31\x1b[2Jm", "\\x1b[31\\x1b[2Jm"),
        ("\x1b[?1049h\x1bc\x1b", "\\x1b[?1049h\\x1bc\\x1b"),
        ("\x9b2J\x9d52;\x85", "\\x9b2J\\x9d52;\\x85"),
        ("a\r\x08\x00\x7fb\tc", "a\\x0d\\x08\\x00\\x7fb\tc"),
        ("user\u202etxt.exe\u2028", "user\\u202etxt.exe\\u2028"),
        ("日本 é 👩\u200d👧", "日本 é 👩\u200d👧"),
    ],
)
def test_only_colours_of_the_app_reach_the_terminal(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert show(started(), line(text))[-1] == f"  │ {shown}"
    assert show(events.Notice(level="info", message=text)) == [shown]
    failed = events.InstanceFailed(function="app", instance="app#1", message=text)
    assert show(failed) == [f"app failed: {shown}"]


def test_labels_of_a_client_are_shown_without_colours() -> None:
    (shown,) = show(answered(visitor="\x1b[31mTo\x9bkyo", method="G\x1bET"))
    assert shown == "200 G\\x1bET /a 12 ms · \\x1b[31mTo\\x9bkyo"


def written(encoding: str, *happened: events.Event, as_json: bool = False) -> str:
    """What arrives at an output of this encoding."""
    raw = io.BytesIO()
    writer = LineWriter(io.TextIOWrapper(raw, encoding=encoding))
    console = JsonConsole(writer) if as_json else PrettyConsole(writer, Colors())
    for event in happened:
        console(event)
    return raw.getvalue().decode(encoding)


def test_what_the_output_has_no_character_for_is_replaced() -> None:
    said = line("日 é \udcff")
    assert "  | \\u65e5 \\xe9 \\udcff\n" in written("ascii", started(), said)
    assert "  | \\u65e5 é \\udcff\n" in written("latin-1", started(), said)
    assert "  │ 日 é \\udcff\n" in written("utf-8", started(), said)
    assert " 200 GET /a 12 ms - Tokyo\n" in written("ascii", answered())


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_json_says_the_same_in_every_encoding(encoding: str) -> None:
    text = "日 é \x9b \u2028 \x7f"
    wrote = written(encoding, line(text), as_json=True)
    assert json.loads(wrote)["text"] == text
    assert wrote.rstrip("\n").isprintable()


def test_json_is_one_object_a_line() -> None:
    out = io.StringIO()
    console = JsonConsole(LineWriter(out))
    console(answered())
    console(line("two\nlines"))
    first, second = (json.loads(text) for text in out.getvalue().splitlines())
    assert (first["event"], first["status"], first["path"]) == ("ResponseSent", 200, "/a")
    assert (second["event"], second["text"]) == ("LogLine", "two\nlines")
    assert first["time"] > 1_600_000_000


def test_who_serves_the_functions_api_is_said_once_and_when_it_changes() -> None:
    def served(function: str, *builtin: str) -> events.FunctionsAPI:
        return events.FunctionsAPI(function=function, builtin=builtin)

    missing = [served(function, "vercel.functions") for function in ("api/a", "api/b")]
    back = [served(function) for function in ("api/a", "api/b")]
    shown = show(*missing, missing[1], *back, missing[0])
    warning, hint, installed = shown[:3]
    assert warning.endswith("; vercel-emu's built-in API serves vercel.functions.")
    assert hint == "  Add `vercel` to your requirements before you deploy."
    assert installed == "The package `vercel` is installed now: it serves vercel.functions."
    assert shown[3:] == [warning, hint]


def test_each_part_of_the_functions_api_is_said_once_and_an_old_package_named() -> None:
    def served(function: str, *builtin: str) -> events.FunctionsAPI:
        return events.FunctionsAPI(function=function, builtin=builtin, installed="0.3.2")

    one, both = ("vercel.cache",), ("vercel.cache", "vercel.functions")
    shown = show(served("api/a", *one), served("api/b", *both), served("api/a", *both))
    assert [line.partition("; ")[2] for line in shown[::2]] == [
        "vercel-emu's built-in API serves vercel.cache.",
        "vercel-emu's built-in API serves vercel.functions.",
    ]
    assert shown[0].startswith("warn: The installed `vercel` 0.3.2 is too old;")


@pytest.mark.parametrize("number", [errno.EPIPE, errno.EIO, errno.ENOSPC])
def test_an_output_that_is_gone_or_full_is_no_error(number: int) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(number, "")

    LineWriter(Gone()).add("x")


@pytest.mark.parametrize(
    ("ms", "text"), [(0.04, "0.0 ms"), (9.94, "9.9 ms"), (410, "410 ms"), (1240, "1.24 s")]
)
def test_duration(ms: float, text: str) -> None:
    assert duration(ms) == text


@pytest.mark.parametrize(
    ("environ", "tty", "color"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_wants_color(environ: dict[str, str], tty: bool, color: bool) -> None:
    out = io.StringIO()
    out.isatty = lambda: tty  # type: ignore[method-assign]
    assert wants_color(out, environ) is color

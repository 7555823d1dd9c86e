"""The functions' log as a person reads it."""

from __future__ import annotations

import json
import sys
import traceback
from typing import Any, Literal

import pytest

from vercel_emu import events
from vercel_emu.instance.output.readable import ReadableLog

PACKAGE = "/v/lib/python3.13/site-packages/starlette"
LIBRARY = "/usr/lib/python3.12"


class Screen:
    """Collects what a person sees."""

    def __init__(self) -> None:
        self.seen: list[events.Event] = []
        self._log = ReadableLog(self.seen.append)

    def write(
        self,
        text: str,
        stream: Literal["stdout", "stderr", "logging"] = "stderr",
        invocation: str = "a",
        instance: str = "f#1",
    ) -> None:
        for line in text.split("\n"):
            self._log(
                events.LogLine(
                    text=line,
                    level="error" if stream == "logging" else "info",
                    stream=stream,
                    function="f",
                    instance=instance,
                    invocation_id=invocation,
                )
            )

    def tell(self, event: events.Event) -> None:
        self._log(event)

    @property
    def text(self) -> str:
        return "\n".join(one.text for one in self.seen if isinstance(one, events.LogLine))


def shown(text: str, **given: Any) -> str:
    screen = Screen()
    screen.write(text, **given)
    return screen.text


PLAIN = f"""Traceback (most recent call last):
  File "{PACKAGE}/a.py", line 1, in run
    await app()
  File "{PACKAGE}/b.py", line 2, in run
    await app()
    ^^^^^^^^^^^
  File "/project/app.py", line 7, in boom
    json.loads(x)
  File "{LIBRARY}/json/decoder.py", line 8, in decode
    self.raw_decode()
  File "{LIBRARY}/json/decoder.py", line 9, in raw_decode
    raise ValueError(x)
ValueError: x"""
FOLDED = f"""Traceback (most recent call last):
  ... 2 frames in packages ...
  File "/project/app.py", line 7, in boom
    json.loads(x)
  ... 1 frame in packages ...
  File "{LIBRARY}/json/decoder.py", line 9, in raw_decode
    raise ValueError(x)
ValueError: x"""


@pytest.mark.parametrize("stream", ["stdout", "stderr", "logging"])
@pytest.mark.parametrize(
    "before", ["", "Internal Server Error: /\n", "ERROR:app:Exception on / [GET]\n"]
)
def test_frames_of_packages_are_counted(stream: Literal["stderr"], before: str) -> None:
    assert shown(before + PLAIN, stream=stream) == before + FOLDED


def test_what_is_no_traceback_stays() -> None:
    for text in ("", "  File", '  File "x"', "    indented\n  ^^^", "  ... 3 frames ...", "a\n\nb"):
        assert shown(text) == text


def test_frames_of_the_project_stay() -> None:
    own = PLAIN.replace(PACKAGE, "/project/pkg").replace(LIBRARY, "/project/lib")
    assert shown(own) == own


def test_chained_tracebacks() -> None:
    between = "\n\nDuring handling of the above exception, another exception occurred:\n\n"
    assert shown(PLAIN + between + PLAIN) == FOLDED + between + FOLDED


def test_a_traceback_of_packages_alone_keeps_where_it_was_raised() -> None:
    text = f"""Traceback (most recent call last):
  File "{PACKAGE}/a.py", line 1, in run
  File "{PACKAGE}/b.py", line 2, in run
    raise OSError
OSError"""
    assert shown(text).split("\n")[1:] == [
        "  ... 1 frame in packages ...",
        f'  File "{PACKAGE}/b.py", line 2, in run',
        "    raise OSError",
        "OSError",
    ]


def test_repeated_lines_belong_to_their_frame() -> None:
    text = f"""Traceback (most recent call last):
  File "{PACKAGE}/a.py", line 1, in run
    run()
  [Previous line repeated 969 more times]
  File "/project/app.py", line 2, in rec
    return rec()
  [Previous line repeated 12 more times]
RecursionError: deep"""
    assert "969" not in shown(text)
    assert "[Previous line repeated 12 more times]" in shown(text)


def own_traceback(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)).rstrip("\n")


def test_the_stacks_of_a_crash_begin_where_it_crashed() -> None:
    text = f"""Fatal Python error: Segmentation fault

Current thread 0x00007f6d5e7836c0 (most recent call first):
  File "{LIBRARY}/ctypes/__init__.py", line 520 in string_at
  File "/project/app.py", line 86 in segv
  File "{PACKAGE}/a.py", line 1 in run
  File "{PACKAGE}/b.py", line 1 in run

Thread 0x00007f6d62209c40 (most recent call first):
  File "{LIBRARY}/threading.py", line 1 in wait

Extension modules: x"""
    lines = text.split("\n")
    lines[5:7] = ["  ... 2 frames in packages ..."]
    assert shown(text) == "\n".join(lines)


def failures() -> list[Exception]:
    found: list[Exception] = []
    for _ in range(3):
        try:
            json.loads("{")
        except ValueError as error:
            found.append(error)
    return found


def test_exception_groups() -> None:
    text = own_traceback(ExceptionGroup("several", failures()))
    screen = shown(text)
    assert text.count("/json/decoder.py") > screen.count("/json/decoder.py") == 3
    assert screen.count("    |   ... ") == 3
    kept = [line for line in screen.split("\n") if "in packages ..." not in line]
    assert [line for line in text.split("\n") if line in kept] == kept


def test_two_that_write_at_the_same_time() -> None:
    screen = Screen()
    for line in PLAIN.split("\n"):
        screen.write(line, invocation="a")
        screen.write(line, invocation="b")
        screen.write(line, invocation="b", instance="f#2")
    for of in (("a", "f#1"), ("b", "f#1"), ("b", "f#2")):
        lines = [
            one.text
            for one in screen.seen
            if isinstance(one, events.LogLine) and (one.invocation_id, one.instance) == of
        ]
        assert "\n".join(lines) == FOLDED


def test_what_an_invocation_leaves_open_is_shown_at_its_end() -> None:
    screen = Screen()
    torn = f'Traceback\n  File "{PACKAGE}/a.py", line 1, in run\n    await app()'
    screen.write(torn)
    assert screen.text == "Traceback"
    ended = events.InvocationEnded(invocation_id="a", function="f", instance="f#1", duration_ms=1.0)
    screen.tell(ended)
    assert screen.text == torn
    assert screen.seen[-1] is ended


def test_what_a_failed_instance_leaves_open_is_shown() -> None:
    screen = Screen()
    torn = f'Traceback\n  File "{PACKAGE}/a.py", line 1, in run'
    screen.write(torn, invocation="")
    screen.tell(events.InstanceFailed(function="f", instance="f#1", message="x", detail=PLAIN))
    assert screen.text == torn
    (failed,) = [one for one in screen.seen if isinstance(one, events.InstanceFailed)]
    assert failed.detail == FOLDED


# Two handlers -----------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["", "ERROR:app:", "2026-11-25 10:00:00 [error   ] app: "])
@pytest.mark.parametrize("message", ["Not Found: /x", f"Internal Server Error: /\n{PLAIN}"])
@pytest.mark.parametrize("order", [("stderr", "logging"), ("logging", "stderr")])
def test_what_two_handlers_write_appears_once(
    prefix: str, message: str, order: tuple[Literal["stderr"], Literal["logging"]]
) -> None:
    screen = Screen()
    for _ in range(3):
        for stream in order:
            screen.write((prefix if stream == "stderr" else "") + message, stream)
    assert screen.text.count(message.split("\n")[0]) == 3
    assert screen.text.count("in boom") == 3 * message.count("in boom")


def test_what_is_said_twice_in_the_same_way_appears_twice() -> None:
    for stream in ("stdout", "stderr", "logging"):
        screen = Screen()
        screen.write("again\nagain", stream)
        assert screen.text == "again\nagain"
    screen = Screen()
    screen.write("again", "stdout")
    screen.write("again", "stderr")
    assert screen.text == "again\nagain"


def test_a_printed_line_that_only_ends_alike_is_another() -> None:
    screen = Screen()
    screen.write("we are ready", "stderr")
    screen.write("ready", "logging")
    assert screen.text == "we are ready\nready"


def test_invocations_and_instances_are_told_apart() -> None:
    screen = Screen()
    screen.write("same", "stderr", invocation="a")
    screen.write("same", "logging", invocation="b")
    screen.write("same", "logging", instance="f#2")
    assert screen.text == "same\nsame\nsame"


def test_several_messages_before_their_echo() -> None:
    screen = Screen()
    screen.write("one\ntwo\nthree", "stderr")
    screen.write("one\ntwo\nfour", "logging")
    assert screen.text == "one\ntwo\nthree\nfour"


def test_a_thousand_invocations_are_not_kept() -> None:
    screen = Screen()
    for number in range(1000):
        screen.write("x", invocation=str(number))
    assert sys.getsizeof(screen._log._echoes) < 20_000


# Progress ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("work: 0%\rwork: 50%\rwork: 100%", "work: 100%"),
        ("\rwork: 0%\rwork: 100%\r", "work: 100%"),
        ("a windows line\r", "a windows line"),
        ("\r", ""),
    ],
)
def test_of_a_progress_bar_the_last_state_is_shown(text: str, state: str) -> None:
    assert shown(text) == state

"""Apps that write a lot, in one go."""

from __future__ import annotations

import pytest

from tests.real.conftest import Emulate
from tests.real.support import Emulation
from vercel_emu import events
from vercel_emu.instance.output.logs import LONGEST_LINE

APP = """
import logging, os, sys, threading

def one_line(n): print("x" * n)
def unended(n): sys.stderr.write("x" * n)
def record(n): logging.warning("x" * n)
def many_lines(n): print("\\n".join(str(i) for i in range(n)))
def below_python(n): os.write(1, b"x" * n + b"\\n")

def threads(n):
    def write(letter):
        for _ in range(4):
            print(letter * n)
    all_ = [threading.Thread(target=write, args=(letter,)) for letter in "abcd"]
    [one.start() for one in all_]
    [one.join() for one in all_]

def app(environ, start_response):
    kind, _, n = environ["QUERY_STRING"].partition("=")
    if kind:
        globals()[kind](int(n))
        print("after")
    start_response("200 OK", [("content-type", "text/plain")])
    return [b"ok"]
"""

MUCH = 20 * 1024 * 1024


@pytest.fixture
def running(emulate: Emulate) -> Emulation:
    running = emulate({"app.py": APP})
    running.wait_ready()
    return running


@pytest.mark.parametrize("kind", ["one_line", "unended", "record", "below_python"])
def test_a_line_of_20_mb_is_cut_with_a_note(running: Emulation, kind: str) -> None:
    assert running.get(f"/?{kind}={MUCH}").text == "ok"
    line = running.events.wait(events.LogLine, lambda line: line.text.startswith("xxx"))
    running.events.wait(events.LogLine, lambda line: line.text == "after")
    shown, _, note = line.text.partition(" ... ")
    assert shown == "x" * LONGEST_LINE
    assert note.endswith("left out")
    assert running.get("/").text == "ok"


def test_many_lines_come_all_and_in_order(running: Emulation) -> None:
    assert running.get("/?many_lines=50000").text == "ok"
    running.events.wait(events.LogLine, lambda line: line.text == "after")
    said = [line.text for line in running.events.all(events.LogLine)]
    assert [text for text in said if text.isdigit()] == [*map(str, range(50_000))]


def test_large_writes_of_several_threads_stay_whole(running: Emulation) -> None:
    assert running.get("/?threads=250000").text == "ok"
    running.events.wait(events.LogLine, lambda line: line.text == "after")
    running.events.wait(events.InvocationEnded)
    said = [line.text for line in running.events.all(events.LogLine) if len(line.text) > 1000]
    assert sorted(said) == sorted(letter * 250_000 for letter in "abcd" * 4)


def test_what_can_not_start_may_have_written_much(emulate: Emulate) -> None:
    app = "import os\nos.write(1, b'x\\n' * 100_000)\nraise ValueError('at the end')\napp = None\n"
    running = emulate({"app.py": app})
    failed = running.events.wait(events.InstanceFailed)
    assert failed.message == "ValueError: at the end"

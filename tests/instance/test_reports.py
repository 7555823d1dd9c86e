"""What becomes of messages: whose log it is, and what is said once."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from vercel_emu import events
from vercel_emu.instance.instance import Instance
from vercel_emu.instance.output.logs import LineJoiner
from vercel_emu.instance.process import ipc
from vercel_emu.instance.reports import Reports

ERROR = """Exception in ASGI application
Traceback (most recent call last):
  File "/x/vercel_runtime/vc_init.py", line 1, in run
    await app()
  File "/project/app.py", line 7, in boom
    1 / 0
ZeroDivisionError: division by zero"""


class Scene:
    """One instance and everything that is heard of it."""

    def __init__(self) -> None:
        self.heard: list[events.Event] = []
        self.reports = Reports("app", self.heard.append)
        process: Any = None
        self.instance = Instance(
            "app#1", "app", process, LineJoiner("app", "app#1"), root=Path("/project")
        )

    def say(self, kind: str, invocation: str, **payload: str) -> None:
        """Hear a message as the runtime writes it."""
        context = {"invocationId": invocation, "requestId": 1}
        message = {"type": kind, "payload": {"context": context, **payload}}
        for heard in ipc.MessageReader().feed(json.dumps(message).encode() + b"\0"):
            self.reports.handle(self.instance, heard)

    def end(self, invocation: str) -> None:
        self.say("end", invocation)

    def log(self, text: str, invocation: str = "0") -> None:
        message = base64.b64encode(text.encode()).decode()
        self.say("log", invocation, message=message, level="error")

    def lines(self) -> list[tuple[str, str]]:
        return [
            (event.invocation_id, event.text)
            for event in self.heard
            if isinstance(event, events.LogLine)
        ]


def test_the_servers_traceback_belongs_to_the_invocation_that_just_ended() -> None:
    scene = Scene()
    scene.end("i1")
    scene.log(ERROR)
    assert {invocation for invocation, _ in scene.lines()} == {"i1"}


def test_that_traceback_shows_the_persons_frames() -> None:
    scene = Scene()
    scene.end("i1")
    scene.log(ERROR)
    text = "\n".join(line for _, line in scene.lines())
    assert 'File "/project/app.py", line 7' in text
    assert "vc_init" not in text


def test_with_anything_in_between_nobody_is_blamed() -> None:
    scene = Scene()
    scene.end("i1")
    scene.log("something else")
    scene.log(ERROR)
    assert {invocation for invocation, _ in scene.lines()} == {""}


def test_other_errors_outside_of_invocations_stay_there() -> None:
    scene = Scene()
    scene.end("i1")
    scene.log("the pool is exhausted")
    assert scene.lines() == [("", "the pool is exhausted")]


def test_output_before_it_is_ready_is_said_when_it_is() -> None:
    scene = Scene()
    scene.reports.output(scene.instance, "stderr", "loading\n")
    assert scene.lines() == []
    scene.reports.ready(scene.instance)
    scene.reports.output(scene.instance, "stderr", "later\n")
    assert [text for _, text in scene.lines()] == ["loading", "later"]


def test_output_of_one_that_never_starts_is_kept_for_its_failure() -> None:
    scene = Scene()
    scene.reports.output(scene.instance, "stderr", "Traceback ...\n")
    assert scene.instance.said_since(0.0) == ["Traceback ..."]

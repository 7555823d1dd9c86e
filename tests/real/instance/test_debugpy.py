"""A real debugger client at the emulator's debug port, through a reload."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path
from typing import Any, Self

import pytest

from tests.checkout import ROOT, code_blocks
from tests.real.environments import environment_with
from tests.real.support import PATIENCE, emulation
from vercel_emu import events

APP = """\
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    answer = VERSION * 2
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(answer).encode()})

VERSION = 1
"""
LINE = 4
RECIPES = code_blocks(ROOT / "docs" / "recipes.md", "json")
[LAUNCH] = [json.loads(text) for text in RECIPES if "debugpy" in text]
"""The file `launch.json` as the recipe has it."""


class Debugger:
    """A minimal client of the Debug Adapter Protocol."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._file = self._socket.makefile("rb")
        self._seq = 0
        self._seen: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._socket.close()

    def send(self, command: str, **arguments: Any) -> int:
        self._seq += 1
        message = {"seq": self._seq, "type": "request", "command": command, "arguments": arguments}
        body = json.dumps(message).encode()
        self._socket.sendall(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        return self._seq

    def _read(self) -> dict[str, Any]:
        length = 0
        while (line := self._file.readline()) != b"\r\n":
            assert line, "the debug session was cut without a word"
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        message: dict[str, Any] = json.loads(self._file.read(length))
        return message

    def wait(self, **fields: Any) -> dict[str, Any]:
        """The next message with these fields, also one that came before."""
        while True:
            for message in self._seen:
                if fields.items() <= message.items():
                    self._seen.remove(message)
                    return message
            self._seen.append(self._read())

    def ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        answer = self.wait(type="response", request_seq=self.send(command, **arguments))
        assert answer["success"], answer
        return answer.get("body") or {}

    def attach(self, file: Path, line: int) -> None:
        self.ask("initialize", adapterID="python", clientID="test")
        attached = self.send("attach", **LAUNCH["configurations"][0])
        self.wait(type="event", event="initialized")
        source = {"path": str(file)}
        found = self.ask("setBreakpoints", source=source, breakpoints=[{"line": line}])
        assert found["breakpoints"][0]["verified"]
        self.ask("configurationDone")
        self.wait(type="response", request_seq=attached)

    def stopped_at(self) -> int:
        """Wait for a breakpoint; the line."""
        thread = self.wait(type="event", event="stopped")["body"]["threadId"]
        frames = self.ask("stackTrace", threadId=thread)["stackFrames"]
        return int(frames[0]["line"])

    def go_on(self) -> None:
        self.ask("continue", threadId=0)


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return environment_with(tmp_path_factory.mktemp("debug") / "env", "debugpy")


def test_a_breakpoint_in_a_request_and_again_after_a_reload(tmp_path: Path, python: Path) -> None:
    answers: list[str] = []
    options: dict[str, Any] = {"reload": True, "standby": True, "app": "app:app", "debugpy": 0}
    with emulation(
        tmp_path / "p", {"app.py": APP}, python=python, max_duration=1, **options
    ) as emulator:
        emulator.wait_ready()
        assert emulator.project.debugger is not None
        port = emulator.project.debugger.port
        file = emulator.root / "app.py"

        def ask() -> None:
            answers.append(emulator.get("/").text)

        def hit() -> None:
            request = threading.Thread(target=ask)
            request.start()
            assert debugger.stopped_at() == LINE
            # Longer than the function's time: limits are off while a debugger is attached.
            request.join(1.2)
            debugger.go_on()
            request.join(PATIENCE)

        with Debugger(port) as debugger:
            debugger.attach(file, LINE)
            hit()
            assert answers == ["2"]
            emulator.events.wait(events.StandbyReady)
            file.write_text(APP.replace("VERSION = 1", "VERSION = 2"))
            ended = debugger.wait(type="event", event="terminated")
            assert ended["body"]["restart"]
        with Debugger(port) as debugger:
            debugger.attach(file, LINE)
            hit()
            assert answers == ["2", "4"]
        assert emulator.events.all(events.Reloaded)[0].warm_standby


def test_without_debugpy_the_app_says_what_to_install(tmp_path: Path) -> None:
    app = {"app.py": APP}
    with emulation(tmp_path / "p", app, app="app:app", debugpy=0) as emulator:
        failed = emulator.events.wait(events.InstanceFailed)
        assert "pip install debugpy" in failed.message + failed.detail


def test_breakpoint_without_a_debugger_says_how_to_get_one(tmp_path: Path) -> None:
    app = APP.replace("    answer =", "    breakpoint()\n    answer =")
    with emulation(tmp_path / "p", {"app.py": app}, app="app:app") as emulator:
        assert emulator.get("/").text == "2"
        line = emulator.events.wait(events.LogLine, lambda e: "--debugpy" in e.text)
        assert "app.py:4" in line.text

"""One app under test in a real emulator, with its canaries."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.fuzz import oracle
from tests.fuzz.canaries import Canary
from tests.fuzz.connections import PUBLIC_FILE, App, Connection
from tests.fuzz.oracle import Fault, HeadChecks
from tests.real.support import DevProcess, Files, alive, children_of, clean_environ, dev_process

_APPS = Path(__file__).parent / "apps"
_EVERYTHING = '{"framework": null, "rewrites": [{"source": "/(.*)", "destination": "/api/index"}]}'
CANARIES = 2


def app_files(app: App) -> Files:
    recorder, text = ((_APPS / f"{name}.py").read_text() for name in ("recorder", f"{app}_app"))
    public = {f"public{PUBLIC_FILE}": "a file"}
    if app is App.HANDLER:
        return {"recorder.py": recorder, "api/index.py": text, "vercel.json": _EVERYTHING, **public}
    return {"recorder.py": recorder, "app.py": text, **public}


class Target:
    """An emulator that is being fuzzed. `faults` asks what has gone wrong since the last time."""

    def __init__(self, app: App, emulator: DevProcess) -> None:
        self.app = app
        self.port = urlsplit(emulator.url).port or 0
        self._emulator = emulator
        self._stderr = 0
        self.canaries = [Canary(self.port, f"{app}-canary-{one}") for one in range(CANARIES)]
        self._asking = Canary(self.port, f"{app}-asking")
        self._checks: HeadChecks
        self._pids: list[int] = []

    async def begin(self) -> None:
        """Look at one well-formed request: what the platform says of this client."""
        await self._asking.seen()
        baseline, *_ = await self._asking.seen()
        self._checks = HeadChecks(baseline)
        list(self._reported())
        self._pids = sorted(children_of(self._emulator.process.pid))

    async def faults(self, played: Mapping[int, Connection]) -> list[Fault]:
        """Everything that has been seen or said since the last time."""
        found: list[Fault] = []
        for canary in (*self.canaries, self._asking):
            found += [Fault("foreign", what) for what in canary.faults]
            canary.faults.clear()
        try:
            found += self._checks.faults(await self._asking.seen(), played)
        except Exception as error:  # the answer was another's, or none: that is a finding
            self._asking.close()
            found.append(Fault("foreign", f"asking what was seen failed: {error!r}"))
        found += [fault for entry in self._reported() if (fault := oracle.of_report(entry))]
        text = self._emulator.stderr[self._stderr :]
        self._stderr += len(text)
        if fault := oracle.of_stderr(text):
            found.append(fault)
        return [replace(fault, app=self.app) for fault in found + self._processes()]

    def _processes(self) -> list[Fault]:
        pid = self._emulator.process.pid
        if not alive(pid):
            return [Fault("process", f"the emulator of {self.app} has ended")]
        if (now := sorted(children_of(pid))) != self._pids:
            before, self._pids = self._pids, now
            return [Fault("process", f"the instances were {before} and are {now}")]
        return []

    def _reported(self) -> Iterator[Mapping[str, Any]]:
        """The log's new entries; those that were looked at are let go."""
        lines = self._emulator.lines
        fresh = len(lines)
        for line in lines[:fresh]:
            if line.startswith("{"):
                yield json.loads(line)
        del lines[:fresh]

    def close(self) -> None:
        for canary in (*self.canaries, self._asking):
            canary.close()


@contextlib.contextmanager
def emulators(root: Path) -> Iterator[dict[App, DevProcess]]:
    """An emulator for each app, all ready."""
    with contextlib.ExitStack() as stack:
        running = {
            app: stack.enter_context(
                dev_process(
                    root / app,
                    app_files(app),
                    *("--no-reload", "--no-standby", "--no-install", "--idle-timeout", "0"),
                    *("--python", sys.executable),
                    environ=clean_environ(),
                )
            )
            for app in App
        }
        for emulator in running.values():
            # Its function may start with the first request: see `begin`.
            message = emulator.wait_for("Notice", code="LISTENING")["message"]
            emulator.url = message.removeprefix("listening on ")
        yield running

"""Runs a project as its owner would, and lists what came out otherwise than its head says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.real.compat.project import Ask, Project, Save
from tests.real.support import OWN_PROGRAM, Address, DevProcess, clean_environ, wait_until

_SAVE_PATIENCE = 60.0
"""Seconds until an edit that does not show is a fault."""

_INSTALLING = re.compile(r"^(Making|Made)( an empty)? \.venv\b")
"""What `vercel-emu dev` says while it installs; the installer's own output is not among it."""


@dataclass(frozen=True)
class Player:
    """How projects are run: which vercel-emu, which environment of the app, which variables."""

    program: Sequence[str] = OWN_PROGRAM
    python: Path | None = None
    """The interpreter of the app; None: vercel-emu chooses or makes one."""
    environ: Mapping[str, str] = field(default_factory=clean_environ)
    patience: float = 120.0
    """Seconds until something that does not happen is a fault; spent on failures only."""

    def faults(self, project: Project, root: Path) -> list[str]:
        """Write the project to `root` and play it; what was not as expected, one line each."""
        folder = project.write(root)
        for command in project.head.prepare:
            command = command.format(python=sys.executable)
            subprocess.run(command.split(), cwd=folder, env=dict(self.environ), check=True)
        if project.head.git:
            make_repository(root)
        found = [f"check, before: {fault}" for fault in self._checked(project, folder)]
        found += [f"dev: {fault}" for fault in self._played(project, folder)]
        if self.python is None:
            project.write_files(root)  # without the edit
            found += [f"check, after: {fault}" for fault in self._checked(project, folder)]
        return found

    def _options(self) -> list[str]:
        return [] if self.python is None else ["--python", str(self.python)]

    def _checked(self, project: Project, folder: Path) -> list[str]:
        command = [*self.program, "check", str(folder), "--json", *self._options()]
        done = subprocess.run(
            command, env=dict(self.environ), capture_output=True, text=True, timeout=self.patience
        )
        try:
            findings = json.loads(done.stdout)["findings"]
        except (ValueError, KeyError):
            return [f"exit code {done.returncode}: {done.stdout[-500:]} {done.stderr[-2000:]}"]
        faults = differences([_written(one) for one in findings], project.head.check)
        if bool(done.returncode) != project.head.check_fails:
            faults.append(f"exit code {done.returncode}")
        return faults

    def _played(self, project: Project, folder: Path) -> list[str]:
        arguments = [*project.head.arguments, *self._options()]
        if self.python is not None:
            arguments.append("--no-install")
        dev = DevProcess(folder, *arguments, environ=self.environ, program=self.program)
        with dev:
            try:
                faults = self._answers(project, dev, folder)
            except AssertionError as error:
                return [str(error)]
        return faults + differences(_warnings(dev), project.head.tells)

    def _answers(self, project: Project, dev: DevProcess, folder: Path) -> list[str]:
        if project.head.ends:
            code = dev.exit_code(self.patience)
            return [] if code else ["it ended with exit code 0"]
        dev.wait_listening(timeout=self.patience)
        faults = [fault for ask in project.head.ask for fault in answer_faults(dev, ask)]
        if project.head.save is not None and not faults:
            faults += self._saved(project.head.save, dev, folder)
        return faults

    def _saved(self, save: Save, dev: DevProcess, folder: Path) -> list[str]:
        file = folder / save.file
        text = file.read_text()
        assert save.old in text, f"{save.file} has no {save.old!r}"
        file.write_text(text.replace(save.old, save.new))
        wait_until(
            lambda: save.says in dev.get(save.path).text,
            _SAVE_PATIENCE,
            f"{save.path} says {save.says!r} after {save.file} was saved",
        )
        return []


def answer_faults(server: Address, ask: Ask) -> list[str]:
    """What an answer has that it should not have, in words."""
    response = send(server, ask)
    faults = []
    if response.status_code != ask.status:
        faults.append(f"status {response.status_code} for {ask.status}")
    if ask.says not in response.text:
        faults.append(f"no {ask.says!r}")
    for name, value in ask.headers.items():
        if value not in response.headers.get(name, ""):
            faults.append(f"{name}: {response.headers.get(name)!r} for {value!r}")
    if not faults:
        return []
    return [f"{ask.method} {ask.path}: {', '.join(faults)}: {response.text.strip()[:300]!r}"]


def send(server: Address, ask: Ask, **options: Any) -> httpx.Response:
    """The response to a request; redirects are not followed. `options` are the client's."""
    with server.client(**options) as client:
        return client.request(
            ask.method, ask.path, headers=ask.send, content=ask.body.encode() or None
        )


def differences(came: Iterable[str], expected: Iterable[str]) -> list[str]:
    """What came that nobody expected, and what was expected and did not come.

    An expectation is a part of a text; `a ... b` wants several parts, in this order.
    """
    missing = list(expected)
    faults = []
    for text in came:
        if words := next((one for one in missing if _has(text, one)), None):
            missing.remove(words)
        else:
            faults.append(f"came: {text}")
    return faults + [f"did not come: {words}" for words in missing]


def _has(text: str, words: str) -> bool:
    at = 0
    for part in words.split(" ... "):
        at = text.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return True


def _written(finding: Mapping[str, Any]) -> str:
    where = finding["where"]
    place = f"{where['file']}:{where['line']}" if where else "-"
    return (
        f"{finding['severity']} {finding['code']} {place} {finding['message']} | {finding['hint']}"
    )


def _warnings(dev: DevProcess) -> list[str]:
    """Each warning and error of the emulator itself, and each instance that failed."""
    notices = [
        _written({"severity": one["level"], **one})
        for level in ("warn", "error", "fatal")
        for one in dev.reported("Notice", level=level)
    ]
    failed = [
        f"failed: {one['message']} | {one.get('hint')} | {one['detail']}"
        for one in dev.reported("InstanceFailed")
    ]
    served = {name for one in dev.reported("FunctionsAPI") for name in one["builtin"]}
    builtin = [f"built-in {', '.join(sorted(served))}"] if served else []
    said = [line for line in dev.stderr.splitlines() if not _INSTALLING.search(line)]
    refused = ["\n".join(said)] if said else []
    return notices + failed + builtin + refused


def make_repository(root: Path) -> None:
    """A git repository of everything that is not ignored."""
    for command in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", *command], cwd=root, check=True)

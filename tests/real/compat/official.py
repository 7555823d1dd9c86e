"""Plays projects under the official `vercel dev`, offline, and compares its answers with ours.

The command line (`npm install vercel`) is named by VERCEL_CLI or found on PATH. It puts the folder
of its `node` first on PATH: from /usr/bin the system's older Python would be taken for the
project's. So it runs with a node of its own, alone in a folder.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.real.compat.environments import UV
from tests.real.compat.play import send
from tests.real.compat.project import Ask, Project
from tests.real.compat.reasons import REASONS
from tests.real.support import Address, DevProcess, children_of

_READY = re.compile(r"Available at (http://\S+)")
_VARIES = (
    (re.compile(r"\s+[a-z0-9]+::\S+\s*$"), ""),
    (re.compile(r"(?:localhost|127\.0\.0\.1):\d+"), "HOST"),
    (re.compile(r"could not be found\."), "could not be found"),
)
"""What is no difference: the request's id and the address, and the dev server's full stop."""

TABLE_STARTS = "<!-- vercel dev: python -m tests.real.compat --table writes this -->"
TABLE_ENDS = "<!-- /vercel dev -->"

PATIENCE = 30.0
"""Seconds for the official server to start, and for each of its answers: some never come."""


def installed_cli() -> Path | None:
    """The official command line, if this machine has one and `node`."""
    given = os.environ.get("VERCEL_CLI") or shutil.which("vercel")
    return Path(given).resolve() if given and shutil.which("node") else None


class Server(Address):
    """A running `vercel dev`."""

    def __init__(self, url: str) -> None:
        self.url = url


@dataclass(frozen=True)
class Answer:
    """What is compared; `status` is 0 where no answer came."""

    status: int
    kind: str = ""
    location: str = ""
    body: str = ""

    def __str__(self) -> str:
        return f"{self.status} {self.kind} {self.location} {self.body[:200]!r}"


def answer(server: Address, ask: Ask, timeout: float) -> Answer:
    """What a server answers, without what is never the same."""
    try:
        response = send(server, ask, timeout=timeout)
    except httpx.HTTPError as error:
        return Answer(0, body=type(error).__name__)
    body, location = response.text, response.headers.get("location", "")
    for pattern, instead in _VARIES:
        body, location = pattern.sub(instead, body), pattern.sub(instead, location)
    kind = response.headers.get("content-type", "").lower()
    return Answer(response.status_code, kind, location, "" if ask.varies else body.strip())


@dataclass(frozen=True)
class Official:
    """The official command line and what it needs."""

    cli: Path
    tools: Path
    """A folder of its own, with `node/` for `node` and `uv`."""
    environ: Mapping[str, str]

    def faults(self, project: Project, root: Path, python: Path) -> list[str]:
        """Each answer that differs though nothing says so, and each reason that no longer counts.

        `python` is the interpreter of an environment with what the project asks for. Two copies of
        the project are written below `root`.
        """
        asks = project.head.ask or (Ask("/"),)
        if not all(REASONS[key].played for key in reasons_of(project)):
            return []
        with self._serving(project.write(root / "official"), python) as server:
            theirs = [
                Answer(0, body=server) if isinstance(server, str) else answer(server, ask, PATIENCE)
                for ask in asks
            ]
        if project.head.ends:
            return [f"vercel dev answers {one}" for one in theirs if one.status in range(1, 400)]
        command = ["--python", str(python), "--no-install", *project.head.arguments]
        with DevProcess(project.write(root / "ours"), *command, environ=self.environ) as dev:
            ours = [answer(dev.wait_listening(), ask, 120) for ask in asks]
        faults = []
        for ask, their, our in zip(asks, theirs, ours, strict=True):
            differs = f"{ask.method} {ask.path}: vercel dev: {their}; here: {our}"
            if their != our and not (ask.official or project.head.official):
                faults.append(differs)
            if their == our and ask.official:
                faults.append(f"{ask.method} {ask.path}: alike, no longer {ask.official!r}")
        if project.head.official and theirs == ours:
            faults.append(f"all alike, no longer {project.head.official!r}")
        return faults

    def _python(self, python: Path) -> Path:
        """A folder with only `python3`, no environment's: uv makes environments of it."""
        real = python.resolve()
        folder = self.tools / real.name
        folder.mkdir(exist_ok=True)
        with contextlib.suppress(FileExistsError):
            (folder / "python3").symlink_to(real)
        return folder

    @contextlib.contextmanager
    def _serving(self, folder: Path, python: Path) -> Iterator[Server | str]:
        """A running `vercel dev`, or what it wrote where it did not start."""
        node = str(self.tools / "node" / "node")
        path = f"{self.tools / 'node'}:{python.parent}:{self._python(python)}"
        variables = {
            "PATH": f"{path}:{self.environ['PATH']}",
            "VIRTUAL_ENV": str(python.parent.parent),
            "PIP_REQUIRE_VIRTUALENV": "1",  # nothing is installed into this machine's Pythons
            "NO_COLOR": "1",
        }
        process = subprocess.Popen(
            [node, str(self.cli), "dev", "--local", "--yes", "--listen", "127.0.0.1:0"],
            cwd=folder,
            env={**self.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert process.stdout is not None
        lines: list[str] = []
        ready = threading.Event()

        def follow() -> None:
            assert process.stdout is not None
            for line in process.stdout:
                lines.append(line)
                if _READY.search(line):
                    ready.set()
            ready.set()

        reader = threading.Thread(target=follow, daemon=True)
        reader.start()
        try:
            ready.wait(PATIENCE)
            text = "".join(lines)
            found = _READY.search(text)
            yield Server(found[1]) if found else f"did not start: {text[-600:]}"
        finally:
            end(process)
            reader.join(PATIENCE)
            process.stdout.close()


def official_cli(cli: Path, tools: Path, environ: Mapping[str, str]) -> Official:
    """The official command line, with a folder of tools that is made."""
    (tools / "node").mkdir(parents=True)
    node = shutil.which("node", path=environ["PATH"])
    assert node is not None
    shutil.copy(node, tools / "node")
    (tools / "node" / "uv").symlink_to(UV / "uv")
    return Official(cli, tools, environ)


def end(process: subprocess.Popen[str]) -> None:
    """End a process and all it started: its servers have sessions of their own."""
    started = descendants(process.pid)
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(10)
    for pid in (process.pid, *started):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()


def descendants(pid: int) -> list[int]:
    """Children and theirs."""
    found = children_of(pid)
    return [*found, *(each for child in found for each in descendants(child))]


def table(projects: Sequence[Project]) -> str:
    """For docs/differences.md: each reason with the projects that show it."""
    rows = ["| | `vercel dev` | Here | Why | Seen in |", "| --- | --- | --- | --- | --- |"]
    for key, reason in REASONS.items():
        named = ", ".join(f"`{project.name}`" for project in projects if key in reasons_of(project))
        cells = (reason.what, reason.official, reason.here, reason.why, named)
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def with_table(text: str, projects: Sequence[Project]) -> str:
    """A page of docs/ with the table between its marks."""
    before, start, rest = text.partition(f"{TABLE_STARTS}\n")
    _, end_mark, after = rest.partition(f"\n{TABLE_ENDS}")
    assert start, f"no {TABLE_STARTS}"
    assert end_mark, f"no {TABLE_ENDS}"
    return f"{before}{start}\n{table(projects)}\n{end_mark}{after}"


def reasons_of(project: Project) -> set[str]:
    """The keys of REASONS that its head names."""
    named = {project.head.official, *(ask.official for ask in project.head.ask)}
    return named - {""}

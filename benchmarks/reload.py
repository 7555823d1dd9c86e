"""Save to served: `python benchmarks/reload.py [fastapi] [flask] [django] [--saves 20]`.

The same app under vercel-emu and under its framework's own reloader, one after the other on this
machine. A file is saved, and the app is asked until the new code answers; that time is measured,
and requests that failed meanwhile are counted. The first save after the start counts like any
other.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
PAUSE = 1.5
EMU = "vercel-emu"


@dataclass(frozen=True)
class App:
    """A template, the file that is saved, and what is added to it so that its age can be seen."""

    name: str
    file: str
    added: str
    own_reloader: str
    own_command: tuple[str, ...]


APPS = {
    "fastapi": App(
        "fastapi",
        "app.py",
        '\n\n@app.get("/bench-version")\ndef bench_version():\n    return {version}\n',
        "uvicorn --reload",
        ("-m", "uvicorn", "app:app", "--reload", "--port", "{port}"),
    ),
    "flask": App(
        "flask",
        "app.py",
        '\n\n@app.get("/bench-version")\ndef bench_version():\n    return "{version}"\n',
        "flask run --debug",
        ("-m", "flask", "--app", "app", "run", "--debug", "--port", "{port}"),
    ),
    "django": App(
        "django",
        "config/urls.py",
        "\n\nfrom django.http import HttpResponse\n"
        'urlpatterns.append(path("bench-version", lambda request: HttpResponse("{version}")))\n',
        "manage.py runserver",
        ("manage.py", "runserver", "127.0.0.1:{port}"),
    ),
}


@dataclass
class Result:
    """The times of one server, in milliseconds."""

    app: str
    server: str
    times: list[float] = field(default_factory=list)
    failed: int = 0

    @property
    def median(self) -> float:
        return statistics.median(self.times)


def ask(port: int, path: str = "/bench-version") -> str:
    """The answer of a new connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read().decode()
        if answer.status >= 500:
            raise http.client.HTTPException(body)
        return body
    finally:
        connection.close()


def wait_served(port: int, version: str) -> int:
    """Ask until the app answers with `version`; how many requests failed."""
    failed = 0
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        try:
            if ask(port) == version:
                return failed
        except (OSError, http.client.HTTPException):
            failed += 1
        time.sleep(0.001)
    raise TimeoutError(f"version {version} was never served")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def server(root: Path, command: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A server as a process group that is ended with everything it started."""
    quiet = subprocess.DEVNULL
    environ = {name: value for name, value in os.environ.items() if not name.startswith("VERCEL")}
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=root,
        stdin=quiet,
        stdout=quiet,
        stderr=quiet,
        env=environ,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def emu_command(port: int) -> tuple[str, ...]:
    address = f"127.0.0.1:{port}"
    python = ("--python", sys.executable, "--no-install")
    return ("-m", "vercel_emu", "dev", ".", "--listen", address, *python)


@contextlib.contextmanager
def project(app: App) -> Iterator[tuple[Path, Callable[[int], None]]]:
    """A copy of the template, and a function that saves it in a version."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / app.name
        shutil.copytree(TEMPLATES / app.name, root)
        file = root / app.file
        text = file.read_text()

        def save(version: int) -> None:
            file.write_text(text + app.added.format(version=version))

        save(0)
        yield root, save


def measure(app: App, name: str, command: Sequence[str], port: int, saves: int) -> Result:
    """Save `saves` times."""
    result = Result(app.name, name)
    with project(app) as (root, save), server(root, command):
        wait_served(port, "0")
        for version in range(1, saves + 1):
            time.sleep(PAUSE)
            started = time.perf_counter()
            save(version)
            result.failed += wait_served(port, str(version))
            result.times.append((time.perf_counter() - started) * 1000)
    return result


def compare(app: App, saves: int) -> list[Result]:
    port = free_port()
    emulator = measure(app, EMU, emu_command(port), port, saves)
    port = free_port()
    own = [part.format(port=port) for part in app.own_command]
    return [emulator, measure(app, app.own_reloader, own, port, saves)]


def table(results: Sequence[Result]) -> str:
    """The results as a Markdown table."""
    lines = [
        "| app | server | median | first | slowest | failed requests | |",
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    for result in results:
        rival = next(one for one in results if one.app == result.app and one.server != EMU)
        factor = f"{rival.median / result.median:.1f}×" if result.server == EMU else ""
        lines.append(
            f"| {result.app} | {result.server} | {result.median:.0f} ms | {result.times[0]:.0f} ms "
            f"| {max(result.times):.0f} ms | {result.failed} | {factor} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("apps", nargs="*", metavar="APP", help=", ".join(APPS))
    parser.add_argument("--saves", type=int, default=20)
    arguments = parser.parse_args()
    results: list[Result] = []
    for name in arguments.apps or APPS:
        results += compare(APPS[name], arguments.saves)
    print(table(results))


if __name__ == "__main__":
    main()

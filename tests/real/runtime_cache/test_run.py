"""`vercel-emu run`: scripts with the functions' environment and cache, signals, exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.support import PATIENCE
from tests.runtime_cache.stores import redis_server

SCRIPT = """
import asyncio, threading
from vercel.cache import AsyncRuntimeCache, RuntimeCache

cache = RuntimeCache(strict=True, namespace="script")
runs = (cache.get("runs") or 0) + 1
cache.set("runs", runs)

def work():
    cache.set("thread", runs, {"tags": ["threads"]})

thread = threading.Thread(target=work)
thread.start()
thread.join()

async def main():
    shared = AsyncRuntimeCache(namespace="script")
    assert await shared.get("thread") == runs
    await shared.expire_tag("threads")
    assert await shared.get("thread") is None

asyncio.run(main())
print(runs)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "main.py").write_text("def app(environ, start_response): ...\n")
    (folder / "pyproject.toml").write_text('[project]\nname = "shop"\nversion = "1"\n')
    (folder / ".env").write_text("FROM_FILE=yes\n")
    (folder / "script.py").write_text(SCRIPT)
    return folder


def emu(
    project: Path,
    *arguments: str,
    typed: str | None = None,
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "vercel_emu", "run", "--python", sys.executable, *arguments]
    return subprocess.run(
        command,
        cwd=project,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        input=typed,
    )


def shown(answer: subprocess.CompletedProcess[str]) -> str:
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.strip()


@pytest.fixture(params=["file", "memory", "redis"])
def store(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "redis":
        with redis_server() as url:
            yield url
    else:
        yield request.param


def test_a_script_uses_the_cache(project: Path, store: str) -> None:
    first = emu(project, "--cache", store, "--", sys.executable, "script.py")
    second = emu(project, "--cache", store, "--", sys.executable, "script.py")
    kept = "1" if store == "memory" else "2"
    assert (shown(first), shown(second)) == ("1", kept)


def test_the_environment_is_the_functions(project: Path) -> None:
    code = "import json, os; print(json.dumps(dict(os.environ)))"
    answer = emu(project, "--env", "production", "--region", "fra1", "python", "-c", code)
    variables = json.loads(shown(answer))
    assert variables["FROM_FILE"] == "yes"
    assert variables["VERCEL_ENV"] == "production"
    assert variables["VERCEL_REGION"] == "fra1"
    assert variables["RUNTIME_CACHE_ENDPOINT"].startswith("http://127.0.0.1:")
    assert json.loads(variables["RUNTIME_CACHE_HEADERS"]).keys() == {"authorization"}


def test_input_output_and_exit_code_are_the_commands(project: Path) -> None:
    code = "import sys; print(sys.stdin.read(), sys.argv[1:]); sys.exit(7)"
    answer = emu(project, "--", sys.executable, "-c", code, "--flag", "--", "x", typed="typed")
    assert (answer.returncode, answer.stdout) == (7, "typed ['--flag', '--', 'x']\n")


def test_a_command_that_is_missing(project: Path) -> None:
    answer = emu(project, "no-such-command")
    assert answer.returncode == 127
    assert "'no-such-command' was not found" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_signals_reach_the_command(project: Path) -> None:
    code = (
        "import signal, sys, threading\n"
        "done = threading.Event()\n"
        "signal.signal(signal.SIGTERM, lambda *_: done.set())\n"
        "print('ready', flush=True)\n"
        "done.wait()\n"
        "signal.signal(signal.SIGINT, signal.SIG_DFL)\n"
        "print('ended', flush=True)\n"
        "signal.raise_signal(signal.SIGINT)\n"
    )
    command = [sys.executable, "-m", "vercel_emu", "run", "--python", sys.executable]
    with subprocess.Popen(
        [*command, "--", sys.executable, "-c", code],
        cwd=project,
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        env={**os.environ},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == "ended\n"
        assert process.wait(PATIENCE) == 128 + signal.SIGINT

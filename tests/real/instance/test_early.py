"""The first instance's process starts before its orders are known; nobody can tell afterwards."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from tests.real.conftest import Dev
from tests.real.support import alive, clean_environ
from vercel_emu.instance.process.early import early_process
from vercel_emu.project.variables.inherited import PYTHON_DEFAULTS, inherited_variables

APP = """
import ctypes, locale, os, sys, time, warnings

VERSION = 1
libc = ctypes.CDLL(None)
libc.getenv.restype = ctypes.c_char_p

def surroundings():
    return {
        "environ": {k: v for k, v in os.environ.items() if k != "VERCEL_IPC_PATH"},
        "getenv": (libc.getenv(b"FROM_FILE") or b"").decode(),
        "cwd": os.getcwd(),
        "argv": sys.argv,
        "path": [entry for entry in sys.path],
        "bytecode": sys.dont_write_bytecode,
        "clock": [time.timezone, time.localtime(0).tm_hour],
        "locale": locale.setlocale(locale.LC_ALL),
        "flags": repr(sys.flags),
        "warnings": repr(warnings.filters),
        "stdin": os.fstat(0).st_rdev,
        "group": os.getpgrp() == os.getpid(),
    }

def app(environ, start_response):
    import json
    start_response("200 OK", [("content-type", "application/json")])
    return [json.dumps({"version": VERSION, **surroundings()}).encode()]
"""


def test_an_early_process_is_like_any_other(dev: Dev) -> None:
    # Where the shell's clock and Python are others than a deployment's.
    shell = clean_environ(TZ="Asia/Tokyo", PYTHONWARNINGS="ignore", PYTHONOPTIMIZE="1")
    files = {"app.py": APP, ".env": "FROM_FILE=yes\n"}
    running = dev(files, "--no-standby", environ=shell).wait_ready()
    early = running.get("/").json()
    assert early["getenv"] == "yes"
    assert early["clock"] == [0, 0]
    assert "optimize=0" in early["flags"]
    assert [name for name in early["environ"] if name.startswith("PYTHON")] == [
        "PYTHONDONTWRITEBYTECODE"
    ]
    (running.root / "app.py").write_text(APP.replace("VERSION = 1", "VERSION = 2"))
    later = running.get("/").json()
    assert (early.pop("version"), later.pop("version")) == (1, 2)
    assert early == later


def test_an_early_process_takes_no_environment_that_is_too_late(dev: Dev) -> None:
    app = "import sys\n" + APP.replace('"argv": sys.argv', '"argv": [sys.flags.optimize]')
    running = dev({"app.py": app, ".env": "PYTHONOPTIMIZE=2\n"}).wait_ready()
    assert running.get("/").json()["argv"] == [2]


def test_without_a_project_that_runs_no_process_is_left(dev: Dev) -> None:
    running = dev({"nothing.txt": ""})
    assert running.exit_code() == 1
    assert running.children() == []


def test_one_that_nobody_takes_ends() -> None:
    async def unused() -> int:
        async with early_process(Path(sys.executable), Path.cwd(), clean_environ()) as early:
            assert early is not None
            process = early._process
            assert process is not None
            assert alive(process.pid)
            return process.pid

    assert not alive(asyncio.run(unused()))


def test_it_is_taken_once_and_only_by_its_interpreter() -> None:
    async def takes() -> list[bool]:
        inherited, _ = inherited_variables(clean_environ(), Path(sys.prefix), None)
        environment = inherited | PYTHON_DEFAULTS
        async with early_process(Path(sys.executable), Path.cwd(), environment) as early:
            assert early is not None
            taken = [
                early.take(Path("/another/python"), environment),
                early.take(Path(sys.executable), {**environment, "PYTHONHASHSEED": "1"}),
                early.take(Path(sys.executable), {**environment, "ANY": "1"}),
                early.take(Path(sys.executable), environment),
            ]
            process = taken[2]
            assert process is not None
            os.killpg(process.pid, 9)
            await process.wait()
            return [one is not None for one in taken]

    assert asyncio.run(takes()) == [False, False, True, False]


def test_an_interpreter_that_can_not_run_is_told_later() -> None:
    async def nothing() -> bool:
        async with early_process(Path("/nowhere/python"), Path.cwd(), clean_environ()) as early:
            return early is None

    assert asyncio.run(nothing())

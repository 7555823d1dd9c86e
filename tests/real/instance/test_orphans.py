"""Nothing outlives the emulator: neither what is stopped nor what has left its group."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from tests.real.conftest import Dev
from tests.real.support import DevProcess, alive, wait_until

ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")

APP = """
import json, os, subprocess, sys

SLEEP = [sys.executable, "-c", "import time; time.sleep(300)"]
TWICE = "import os, subprocess, sys; print(subprocess.Popen(sys.argv[1:], start_new_session=True,"
TWICE += "stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).pid)"

def own_session():
    return subprocess.Popen(SLEEP, start_new_session=True).pid

def no_environment():
    return subprocess.Popen(SLEEP, start_new_session=True, env={}).pid

def orphan():
    found = subprocess.run([sys.executable, "-c", TWICE, *SLEEP], stdout=subprocess.PIPE)
    return int(found.stdout)

def app(environ, start_response):
    kind = environ["PATH_INFO"].strip("/")
    start_response("200 OK", [("content-type", "application/json")])
    return [json.dumps([os.getpid(), *([globals()[kind]()] if kind else [])]).encode()]
"""


def ends(running: DevProcess, number: int, pids: list[int]) -> None:
    """Signal the emulator; it and the processes end. Whatever happens, none is left."""
    try:
        running.signal(number)
        running.exit_code()
        wait_until(lambda: not any(map(alive, pids)), what="all processes end")
    finally:
        for pid in filter(alive, pids):
            os.kill(pid, signal.SIGKILL)


def stop_process(pid: int) -> None:
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: _state(pid) == "T")


def _state(pid: int) -> str:
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0]


@ON_LINUX
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_an_instance_that_is_stopped(dev: Dev, number: int) -> None:
    running = dev({"app.py": APP}, "--no-standby").wait_ready()
    (pid,) = running.get("/").json()
    stop_process(pid)
    ends(running, number, [pid])


@ON_LINUX
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_standby_that_is_stopped(dev: Dev, number: int) -> None:
    running = dev({"app.py": APP}).wait_ready()
    running.wait_for("StandbyReady")
    pids = running.children()
    for pid in pids:
        stop_process(pid)
    ends(running, number, pids)


@ON_LINUX
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("kind", ["own_session", "no_environment", "orphan"])
def test_grandchildren_that_left_the_group(dev: Dev, kind: str, number: int) -> None:
    running = dev({"app.py": APP}, "--no-standby").wait_ready()
    pids = running.get(f"/{kind}").json()
    assert all(map(alive, pids))
    ends(running, number, pids)


@ON_LINUX
def test_grandchildren_of_an_instance_that_was_replaced(dev: Dev) -> None:
    running = dev({"app.py": APP}).wait_ready()
    first, grandchild = running.get("/own_session").json()
    (running.root / "app.py").write_text(APP + "# changed\n")
    wait_until(lambda: running.get("/").json() != [first])
    ends(running, signal.SIGTERM, [first, grandchild])

"""Out of file descriptors and out of memory, in the instance and in the emulator."""

from __future__ import annotations

import resource
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.real.conftest import Dev
from tests.real.faults.rows import row
from tests.real.faults.support import (
    FAILED,
    Asking,
    ask,
    files,
    let_go,
    pid_of,
    project,
    save,
)
from tests.real.support import Address, read_to_end, wait_until
from vercel_emu import events

OWN_ERROR = "500 Internal Server Error"
"""The app's server answers so where its code raised: no failure of the platform."""

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits another process")


@contextmanager
def no_more_descriptors(pid: int) -> Iterator[None]:
    """A process can open nothing more than it has open now."""
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    highest = max(int(one.name) for one in Path(f"/proc/{pid}/fd").iterdir())
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (highest + 1, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


def crowd(stack: ExitStack, running: Address) -> list[socket.socket]:
    """Requests over more connections than a process without descriptors can accept."""
    connections = [stack.enter_context(running.connect()) for _ in range(60)]
    for one in connections:
        one.sendall(b"GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n")
    return connections


# Descriptors ----------------------------------------------------------------------------------

INSTANCE_FDS = "Out of descriptors in the instance"
EMULATOR_FDS = "Out of descriptors in the emulator"


@row(INSTANCE_FDS, "during a request", "The app's own 500; the next request is served.")
def test_instance_during_a_request(tmp_path: Path) -> None:
    with project(tmp_path) as running:
        pid = pid_of(running)
        assert ask(running, "/descriptors") == OWN_ERROR
        assert pid_of(running) == pid


@linux
@row(
    INSTANCE_FDS,
    "idle",
    "200, by a connection to the instance that is open, or once another can be opened.",
)
def test_instance_idle(tmp_path: Path) -> None:
    with project(tmp_path) as running:
        pid = pid_of(running)
        with no_more_descriptors(pid):
            waiting = [Asking(running, f"/held?name={number}") for number in range(10)]
            wait_until(lambda: list(tmp_path.glob("*.begun")), what="one gets through")
        for number in range(10):
            let_go(tmp_path, str(number))
        assert [one.saw() for one in waiting] == ["200 0"] * 10
        assert pid_of(running) == pid


@linux
@row(
    EMULATOR_FDS,
    "idle",
    "A new connection is cut, those that are open are served; with descriptors again all are.",
)
def test_emulator_idle(dev: Dev) -> None:
    running = dev(files(), "--no-reload").wait_ready()
    with running.client() as client, ExitStack() as stack:
        assert client.get("/").text == "0"
        with no_more_descriptors(running.process.pid):
            crowded = crowd(stack, running)
            for _ in range(3):
                assert client.get("/").text == "0"
        answers = [read_to_end(one) for one in crowded]
        assert all(not one or one.startswith(b"HTTP/1.1 200") for one in answers)
        assert not all(answers)
        assert ask(running, "/") == "200 0"


@linux
@row(
    EMULATOR_FDS,
    "during a reload",
    "500 `FUNCTION_INVOCATION_FAILED`; with descriptors again, the next save is served.",
)
def test_emulator_reload(dev: Dev) -> None:
    running = dev(files(), "--no-standby").wait_ready()
    with running.client() as client, ExitStack() as stack:
        assert client.get("/").text == "0"
        with no_more_descriptors(running.process.pid):
            crowd(stack, running)
            save(running, 1)
            answer = client.get("/")
            assert answer.headers["x-vercel-error"] == "FUNCTION_INVOCATION_FAILED"
            stack.close()
        save(running, 2)
        wait_until(lambda: ask(running, "/") == "200 2", what="the next save is served")


# Memory ---------------------------------------------------------------------------------------

NO_MEMORY = "Out of memory in the instance: MemoryError"
KILLED = "Out of memory in the instance: killed by the system"


@linux
@row(NO_MEMORY, "during a request", "The app's own 500; the next request is served.")
def test_memory_during_a_request(tmp_path: Path) -> None:
    with project(tmp_path) as running:
        pid = pid_of(running)
        assert ask(running, "/memory") == OWN_ERROR
        assert pid_of(running) == pid


@linux
@row(NO_MEMORY, "during a response stream", "A cut connection; the next request is served.")
def test_memory_during_a_stream(tmp_path: Path) -> None:
    with project(tmp_path) as running:
        pid = pid_of(running)
        assert ask(running, "/memory?how=stream") == "cut"
        assert pid_of(running) == pid


@row(NO_MEMORY, "starting", "500 `FUNCTION_INVOCATION_FAILED`; the next save is served.")
def test_memory_while_starting(tmp_path: Path) -> None:
    (tmp_path / "no-memory").touch()
    with project(tmp_path, reload=True) as running:
        assert ask(running, "/") == FAILED
        failed = running.events.wait(events.InstanceFailed)
        assert failed.message.startswith("MemoryError")
        (tmp_path / "no-memory").unlink()
        save(running, 1)
        assert ask(running, "/") == "200 1"


@row(KILLED, "during a request", "500 `FUNCTION_INVOCATION_FAILED`; the next request is served.")
def test_killed_during_a_request(tmp_path: Path) -> None:
    with project(tmp_path) as running:
        pid = pid_of(running)
        assert ask(running, "/killed") == FAILED
        failed = running.events.wait(events.InstanceFailed)
        assert signal.SIGKILL.name in failed.message
        assert pid_of(running) != pid

"""SIGSTOP of a function's instance: it lives, but does nothing any more."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from tests.real.conftest import Dev
from tests.real.faults.rows import row
from tests.real.faults.support import (
    FAILED,
    TIMED_OUT,
    Asking,
    ask,
    begun,
    files,
    pid_of,
    project,
    request_waits,
    save,
    starting,
    stream_cut_by,
)
from tests.real.support import Address, alive, wait_until

STOPPED = "SIGSTOP of the instance"
REPLACED = "then a new instance serves."


def stop(pid: int) -> None:
    os.kill(pid, signal.SIGSTOP)


def is_stopped(pid: int) -> bool:
    states = [one.read_text() for one in Path(f"/proc/{pid}/task").glob("*/stat")]
    return all(text.rpartition(")")[2].split()[0] == "T" for text in states)


@contextmanager
def kept_stopped(pid: int) -> Iterator[None]:
    """Stop a process, and stop it again should anything let it go on."""
    if sys.platform != "linux":
        stop(pid)
        yield
        return
    process, over = os.pidfd_open(pid), threading.Event()

    def keep() -> None:
        with suppress(ProcessLookupError):
            while not over.wait(0.01):
                signal.pidfd_send_signal(process, signal.SIGSTOP)

    signal.pidfd_send_signal(process, signal.SIGSTOP)
    keeper = threading.Thread(target=keep)
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()
        os.close(process)


def served(running: Address) -> int:
    """The instance that answers; 0 for a machine so busy that this takes seconds."""
    saw = ask(running, "/pid")
    return int(saw.removeprefix("200 ")) if saw.startswith("200") else 0


@row(
    STOPPED,
    "starting",
    "500 `FUNCTION_INVOCATION_FAILED` at the startup deadline; the next save is served.",
)
def test_starting(tmp_path: Path) -> None:
    hold = tmp_path / "hold-start"
    hold.touch()
    with project(tmp_path, reload=True, startup_timeout=8.0) as running:
        waiting = Asking(running, "/")
        pid = starting(tmp_path)
        request_waits(running)
        with kept_stopped(pid):
            assert waiting.saw() == FAILED
            wait_until(lambda: not alive(pid), what="the stopped process ends")
        hold.unlink()
        save(running, 1)
        assert ask(running, "/") == "200 1"


@row(STOPPED, "idle", f"504 `FUNCTION_INVOCATION_TIMEOUT` at the function's deadline; {REPLACED}")
def test_idle(tmp_path: Path) -> None:
    with project(tmp_path, max_duration=3) as running:
        pid = pid_of(running)
        with kept_stopped(pid):
            # What answers at once could do so in a moment between two signals.
            assert ask(running, "/held?name=one") == TIMED_OUT
            assert wait_until(lambda: served(running)) != pid
        assert not alive(pid)


@row(
    STOPPED,
    "during a request",
    f"504 `FUNCTION_INVOCATION_TIMEOUT` at the function's deadline; {REPLACED}",
)
def test_request(tmp_path: Path) -> None:
    with project(tmp_path, max_duration=3) as running:
        pid = pid_of(running)
        waiting = Asking(running, "/held?name=one")
        begun(tmp_path, "one")
        with kept_stopped(pid):
            assert waiting.saw() == TIMED_OUT
            assert wait_until(lambda: served(running)) != pid


@row(STOPPED, "during a response stream", f"A cut connection at the deadline; {REPLACED}")
def test_stream(tmp_path: Path) -> None:
    with project(tmp_path, max_duration=3) as running:
        pid = pid_of(running)
        with ExitStack() as stack:
            stream_cut_by(lambda: stack.enter_context(kept_stopped(pid)), running)
            assert wait_until(lambda: served(running)) != pid


@row(STOPPED, "during a reload", "The new code: the stopped instance is ended.")
def test_reload(tmp_path: Path) -> None:
    with project(tmp_path, reload=True, standby=True) as running:
        pid = pid_of(running)
        with kept_stopped(pid):
            save(running, 1)
            assert ask(running, "/") == "200 1"
            wait_until(lambda: not alive(pid), what="the stopped process ends")


@row(STOPPED, "at shutdown", "500 `FUNCTION_INVOCATION_FAILED`; the emulator ends with code 0.")
def test_shutdown(dev: Dev, tmp_path: Path) -> None:
    running = dev(files(), "--no-reload").wait_ready()
    pid = pid_of(running)
    waiting = Asking(running, "/held?name=one")
    begun(tmp_path, "one")
    stop(pid)
    running.signal(signal.SIGTERM)
    assert running.exit_code() == 0
    assert not alive(pid)
    assert waiting.saw() == FAILED


@row(
    "SIGSTOP of the instance, then SIGKILL of the emulator",
    "idle",
    "A refused connection; the stopped process ends too (Linux).",
)
def test_orphan(dev: Dev) -> None:
    running = dev(files(), "--no-reload").wait_ready()
    pid = pid_of(running)
    stop(pid)
    wait_until(lambda: is_stopped(pid), what="each of its threads has stopped")
    running.signal(signal.SIGKILL)
    running.exit_code()
    with pytest.raises(ConnectionRefusedError):
        running.connect()
    try:
        wait_until(lambda: not alive(pid), timeout=20.0, what="the stopped process ends")
    finally:
        if alive(pid):
            os.kill(pid, signal.SIGKILL)

"""SIGKILL of the emulator itself: nobody can answer then, but nothing is lost or left behind."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

from tests.real.conftest import Dev
from tests.real.faults.rows import row
from tests.real.faults.support import (
    CUT,
    Asking,
    acknowledged_until,
    ask,
    begun,
    files,
    lost,
    pid_of,
    save,
    starting,
    stream_cut_by,
)
from tests.real.support import DevProcess, alive, read_to_end, wait_until

KILLED = "SIGKILL of the emulator"
AGAIN = "Started again at the same port it serves."


def killed(running: DevProcess, *, after: signal.Signals | None = None) -> None:
    """Kill it, perhaps right after another signal; its instances must end by themselves."""
    children = running.children()
    if after is not None:
        running.signal(after)
    running.signal(signal.SIGKILL)
    assert running.exit_code() == -signal.SIGKILL
    wait_until(lambda: not any(map(alive, children)), what="the instances end")


def cut_before_an_answer(running: DevProcess) -> None:
    """Kill it while a client that has connected waits for an answer."""
    with running.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n")
        killed(running)
        assert read_to_end(connection) == b""


def again(dev: Dev, first: DevProcess) -> DevProcess:
    """The same project at the same port."""
    return dev(files(), "--listen", f"127.0.0.1:{first.port}").wait_ready()


@row(KILLED, "starting", f"A cut connection. {AGAIN}")
def test_starting(dev: Dev, tmp_path: Path) -> None:
    hold = tmp_path / "hold-start"
    hold.touch()
    first = dev(files()).wait_listening()
    starting(tmp_path)
    cut_before_an_answer(first)
    hold.unlink()
    assert ask(again(dev, first), "/") == "200 0"


@row(KILLED, "idle", f"A cut connection. {AGAIN}")
def test_idle(dev: Dev) -> None:
    first = dev(files()).wait_ready()
    with first.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        killed(first)
        assert b"HTTP" not in read_to_end(connection)
    assert ask(again(dev, first), "/") == "200 0"


@row(KILLED, "during a request", f"A cut connection. {AGAIN}")
def test_request(dev: Dev, tmp_path: Path) -> None:
    first = dev(files()).wait_ready()
    waiting = Asking(first, "/held?name=one")
    begun(tmp_path, "one")
    killed(first)
    assert waiting.saw() == CUT
    assert ask(again(dev, first), "/") == "200 0"


@row(KILLED, "during a response stream", f"A cut connection. {AGAIN}")
def test_stream(dev: Dev) -> None:
    first = dev(files()).wait_ready()
    stream_cut_by(lambda: killed(first), first)
    assert ask(again(dev, first), "/") == "200 0"


@row(KILLED, "during a reload", f"A cut connection. {AGAIN}")
def test_reload(dev: Dev, tmp_path: Path) -> None:
    first = dev(files(), "--no-standby").wait_ready()
    hold = tmp_path / "hold-start"
    hold.touch()
    save(first, 1)
    starting(tmp_path)
    cut_before_an_answer(first)
    hold.unlink()
    assert ask(again(dev, first), "/") == "200 0"


@row(
    KILLED,
    "while writing the cache",
    f"A cut connection; every write that the client was told of is there. {AGAIN}",
)
def test_cache(dev: Dev) -> None:
    first = dev(files()).wait_ready()
    written = acknowledged_until(lambda: killed(first), first)
    assert lost(again(dev, first), written) == []


@row(KILLED, "at shutdown", f"A cut connection. {AGAIN}")
def test_shutdown(dev: Dev, tmp_path: Path) -> None:
    first = dev(files()).wait_ready()
    waiting = Asking(first, "/held?name=one")
    begun(tmp_path, "one")
    killed(first, after=signal.SIGTERM)
    assert waiting.saw() == CUT
    assert ask(again(dev, first), "/") == "200 0"


# Stopped, and let go on ------------------------------------------------------------------------

STOPPED = "SIGSTOP of the emulator, then SIGCONT"


def stopped(running: DevProcess, then: Callable[[], object]) -> None:
    running.signal(signal.SIGSTOP)
    try:
        then()
    finally:
        running.signal(signal.SIGCONT)


@row(STOPPED, "idle", "200, once it goes on.")
def test_stopped_while_idle(dev: Dev) -> None:
    running = dev(files()).wait_ready()
    asked: list[Asking] = []
    stopped(running, lambda: asked.append(Asking(running, "/")))
    assert asked[0].saw() == "200 0"


@row(STOPPED, "during a request", "200, once it goes on.")
def test_stopped_during_a_request(dev: Dev, tmp_path: Path) -> None:
    running = dev(files()).wait_ready()
    waiting = Asking(running, "/held?name=one")
    begun(tmp_path, "one")
    stopped(running, (tmp_path / "one.go-on").touch)
    assert waiting.saw() == "200 0"
    assert pid_of(running) in running.children()

"""How `vercel-emu dev` ends: quickly, quietly, and with nothing left behind."""

from __future__ import annotations

import json
import os
import pty
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from websockets.sync.client import connect

from tests.real.conftest import Emulate
from tests.real.support import (
    APPS,
    PATIENCE,
    DevProcess,
    alive,
    app_files,
    clean_environ,
    read_until,
    wait_until,
    write_project,
)
from vercel_emu import events
from vercel_emu.instance.lifecycle import Phase

type Start = Callable[..., DevProcess]


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """A temp folder of the emulator's own, to see what it leaves there.

    Short: a unix socket's path may have a hundred characters.
    """
    return Path(tempfile.mkdtemp(prefix="ve", dir="/tmp"))


@pytest.fixture
def start(dev: Start, scratch: Path) -> Iterator[Start]:
    """`vercel-emu dev` for the app that does everything; afterwards nothing may be left."""
    started: list[tuple[DevProcess, set[int]]] = []

    def begin(*arguments: str, ready: bool = True) -> DevProcess:
        environ = clean_environ(TMPDIR=str(scratch))
        process = dev(app_files("everything"), *arguments, environ=environ)
        if ready:
            process.wait_ready()
        started.append((process, set(process.children())))
        return process

    yield begin
    for process, children in started:
        assert process.process.poll() is not None
        wait_until(lambda: not any(map(alive, children)), what="every child ends")  # noqa: B023
    wait_until(lambda: not list(scratch.iterdir()), what="no temp folder is left")
    scratch.rmdir()


def ends_well(process: DevProcess, number: int) -> None:
    """Signal the emulator; it must end with exit code 0 and without a traceback."""
    process.signal(number)
    assert process.exit_code() == 0
    process.__exit__()
    assert "Traceback" not in process.stderr
    assert process.stderr == ""


def pids_in(answer: bytes) -> set[int]:
    """The process ids that the app told in its answer."""
    body = answer.partition(b"\r\n\r\n")[2]
    return set(json.loads(body).values()) if body.startswith(b"{") else set()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_end_it(start: Start, number: int) -> None:
    ends_well(start(), number)


def test_with_open_streams_sockets_and_slow_requests(start: Start) -> None:
    process = start()
    with ExitStack() as stack:
        stream = stack.enter_context(process.connect())
        stream.sendall(b"GET /ticks?n=1000&type=text/event-stream HTTP/1.1\r\nhost: h\r\n\r\n")
        read_until(stream, b"tick 0")
        slow = stack.enter_context(process.connect())
        slow.sendall(b"GET /hang HTTP/1.1\r\nhost: h\r\n\r\n")
        upload = stack.enter_context(process.connect())
        upload.sendall(b"POST /count HTTP/1.1\r\nhost: h\r\ncontent-length: 9\r\n\r\nabc")
        idle = stack.enter_context(process.connect())
        idle.sendall(b"GET /whole?n=1 HTTP/1.1\r\nhost: h\r\n\r\n")
        read_until(idle, b"x")
        echo = connect(f"{process.ws}/ws/echo", proxy=None, open_timeout=PATIENCE)
        echo.send("hi")
        assert echo.recv(PATIENCE) == "hi"
        process.wait_for("InvocationStarted", path="/count")
        ends_well(process, signal.SIGINT)


def test_a_request_that_is_nearly_done_is_finished(
    emulate: Emulate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vercel_emu.emulator.start.SHUTDOWN_DRAIN", PATIENCE)
    app = """
import os, time

def app(environ, start_response):
    while not os.path.exists(environ["QUERY_STRING"]):
        time.sleep(0.01)
    start_response("200 OK", [])
    return [b"done"]
"""
    emulation = emulate({"app.py": app})
    mark = tmp_path / "go-on"
    with emulation.connect() as connection:
        connection.sendall(f"GET /?{mark} HTTP/1.1\r\nhost: h\r\n\r\n".encode())
        emulation.events.wait(events.InvocationStarted)
        stopping = threading.Thread(target=emulation.__exit__)
        stopping.start()
        wait_until(lambda: all(phase is Phase.DRAINING for _, phase in emulation.pool.instances()))
        mark.touch()
        read_until(connection, b"done")
    stopping.join()


def test_while_the_function_starts(start: Start) -> None:
    process = start(ready=False)
    process.wait_for("InstanceStarting")
    wait_until(process.children)
    ends_well(process, signal.SIGINT)


@pytest.mark.parametrize("path", ["/spawn", "/stubborn", "/loop"])
def test_apps_that_do_not_want_to_end(start: Start, path: str) -> None:
    process = start()
    pids = set(process.children())
    with process.connect() as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nhost: h\r\n\r\n".encode())
        if path == "/loop":
            process.wait_for("InvocationStarted", path=path)
        else:
            pids |= pids_in(read_until(connection, b"}"))
        ends_well(process, signal.SIGINT)
    wait_until(lambda: not any(map(alive, pids)))


@pytest.mark.parametrize("path", ["/whole?n=1", "/spawn", "/stubborn", "/loop"])
def test_kill_9_leaves_nothing(start: Start, path: str) -> None:
    process = start("--no-standby" if path == "/loop" else "--standby")
    pids = set(process.children())
    with process.connect() as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nhost: h\r\n\r\n".encode())
        if path == "/loop":
            process.wait_for("InvocationStarted", path=path)
        else:
            answer = read_until(connection, b"x" if "whole" in path else b"}")
            pids |= pids_in(answer)
        process.signal(signal.SIGKILL)
        process.exit_code()
        wait_until(lambda: not any(map(alive, pids)))


def test_a_second_signal_ends_it_at_once(start: Start) -> None:
    process = start()
    process.get("/stubborn")
    with process.connect() as connection:
        connection.sendall(b"GET /hang HTTP/1.1\r\nhost: h\r\n\r\n")
        process.wait_for("InvocationStarted", path="/hang")

        def ended() -> bool:
            # Signals that come before the first was handled are one: send until there were two.
            process.signal(signal.SIGINT)
            return process.process.poll() is not None

        wait_until(ended)
        assert process.exit_code() == 128 + signal.SIGINT


def test_twice_in_one_project(start: Start) -> None:
    first, second = start(), start()
    assert first.port != second.port
    for process in (first, second, first):
        assert process.get("/whole?n=2").text == "xx"
    ends_well(first, signal.SIGINT)
    assert second.get("/whole?n=2").text == "xx"
    ends_well(second, signal.SIGINT)


def test_a_busy_port_that_was_asked_for(start: Start, tmp_path: Path) -> None:
    first = start()
    command = [sys.executable, "-m", "vercel_emu", "dev", str(first.root)]
    command += ["--listen", f"127.0.0.1:{first.port}", "--python", sys.executable]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE, check=False, env=clean_environ()
    )
    assert done.returncode == 1
    assert done.stderr.startswith("PORT_IN_USE")
    assert f"(pid {first.process.pid})" in done.stderr
    assert "Traceback" not in done.stderr
    ends_well(first, signal.SIGTERM)


def test_standard_output_that_is_closed(tmp_path: Path) -> None:
    root = write_project(tmp_path / "project", app_files("everything"))
    command = [sys.executable, "-m", "vercel_emu", "dev", str(root), "--listen", "localhost:0"]
    command += ["--log-format", "json", "--python", sys.executable]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean_environ()
    )
    assert process.stdout is not None
    assert process.stderr is not None
    url = ""
    while "localhost" not in url:
        url = process.stdout.readline()
        assert url, process.stderr.read()
    process.stdout.close()
    port = int(url.partition("localhost:")[2].partition('"')[0])
    for _ in range(3):
        done = subprocess.run(
            ["curl", "-s", f"http://127.0.0.1:{port}/whole?n=2"], capture_output=True, check=False
        )
        assert done.stdout == b"xx"
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) == 0
    assert process.stderr.read() == ""
    process.stderr.close()


def test_standard_output_that_lacks_characters(dev: Start) -> None:
    app = APPS.joinpath("everything.py").read_text() + '\nprint("日")\n'
    environ = clean_environ(PYTHONIOENCODING="ascii")
    process = dev({"app.py": app}, environ=environ, log_format="pretty")
    shown = wait_until(lambda: [one for one in process.lines if "localhost" in one])
    assert shown[0].startswith("^ vercel-emu ")
    process.url = "http://localhost:" + shown[0].rpartition(":")[2].strip()
    assert process.get("/whole?n=2").text == "xx"
    wait_until(lambda: [one for one in process.lines if "\\u65e5" in one])
    ends_well(process, signal.SIGINT)


@pytest.mark.parametrize("log_format", ["json", "pretty"])
def test_without_standard_output(tmp_path: Path, log_format: str) -> None:
    root = write_project(tmp_path / "project", app_files("everything"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = f"exec {sys.executable} -m vercel_emu dev {root} --log-format {log_format}"
    command += f" --python {sys.executable}"
    process = subprocess.Popen(
        f"{command} --listen 127.0.0.1:{port} >&-", shell=True, stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL, env=clean_environ(), text=True,
    )  # fmt: skip
    try:
        wait_until(lambda: _is_served(port))
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
    finally:
        process.kill()
        _, stderr = process.communicate()
    assert stderr == ""


def _is_served(port: int) -> bool:
    done = subprocess.run(
        ["curl", "-s", f"http://127.0.0.1:{port}/whole?n=2"], capture_output=True, check=False
    )
    return done.stdout == b"xx"


def test_a_long_path_for_temporary_files(dev: Start, tmp_path: Path) -> None:
    long = tmp_path / ("t" * 80)
    long.mkdir()
    process = dev(app_files("everything"), environ=clean_environ(TMPDIR=str(long))).wait_ready()
    assert process.get("/whole?n=2").text == "xx"
    ends_well(process, signal.SIGINT)
    assert list(long.iterdir()) == []


def test_a_terminal_that_hangs_up(tmp_path: Path) -> None:
    root = write_project(tmp_path / "project", app_files("everything"))
    command = [sys.executable, "-m", "vercel_emu", "dev", str(root), "--listen", "localhost:0"]
    command += ["--python", sys.executable]
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=clean_environ(),
        start_new_session=True,
        preexec_fn=lambda: os.close(os.open(os.ttyname(1), os.O_RDWR)),  # becomes our terminal
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    while b"localhost" not in shown:
        shown += os.read(ours, 65536)
    os.close(ours)
    assert process.wait(PATIENCE) in (0, -signal.SIGHUP, 128 + signal.SIGHUP)

"""SIGKILL of a function's instance, at each moment of its life."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.real.conftest import Dev
from tests.real.faults.rows import row
from tests.real.faults.support import (
    FAILED,
    Asking,
    acknowledged_until,
    ask,
    begun,
    files,
    kill,
    lost,
    pid_of,
    project,
    request_waits,
    save,
    starting,
    stream_cut_by,
)
from tests.real.support import alive, wait_until
from vercel_emu import events

KILLED = "SIGKILL of the instance"


@row(KILLED, "idle", "200 from a new instance.")
def test_idle(tmp_path: Path) -> None:
    with project(tmp_path) as running, running.client() as client:
        pid = int(client.get("/pid").text)
        kill(pid)
        assert int(client.get("/pid").text) != pid


@row(KILLED, "during a request", "500 `FUNCTION_INVOCATION_FAILED`; the next request is served.")
def test_request(tmp_path: Path) -> None:
    with project(tmp_path) as running:
        pid = pid_of(running)
        waiting = Asking(running, "/held?name=one")
        begun(tmp_path, "one")
        kill(pid)
        assert waiting.saw() == FAILED
        assert ask(running, "/") == "200 0"


@row(KILLED, "during a response stream", "A cut connection; the next request is served.")
def test_stream(tmp_path: Path) -> None:
    with project(tmp_path) as running:
        pid = pid_of(running)
        stream_cut_by(lambda: kill(pid), running)
        assert ask(running, "/") == "200 0"


@row(
    f"{KILLED} that a save replaces",
    "during a reload",
    "500 `FUNCTION_INVOCATION_FAILED` for the request that the old instance still had; "
    "the new code for all others.",
)
def test_old_code(tmp_path: Path) -> None:
    with project(tmp_path, reload=True, standby=True) as running:
        pid = pid_of(running)
        old = Asking(running, "/held?name=old")
        begun(tmp_path, "old")
        save(running, 1)
        assert ask(running, "/") == "200 1"
        kill(pid)
        assert old.saw() == FAILED
        assert ask(running, "/") == "200 1"


@row("SIGKILL of the standby", "idle", "Nothing: the next save is served.")
def test_standby(tmp_path: Path) -> None:
    with project(tmp_path, reload=True, standby=True) as running:
        serving = pid_of(running)
        name = running.events.wait(events.StandbyReady).instance
        standby = next(one.process.pid for one in running.instances() if one.name == name)
        assert standby
        assert standby != serving
        kill(standby)
        wait_until(lambda: not alive(standby))
        assert pid_of(running) == serving
        save(running, 1)
        assert ask(running, "/") == "200 1"


@row(
    KILLED,
    "while writing the cache",
    "A cut connection; every write that the client was told of is there.",
)
def test_cache(tmp_path: Path) -> None:
    with project(tmp_path) as running:
        pid = pid_of(running)
        written = acknowledged_until(lambda: kill(pid), running)
        assert lost(running, written) == []


@row(KILLED, "at shutdown", "500 `FUNCTION_INVOCATION_FAILED`; the emulator ends with code 0.")
def test_shutdown(dev: Dev, tmp_path: Path) -> None:
    running = dev(files(), "--no-reload").wait_ready()
    pid = pid_of(running)
    waiting = Asking(running, "/held?name=one")
    begun(tmp_path, "one")
    running.signal(signal.SIGTERM)
    kill(pid)
    assert waiting.saw() == FAILED
    assert running.exit_code() == 0


# While it starts ------------------------------------------------------------------------------


@row(
    KILLED,
    "starting",
    "500 `FUNCTION_INVOCATION_FAILED` for who waited; the next request starts it again.",
)
def test_starting(tmp_path: Path) -> None:
    hold = tmp_path / "hold-start"
    hold.touch()
    with project(tmp_path) as running:
        waiting = Asking(running, "/")
        pid = starting(tmp_path)
        request_waits(running)
        kill(pid)
        assert waiting.saw() == FAILED
        hold.unlink()
        assert ask(running, "/") == "200 0"


@row(
    KILLED,
    "during a reload",
    "500 `FUNCTION_INVOCATION_FAILED` for who waited; the next request gets the new code.",
)
def test_new_code(tmp_path: Path) -> None:
    with project(tmp_path, reload=True) as running:
        assert ask(running, "/") == "200 0"
        hold = tmp_path / "hold-start"
        hold.touch()
        save(running, 1)
        waiting = Asking(running, "/")
        pid = starting(tmp_path)
        request_waits(running)
        kill(pid)
        assert waiting.saw() == FAILED
        hold.unlink()
        assert ask(running, "/") == "200 1"

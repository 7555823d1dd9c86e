"""Real emulators for tests: in this process on a thread of their own, or as `vercel-emu dev`.

Both take an app as a mapping of file names to texts, listen on a port the system chose, and are
waited for through events, never by sleeping.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import httpx
import uvloop

from vercel_emu import events
from vercel_emu.emulator.prepare import prepare
from vercel_emu.emulator.project import RunningProject
from vercel_emu.emulator.start import running
from vercel_emu.events import Event, EventBus
from vercel_emu.instance.pool import FunctionPool, Instance
from vercel_emu.options import Options, load_options
from vercel_emu.project.pyproject import emu_table
from vercel_emu.project.python.interpreter import find_interpreter, running_interpreter

PATIENCE = 120.0
"""Seconds after which a test gives up on something that should have come long before.

They are only spent on a failure, so they are many: a busy machine is no failure.
"""

type Files = Mapping[str, str | bytes]

APPS = Path(__file__).parent / "apps"


def app_files(name: str) -> Files:
    """The app `apps/NAME.py` as a project's `app.py`."""
    return {"app.py": (APPS / f"{name}.py").read_text()}


def write_project(root: Path, files: Files) -> Path:
    """Write an app's files below `root`."""
    root.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    return root


def clean_environ(**extra: str) -> dict[str, str]:
    """This process's environment without what would change how the emulator behaves."""
    dropped = ("VERCEL", "RUNTIME_CACHE", "VIRTUAL_ENV", "CONDA", "PYTHON", "NO_COLOR", "FORCE_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return kept | {"PYTHONUNBUFFERED": "1"} | extra


def wait_until[T](probe: Callable[[], T], timeout: float = PATIENCE, what: str = "") -> T:
    """The first truthy answer of `probe`; for states of the system that send no event."""
    give_up = time.monotonic() + timeout
    while True:
        if found := probe():
            return found
        if time.monotonic() > give_up:
            raise AssertionError(f"did not happen within {timeout} s: {what or probe}")
        time.sleep(0.01)


def alive(pid: int) -> bool:
    """Whether a process exists and is more than an uncollected exit code."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        if Path("/proc").exists():
            return False
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return True
    return stat.rpartition(")")[2].split()[0] not in "ZX"


class RecordedEvents:
    """Everything an emulator reported; may be read from any thread."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._changed = threading.Condition()

    def __call__(self, event: Event) -> None:
        with self._changed:
            self._events.append(event)
            self._changed.notify_all()

    def all[E: Event](self, kind: type[E], matches: Callable[[E], bool] | None = None) -> list[E]:
        """The events of one kind so far."""
        found = [event for event in self._events if isinstance(event, kind)]
        return [event for event in found if matches is None or matches(event)]

    def wait[E: Event](
        self,
        kind: type[E],
        matches: Callable[[E], bool] | None = None,
        *,
        count: int = 1,
        timeout: float = PATIENCE,
    ) -> E:
        """The `count`-th event of a kind, waiting for it where it has not come yet."""
        with self._changed:
            if self._changed.wait_for(lambda: len(self.all(kind, matches)) >= count, timeout):
                return self.all(kind, matches)[count - 1]
        seen = "\n".join(map(repr, self._events[-40:]))
        raise AssertionError(f"no {kind.__name__} within {timeout} s; the last events:\n{seen}")

    def index(self, event: Event) -> int:
        """Where in the order of all events this one came."""
        return self._events.index(event)

    def text(self) -> str:
        """All log lines of the app."""
        return "\n".join(line.text for line in self.all(events.LogLine))


class Address:
    """What can be done with a running emulator from outside, however it was started."""

    url: str

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def ws(self) -> str:
        """The address for WebSocket clients."""
        return f"ws://127.0.0.1:{self.port}"

    def client(self, **options: Any) -> httpx.Client:
        """An httpx client (a context manager) for this emulator."""
        options = {"timeout": PATIENCE, "trust_env": False, **options}
        return httpx.Client(base_url=f"http://127.0.0.1:{self.port}", **options)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        with self.client() as client:
            return client.request(method, path, **options)

    def connect(self, timeout: float = PATIENCE) -> socket.socket:
        """A plain TCP connection (a context manager)."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)

    def raw(self, data: bytes, timeout: float = PATIENCE) -> bytes:
        """Send bytes, and read until the emulator closes. Ask with `connection: close`."""
        with self.connect(timeout) as connection:
            connection.sendall(data)
            return read_to_end(connection)


class Emulation(Address):
    """An emulator inside the test's process, on a thread and event loop of its own."""

    def __init__(self, root: Path, options: Options, environ: Mapping[str, str]) -> None:
        self.root = root
        self.options = options
        self.environ = environ
        self.events = RecordedEvents()
        self.project: RunningProject
        self._loop: asyncio.AbstractEventLoop
        self._stop: asyncio.Event
        self._started = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="emulation", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._started.wait(PATIENCE), "the emulator did not start"
        if self._error is not None:
            raise self._error
        return self

    def __exit__(self, *_: object) -> None:
        pids = [one.process.pid for one in self.instances()]
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "the emulator did not stop"
        if self._error is not None:
            raise self._error
        assert not [pid for pid in pids if pid is not None and alive(pid)]

    def _run(self) -> None:
        try:
            asyncio.run(self._serve(), loop_factory=uvloop.new_event_loop)
        except BaseException as error:  # handed to the thread of the test
            self._error = error
        finally:
            self._started.set()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        bus = EventBus()
        bus.subscribe(self.events)
        given, environ = self.options.python, dict(self.environ)
        interpreter = find_interpreter(self.root, python=given, environ=environ)
        interpreter = interpreter or running_interpreter()
        prepared = prepare(self.root, self.options, interpreter, self.environ)
        async with running(prepared, bus) as project:
            self.project = project
            self.url = project.url
            self._started.set()
            await self._stop.wait()

    @property
    def thread_id(self) -> int:
        """Of the thread that the emulator runs on."""
        assert self._thread.ident is not None
        return self._thread.ident

    def run[T](self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the emulator's own loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    @property
    def pool(self) -> FunctionPool:
        """The only function's instances."""
        return next(iter(self.project.pools.values()))

    def instances(self) -> list[Instance]:
        """Every instance that has not ended, standby included."""
        pools = self.project.pools.values() if hasattr(self, "project") else ()
        return [one for pool in pools for one, _ in pool.instances()]

    def wait_ready(self) -> None:
        """Return once the function has started (a request would wait for it anyway)."""
        self.events.wait(events.InstanceReady)

    def response(self, path: str, count: int = 1) -> events.ResponseSent:
        """The event of the `count`-th answer to `path`."""
        return self.events.wait(events.ResponseSent, lambda e: e.path == path, count=count)


OWN_PROGRAM = (sys.executable, "-m", "vercel_emu")
"""The emulator of this checkout, in the environment of the tests."""


class DevProcess(Address):
    """`vercel-emu dev` as a person starts it; its JSON log is read as it comes."""

    def __init__(
        self,
        root: Path,
        *arguments: str,
        environ: Mapping[str, str],
        log_format: str = "json",
        program: Sequence[str] = OWN_PROGRAM,
    ) -> None:
        self.root = root
        self.lines: list[str] = []
        self._ended = False
        self._changed = threading.Condition()
        self._command = [*program, "dev", str(root)]
        self._command += ["--log-format", log_format, *arguments]
        of_the_tests = program == OWN_PROGRAM and "--python" not in arguments
        if of_the_tests and find_interpreter(root, environ=environ) is None:
            self._command += ["--python", sys.executable]  # or it would make an environment
        if "--listen" not in arguments:
            self._command += ["--listen", "0"]
        self._environ = dict(environ)
        self.process: subprocess.Popen[str]
        self.stderr = ""
        self._readers: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self._environ,
            start_new_session=True,
        )
        self._readers = [
            threading.Thread(target=self._read_stdout, daemon=True),
            threading.Thread(target=self._read_stderr, daemon=True),
        ]
        for reader in self._readers:
            reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise
        for reader in self._readers:
            reader.join(PATIENCE)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    def _read_stdout(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _read_stderr(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.stderr += line

    def reported(self, event: str, **fields: Any) -> list[dict[str, Any]]:
        """The JSON log's entries of one event that have these field values."""
        found = [json.loads(line) for line in self.lines if line.startswith("{")]
        return [
            entry
            for entry in found
            if entry["event"] == event
            and all(entry.get(name) == value for name, value in fields.items())
        ]

    def wait_for(self, event: str, *, timeout: float = PATIENCE, **fields: Any) -> dict[str, Any]:
        """The first log entry of this event with these field values."""
        with self._changed:
            self._changed.wait_for(lambda: self.reported(event, **fields) or self._ended, timeout)
            if found := self.reported(event, **fields):
                return found[0]
        log = "\n".join(self.lines[-40:])
        raise AssertionError(f"no {event} {fields} within {timeout} s:\n{log}\n{self.stderr}")

    def wait_ready(self) -> Self:
        """Return once the emulator listens and its function has started."""
        self.wait_listening()
        self.wait_for("InstanceReady")
        return self

    def wait_listening(self, timeout: float = PATIENCE) -> Self:
        """Return once requests are accepted; they wait for the function."""
        self.url = self.wait_for("Notice", timeout=timeout, code="LISTENING")["url"]
        return self

    def forget(self) -> None:
        """Drop what was logged so far: a long run would keep hundreds of megabytes."""
        with self._changed:
            self.lines.clear()

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def exit_code(self, timeout: float = PATIENCE) -> int:
        """The exit code, once the emulator has ended."""
        return self.process.wait(timeout)

    def children(self) -> list[int]:
        """The processes the emulator started itself."""
        return children_of(self.process.pid)


def children_of(pid: int) -> list[int]:
    """Direct children of a process."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    ).stdout
    pairs = [line.split() for line in listed.splitlines()]
    return [int(child) for child, parent in pairs if int(parent) == pid and alive(int(child))]


def emulation(
    root: Path, files: Files | None = None, environ: Mapping[str, str] | None = None, **given: Any
) -> Emulation:
    """An emulator for the app in `files`; `given` are options of `vercel-emu dev`.

    Use as a context manager. No standby unless asked for: most tests don't reload.
    """
    write_project(root, files or {})
    given = {"listen": "localhost:0", "standby": False, "reload": False, **given}
    options = load_options(emu_table(root), given, root / "pyproject.toml")
    return Emulation(root.resolve(), options, environ or clean_environ())


@contextlib.contextmanager
def dev_process(
    root: Path,
    files: Files | None = None,
    *arguments: str,
    environ: Mapping[str, str] | None = None,
    log_format: str = "json",
) -> Iterator[DevProcess]:
    """`vercel-emu dev` for the app in `files`, as a process of its own."""
    write_project(root, files or {})
    given = environ or clean_environ()
    with DevProcess(root, *arguments, environ=given, log_format=log_format) as process:
        yield process


def read_to_end(connection: socket.socket) -> bytes:
    """Everything until the other side closes; a reset is an end too."""
    parts = []
    with contextlib.suppress(ConnectionResetError):
        while data := connection.recv(65536):
            parts.append(data)
    return b"".join(parts)


def read_until(connection: socket.socket, mark: bytes, start: bytes = b"") -> bytes:
    """Read until `mark` has been seen; what has been read."""
    data = start
    while mark not in data:
        more = connection.recv(65536)
        assert more, f"closed before {mark!r}: {data!r}"
        data += more
    return data

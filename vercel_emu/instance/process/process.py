"""One child process: start it, hear from it, stop it with everything it started."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import itertools
import json
import os
import signal
import time
from asyncio.subprocess import Process
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from vercel_emu import tasks
from vercel_emu.guest.file_system.left_out import Rules
from vercel_emu.instance.output.diagnosis import Code
from vercel_emu.instance.output.logs import Stream, pieces
from vercel_emu.instance.process.early import EarlyProcess, start_python
from vercel_emu.instance.process.ipc import MessageReader, RuntimeMessage
from vercel_emu.project.model import Entrypoint


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchSpec:
    """Everything that decides how an instance of a function is started."""

    interpreter: Path
    root: Path
    entrypoint: Entrypoint
    environment: Mapping[str, str]
    modules_file: Path
    bytecode_dir: Path
    debug: bool = False
    official_cache_client: bool = False
    strict_fs: bool = False
    left_out: Sequence[Rules] = ()
    """What of the project the function does not have in a deployment."""
    fd_limit: int | None = None
    control: Mapping[str, str] | None = None
    """`url` and `authorization` of the emulator's control API, for purging by tag."""
    report_files: bool = False
    """Tell of each of the user's files that it imports, reads and writes: saves are followed."""
    alone: bool = True
    """It is the whole project, not one of several functions."""

    @property
    def code(self) -> Code:
        """What is started, for whoever looks into its source."""
        return Code(root=self.root, entrypoint=self.entrypoint, interpreter=self.interpreter)

    def orders(self, *, preload: bool) -> dict[str, object]:
        """What `guest/boot.py` is told before it does anything."""
        return {
            "root": str(self.root),
            "import_root": str(self.root / self.entrypoint.base_dir),
            "entrypoint": str(self.root / self.entrypoint.file),
            "preload": preload,
            "modules_file": str(self.modules_file),
            "bytecode_dir": str(self.bytecode_dir),
            "debugpy": self.debug,
            "official_cache_client": self.official_cache_client,
            "strict_fs": self.strict_fs,
            "left_out": self.left_out,
            "fd_limit": self.fd_limit,
            "control": self.control,
            "report_files": self.report_files,
        }

    def child_environment(self, ipc_path: Path) -> dict[str, str]:
        """The environment of the child, with the runtime's boot variables (`vc_init`)."""
        return {
            **self.environment,
            "__VC_HANDLER_MODULE_NAME": self.entrypoint.module,
            "__VC_HANDLER_ENTRYPOINT": self.entrypoint.file,
            "__VC_HANDLER_ENTRYPOINT_ABS": str(self.root / self.entrypoint.file),
            "__VC_HANDLER_VARIABLE_NAME": self.entrypoint.variable,
            "VERCEL_IPC_PATH": str(ipc_path),
        }


class Listener(Protocol):
    """Who hears what a process says."""

    def on_message(self, process: InstanceProcess, message: RuntimeMessage) -> None: ...

    def on_output(self, process: InstanceProcess, stream: Stream, text: str) -> None: ...

    def on_exit(self, process: InstanceProcess, code: int) -> None: ...


_numbers = itertools.count(1)
SLICE = 0.002
"""Seconds that an app's output is handled before everybody else has as long."""
SILENCE = 0.5
"""Seconds without a word after which nothing more is expected of a process that has ended."""
MOST_SILENCES = 6


class InstanceProcess:
    """A function instance's process, from launch to exit."""

    def __init__(self, name: str, socket_dir: Path, listener: Listener) -> None:
        self.name = name
        self._ipc_path = socket_dir / f"{next(_numbers)}.sock"
        self._listener = listener
        self._process: Process | None = None
        self._server: asyncio.Server | None = None
        self._channels: set[asyncio.Transport] = set()
        self._channel_gone = asyncio.Event()
        self._heard = 0
        self._watcher: asyncio.Task[None] | None = None
        self._unsent: list[bytes] = []
        self.exited = asyncio.Event()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def memory_mb(self) -> float:
        """Memory that is this process's own; 0 where the system doesn't tell."""
        try:
            pages = Path(f"/proc/{self.pid}/statm").read_text().split()
            return (int(pages[1]) - int(pages[2])) * os.sysconf("SC_PAGE_SIZE") / 1e6
        except (OSError, ValueError, IndexError):
            return 0.0

    async def start(
        self, spec: LaunchSpec, *, preload: bool, early: EarlyProcess | None = None
    ) -> None:
        """Launch the child, or go on with an `early` one; what happens is told to the listener.

        Raises:
            OSError: the interpreter can't be executed.
        """
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(lambda: _Channel(self), str(self._ipc_path))
        environment = spec.child_environment(self._ipc_path)
        orders = spec.orders(preload=preload)
        try:
            if early is not None and not spec.debug:
                self._process = early.take(spec.interpreter, environment)
                orders["environ"] = environment
            if self._process is None:
                self._process = await start_python(
                    spec.interpreter, environment, spec.root, debug=spec.debug
                )
        except BaseException:
            self._close_channels()
            raise
        self._watcher = tasks.start(self._watch(self._process), f"exit of {self.name}")
        self._write(json.dumps(orders).encode() + b"\n")
        while self._unsent:
            self._write(self._unsent.pop(0))

    def go(self) -> None:
        """Let a standby import user code."""
        self._command("go")

    def preload_more(self) -> None:
        """Tell a standby that the list of library modules has grown."""
        self._command("preload")

    def ask_for_modules(self) -> None:
        """Ask for the list of library modules that are imported by now."""
        self._command("modules")

    def signal_group(self, number: int) -> None:
        """Signal the child and every process it started."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)

    async def stop(self, grace: float) -> None:
        """SIGTERM, up to `grace` seconds, then SIGKILL for the whole process group."""
        if self._process is None:
            return
        try:
            if not self.exited.is_set() and grace > 0:
                with contextlib.suppress(ProcessLookupError):
                    self._process.terminate()
                    # One that is stopped heeds it only when it goes on.
                    self.signal_group(signal.SIGCONT)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(grace):
                        await self.exited.wait()
        finally:
            self.signal_group(signal.SIGKILL)
        await self.exited.wait()

    async def _watch(self, process: Process) -> None:
        assert process.stdout is not None
        assert process.stderr is not None
        ends = [
            tasks.start(self._read(process.stdout, "stdout"), f"stdout of {self.name}"),
            tasks.start(self._read(process.stderr, "stderr"), f"stderr of {self.name}"),
        ]
        code = await process.wait()
        self.signal_group(signal.SIGKILL)
        # What is still in the pipes and the IPC sockets comes before the news of the exit.
        ends.append(tasks.start(self._channels_end(), f"IPC of {self.name}"))
        await self._while_it_speaks(ends)
        for end in ends:
            end.cancel()
        # Closes the pipes, which asyncio itself closes at their end only.
        process._transport.close()  # type: ignore[attr-defined]
        self._close_channels()
        self.exited.set()
        self._listener.on_exit(self, code)

    async def _channels_end(self) -> None:
        while self._channels:
            await self._channel_gone.wait()
            self._channel_gone.clear()

    async def _while_it_speaks(self, ends: list[asyncio.Task[None]]) -> None:
        """A grandchild may hold the pipes open; what it says later is nobody's."""
        heard = -1
        for _ in range(MOST_SILENCES):
            if heard == self._heard:
                return
            heard = self._heard
            _, waiting = await asyncio.wait(ends, timeout=SILENCE)
            if not waiting:
                return

    async def _read(self, pipe: asyncio.StreamReader, stream: Stream) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        over = 0.0
        while data := await pipe.read(65536):
            for piece in pieces(decoder.decode(data)):
                if time.perf_counter() > over:
                    await asyncio.sleep(SLICE)
                    over = time.perf_counter() + SLICE
                self._heard += 1
                self._listener.on_output(self, stream, piece)

    def _command(self, name: str) -> None:
        line = json.dumps({"do": name}).encode() + b"\n"
        # The child may speak before we have been told that it was launched.
        if self._process is None:
            self._unsent.append(line)
        else:
            self._write(line)

    def _write(self, line: bytes) -> None:
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError, RuntimeError):
                self._process.stdin.write(line)

    def _close_channels(self) -> None:
        for channel in list(self._channels):
            channel.close()
        if self._server is not None:
            self._server.close()
        self._ipc_path.unlink(missing_ok=True)

    # Called by the IPC channels.

    def channel_opened(self, transport: asyncio.Transport) -> None:
        self._channels.add(transport)

    def channel_closed(self, transport: asyncio.Transport) -> None:
        self._channels.discard(transport)
        self._channel_gone.set()

    def channel_message(self, message: RuntimeMessage) -> None:
        self._heard += 1
        self._listener.on_message(self, message)


class _Channel(asyncio.Protocol):
    """One connection of the child to its IPC socket: the runtime's, or `boot.py`'s own.

    Messages are handled for `SLICE` seconds at a time, so that an app that writes a lot delays
    nobody else; until they are done nothing more is read, and the app waits in its `write`.
    """

    def __init__(self, owner: InstanceProcess) -> None:
        self._owner = owner
        self._reader = MessageReader()
        self._messages: Iterator[RuntimeMessage] | None = None
        self._paused = False
        self._lost = False
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._owner.channel_opened(self._transport)

    def data_received(self, data: bytes) -> None:
        heard = self._reader.feed(data)
        if self._messages is not None:
            self._messages = itertools.chain(self._messages, heard)
            return
        self._messages = heard
        self._handle()

    def _handle(self) -> None:
        assert self._messages is not None
        over = time.perf_counter() + SLICE
        for message in self._messages:
            self._owner.channel_message(message)
            if time.perf_counter() > over:
                if not self._paused and not self._transport.is_closing():
                    self._transport.pause_reading()
                    self._paused = True
                asyncio.get_running_loop().call_later(SLICE, self._handle)
                return
        self._messages = None
        if self._lost:
            self._owner.channel_closed(self._transport)
        elif self._paused and not self._transport.is_closing():
            self._transport.resume_reading()
            self._paused = False

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = True
        if self._messages is None:
            self._owner.channel_closed(self._transport)


def exit_text(code: int) -> str:
    """What an exit code means, in words."""
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"the process was ended by {signal.Signals(-code).name}"
    return f"the process exited with code {code}"

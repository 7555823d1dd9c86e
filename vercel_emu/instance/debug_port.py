"""The port a debugger attaches to: the emulator's own, passed on to the instance that serves.

Each instance has a debugpy with a port of its own choice, so that a standby and an instance that
drains can have one too. When the instance is replaced, the debugger is told that its session has
ended and may start again (DAP: `terminated` with `restart`), and finds the new one at this port.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping

from vercel_emu import tasks
from vercel_emu.errors import EmuError

_RESTART = json.dumps(
    {"seq": 1_000_000_000, "type": "event", "event": "terminated", "body": {"restart": True}}
).encode()


class DebugPort:
    """Listens for debuggers; `find` waits for an instance and returns its debugpy's port."""

    def __init__(self, port: int, find: Callable[[], Awaitable[int]]) -> None:
        self.port = port
        self._find = find
        self._server: asyncio.Server | None = None
        self._sessions: set[asyncio.Task[None]] = set()
        self._ending = asyncio.Event()

    @property
    def attached(self) -> bool:
        """Whether a debugger is connected."""
        return bool(self._sessions)

    async def start(self) -> None:
        """Begin to listen.

        Raises:
            EmuError: the port is taken.
        """
        try:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        except OSError as error:
            raise EmuError(
                "PORT_IN_USE",
                f"--debugpy: port {self.port} can't be used: {error.strerror}.",
                "Choose another with --debugpy PORT.",
            ) from None
        self.port = self._server.sockets[0].getsockname()[1]

    def instance_replaced(self) -> None:
        """End the sessions with the old instance; debuggers come back by themselves."""
        self._ending.set()
        self._ending = asyncio.Event()

    async def close(self) -> None:
        """Stop listening and end every session."""
        if self._server is not None:
            self._server.close()
        for session in self._sessions:
            session.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = asyncio.current_task()
        assert session is not None
        self._sessions.add(session)
        try:
            await self._session(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # one of the two hung up
        finally:
            self._sessions.discard(session)
            writer.close()

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ending = self._ending
        port = await self._find()
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", port)
        ended = tasks.start(ending.wait(), "end of a debugged instance")
        up = tasks.start(_copy(reader, up_writer), "from the debugger")
        down = tasks.start(_copy_messages(up_reader, writer, ending), "to the debugger")
        try:
            await asyncio.wait((ended, up, down), return_when=asyncio.FIRST_COMPLETED)
            if ending.is_set() and not up.done():
                await _stop_at_boundary(down)
                writer.write(_frame(_RESTART))
                await writer.drain()
        finally:
            for task in (ended, up, down):
                task.cancel()
            up_writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


async def _copy_messages(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ending: asyncio.Event
) -> None:
    """Copy whole messages, so that ours may come after any of them.

    Nothing is copied once the instance is `ending`: debugpy says `terminated` without `restart`.
    """
    while not ending.is_set():
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        body = await reader.readexactly(length)
        if not ending.is_set():
            writer.write(head + body)
            await writer.drain()


async def _stop_at_boundary(copying: asyncio.Future[None]) -> None:
    copying.cancel()
    with contextlib.suppress(asyncio.CancelledError, OSError, asyncio.IncompleteReadError):
        await copying


def _frame(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


class Durations(Mapping[str, float]):
    """How long each function may run; a day while a debugger is attached."""

    ATTACHED = 86_400.0

    def __init__(self, durations: Mapping[str, float], debugger: DebugPort) -> None:
        self._durations = durations
        self._debugger = debugger

    def __getitem__(self, function: str) -> float:
        return self.ATTACHED if self._debugger.attached else self._durations[function]

    def __iter__(self) -> Iterator[str]:
        return iter(self._durations)

    def __len__(self) -> int:
        return len(self._durations)

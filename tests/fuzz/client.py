"""Plays one connection of the fuzzer against an emulator."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from dataclasses import dataclass

from tests.fuzz.answers import Answers
from tests.fuzz.connections import Connection, End

PATIENCE = 20.0
"""Seconds after which something that has to come is given up on."""
IDLE = 0.2
"""Where nobody can say how many answers come, the client leaves after this silence."""
PAUSE = 0.0005
"""Between two writes, so that they seldom arrive as one."""


@dataclass(frozen=True, slots=True)
class Outcome:
    connection: Connection
    answers: Answers
    fault: str


async def play(port: int, connection: Connection, patience: float = PATIENCE) -> Outcome:
    """Send it, read what comes, and say what is wrong with that by itself."""
    answers = Answers(connection.requests)
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError as error:
        return Outcome(connection, answers, f"no connection: {error}")
    news = asyncio.Event()
    reading = asyncio.create_task(_read(reader, answers, news), name="fuzz reader")
    try:
        with contextlib.suppress(OSError):
            await _send(writer, connection, reading)
        fault = await _End(connection, answers, news, reading, patience).come(writer)
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        writer.transport.abort()
    answers.end()
    return Outcome(connection, answers, answers.fault or fault)


async def _read(reader: asyncio.StreamReader, answers: Answers, news: asyncio.Event) -> None:
    data = b"-"
    while data:
        try:
            data = await reader.read(65536)
        except OSError:
            data = b""
        answers.feed(data)
        news.set()


async def _send(
    writer: asyncio.StreamWriter, connection: Connection, reading: asyncio.Task[None]
) -> None:
    for number, data in enumerate(connection.writes()):
        if number:
            await asyncio.sleep(PAUSE)
        for start in range(0, len(data), 65536):
            if reading.done():
                return
            writer.write(data[start : start + 65536])
            drained = asyncio.create_task(writer.drain(), name="fuzz drain")
            # Whoever has refused it may not read the rest.
            await asyncio.wait({drained, reading}, return_when=asyncio.FIRST_COMPLETED)
            if not drained.done():
                drained.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await drained


@dataclass(frozen=True, slots=True)
class _End:
    """How the client takes its leave, once everything is sent."""

    connection: Connection
    answers: Answers
    news: asyncio.Event
    reading: asyncio.Task[None]
    patience: float

    async def come(self, writer: asyncio.StreamWriter) -> str:
        """Do it; what is wrong with how the other side takes it."""
        end = self.connection.end
        if end is End.ABORT:
            return ""
        if end is End.WAIT:
            missing = await self._answered(self.patience if self.connection.whole else IDLE)
            if missing and self.connection.whole:
                return missing
            if self.answers.closing and not await self._closed(self.patience):
                return "it said that it closes, and did not"
        if end is not End.REFUSED:
            with contextlib.suppress(OSError):
                writer.get_extra_info("socket").shutdown(socket.SHUT_WR)
        if end is End.REFUSED:
            refused = await self._closed(self.patience)
            return "" if refused else "a head without an end is read on and on"
        # It may still be answering: a client that has sent everything is no client that has left.
        await self._closed(IDLE)
        return ""

    async def _answered(self, patience: float) -> str:
        """Until every request has its answer, or the connection is over; else what is missing."""
        answers, expected = self.answers, len(self.connection.requests)
        while len(answers.complete) < expected and not answers.closing:
            if self.reading.done() or answers.fault or answers.switched is not None:
                return f"closed after {len(answers.complete)} of {expected} answers"
            self.news.clear()
            try:
                async with asyncio.timeout(patience):
                    await self.news.wait()
            except TimeoutError:
                return f"{len(answers.complete)} answers to {expected} requests"
        return ""

    async def _closed(self, patience: float) -> bool:
        done, _ = await asyncio.wait({self.reading}, timeout=patience)
        return bool(done)

"""The client's request body on its way to an instance, piece by piece."""

from __future__ import annotations

from collections.abc import Callable

from vercel_emu.transport.connection import Connection, ConnectionFailed
from vercel_emu.transport.exchange import Exchange

REPLAYABLE = 64 * 1024
"""Bytes kept for another attempt, where the first instance ends before it begins."""


class Upload:
    """One request body, in chunks or of a `length`. `finished` once the instance has it all."""

    def __init__(
        self,
        exchange: Exchange,
        *,
        chunked: bool,
        length: int | None,
        limit: int | None,
    ) -> None:
        has_body = chunked or bool(length)
        self._exchange = exchange
        self._chunked = chunked
        self._length = length
        self._limit = limit
        self._size = 0
        self._kept: list[bytes] = []
        self._received_all = not has_body
        self.has_body = has_body
        self.finished = not has_body

    @property
    def replayable(self) -> bool:
        """Whether everything received so far can be sent once more."""
        return self._size <= REPLAYABLE

    async def run(self, connection: Connection, too_large: Callable[[], None]) -> None:
        """Send the whole body, once more if need be; over the limit `too_large` is called."""
        self.finished = False
        try:
            for piece in self._kept:
                await self._write(connection, piece)
            while not self._received_all:
                message = await self._exchange.receive()
                if message["type"] == "http.disconnect":
                    return
                piece = message["body"]
                self._keep(piece)
                self._received_all = not message["more_body"]
                if self._limit is not None and self._size > self._limit:
                    too_large()
                    return
                await self._write(connection, piece)
            if self._chunked:
                await connection.write(b"0\r\n\r\n")
            # What the head has promised is owed: else the next request would be taken for it.
            self.finished = self._chunked or self._size == self._length
        except ConnectionFailed:
            pass  # it answered early, or died: whoever reads the response knows which

    def _keep(self, piece: bytes) -> None:
        self._size += len(piece)
        if self.replayable:
            self._kept.append(piece)
        else:
            self._kept.clear()

    async def _write(self, connection: Connection, piece: bytes) -> None:
        if piece:
            await connection.write(
                b"%x\r\n%b\r\n" % (len(piece), piece) if self._chunked else piece
            )

"""The instance's side of a WebSocket: reads the answer to the handshake, then passes bytes on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Protocol, cast

from vercel_emu.edge.request import Headers

MAX_HEAD = 256 * 1024


class Client(Protocol):
    """What the instance's side needs of the client's."""

    def answer(self, status_line: bytes, headers: Headers, rest: bytes) -> None: ...

    def upstream_data(self, data: bytes) -> None: ...

    def upstream_lost(self) -> None: ...

    def pause_client(self) -> None: ...

    def resume_client(self) -> None: ...


class Upstream(asyncio.Protocol):
    """The connection to the instance."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._transport: asyncio.Transport
        self._head: bytes | None = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self._head is None:
            self._client.upstream_data(data)
            return
        self._head += data
        head, end, rest = self._head.partition(b"\r\n\r\n")
        if end:
            self._head = None
            status_line, *lines = head.split(b"\r\n")
            if not status_line.split(b" ", 2)[1:2][0].isdigit():
                self._transport.abort()
                return
            self._client.answer(status_line, read_headers(lines), rest)
        elif len(self._head) > MAX_HEAD:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._client.upstream_lost()

    def pause_writing(self) -> None:
        self._client.pause_client()

    def resume_writing(self) -> None:
        self._client.resume_client()

    def write(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(data)

    def close(self) -> None:
        self._transport.close()

    def pause_reading(self) -> None:
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()


def read_headers(lines: Iterable[bytes]) -> Headers:
    """Header lines that a parser has checked, as pairs with lower-case names."""
    parts = [line.partition(b":") for line in lines]
    return [(name.strip().lower(), value.strip()) for name, _, value in parts]

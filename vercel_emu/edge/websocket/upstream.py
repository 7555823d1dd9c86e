"""The instance's side of a WebSocket: reads the answer to the handshake, then passes bytes on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Protocol, cast

from vercel_emu.instance.pool import Instance
from vercel_emu.transport.connection import Connection
from vercel_emu.transport.connection_pool import connect_loopback
from vercel_emu.transport.headers import RawHeaders

MAX_HEAD = 256 * 1024


type UpstreamResponse = tuple[bytes, RawHeaders, bytes]
"""Status line, headers, and what came after them."""


class Client(Protocol):
    """What the instance's side needs of the client's, once the handshake is answered."""

    def upstream_data(self, data: bytes) -> None: ...

    def upstream_lost(self) -> None: ...

    def pause_client(self) -> None: ...

    def resume_client(self) -> None: ...


class Upstream(asyncio.Protocol):
    """The connection to the instance. `answer` is None where it closed without one."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._transport: asyncio.Transport
        self._head = b""
        self.answer: asyncio.Future[UpstreamResponse | None] = (
            asyncio.get_running_loop().create_future()
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self.answer.done():
            self._client.upstream_data(data)
            return
        self._head += data
        while True:
            head, end, rest = self._head.partition(b"\r\n\r\n")
            status = head.split(b" ", 2)[1:2] if end else []
            if not status or not status[0].isdigit():
                break
            if status[0].startswith(b"1") and status[0] != b"101":
                self._head = rest  # an interim response: the answer is still to come
                continue
            status_line, *lines = head.split(b"\r\n")
            # Until the client's side has taken the answer, nothing else may come.
            self._transport.pause_reading()
            self.answer.set_result((status_line, read_headers(lines), rest))
            asyncio.get_running_loop().call_soon(self.resume_reading)
            return
        if end or len(self._head) > MAX_HEAD:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.answer.done():
            self.answer.set_result(None)
        elif not self.answer.cancelled() and self.answer.result() is not None:
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

    def as_response(self) -> Connection:
        """Go on as an ordinary exchange: the answer is no 101, and has a body that ends."""
        connection = Connection(asyncio.get_running_loop())
        connection.connection_made(self._transport)
        connection.expect(b"GET")
        self._transport.set_protocol(connection)
        connection.data_received(self._head)
        return connection


async def connect_upstream(client: Client, instance: Instance) -> Upstream:
    """A connection to the instance. Raises OSError where it takes none."""
    assert instance.connections is not None
    return await connect_loopback(lambda: Upstream(client), instance.connections.port)


def read_headers(lines: Iterable[bytes]) -> RawHeaders:
    """Header lines that a parser has checked, as pairs with lower-case names."""
    parts = [line.partition(b":") for line in lines]
    return [(name.strip().lower(), value.strip()) for name, _, value in parts]

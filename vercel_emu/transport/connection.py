"""HTTP/1.1 to an instance or another server: keep-alive connections, raw bytes in and out.

The instance must see the request target and headers byte for byte as the client sent them, so
the request head is written as bytes by the caller, and `httptools` (uvicorn's own parser) reads the
answer. Higher-level clients normalise the target: `/a?` loses its question mark, `//` collapses.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections import deque
from collections.abc import AsyncGenerator
from typing import cast

import httptools

HIGH_WATER = 256 * 1024
"""Bytes of a response that may wait for a slow client before reading pauses."""
READ_SIZE = 64 * 1024
HEAD_SECONDS = 0.002
"""A head with a fixed length waits this long for its body, so that both travel in one piece."""


class ConnectionFailed(Exception):
    """The other side closed the connection. `sent_nothing`: before any byte of a response."""

    def __init__(self, message: str, *, sent_nothing: bool = False) -> None:
        super().__init__(message)
        self.sent_nothing = sent_nothing


class ResponseHead:
    """Status and raw headers of a response, and how its body is delimited."""

    __slots__ = ("chunked", "content_length", "headers", "status")

    def __init__(self) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.content_length: int | None = None
        self.chunked = False

    def ends_with_connection(self, method: bytes) -> bool:
        """True where only the closing of the connection marks the end (HTTP/1.0 servers)."""
        if self.may_not_have_body(method) or self.status < 200:
            return False
        return self.content_length is None and not self.chunked

    def may_not_have_body(self, method: bytes) -> bool:
        """Whether no body follows, whatever the headers say (RFC 9112 section 6.3)."""
        return method == b"HEAD" or self.status in (204, 304)

    @property
    def keeps_open(self) -> bool:
        """Whether the connection is to stay open, as the headers say."""
        return any(
            name == b"connection" and b"keep-alive" in value.lower() for name, value in self.headers
        )

    @property
    def has_body(self) -> bool:
        """Whether the headers speak of a body."""
        return self.chunked or bool(self.content_length)


class Connection(asyncio.Protocol):
    """One connection; one exchange at a time: `begin`, `write`..., `head`, `body`.

    `peer` is what errors call the other side.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, peer: str = "the instance") -> None:
        self._loop = loop
        self._peer = peer
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._method = b""
        self._head = ResponseHead()
        self._head_ready: asyncio.Future[ResponseHead] | None = None
        self._chunks: deque[bytes] = deque()
        self._buffered = 0
        self._reader: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._reading_paused = False
        self._complete = True
        self._keep_alive = False
        self._in_head = True
        self._received_any = False
        self._end_is_sure = True
        self._lost: ConnectionFailed | None = None
        self.idle_since = 0.0
        self.ended_by_close = False

    # The exchange --------------------------------------------------------------------------

    def begin(self, method: bytes, head: bytes) -> None:
        """Send a request head (with its final blank line) and expect a response to it."""
        if self._lost is not None or self._transport is None:
            raise ConnectionFailed("the connection is closed", sent_nothing=True)
        self.expect(method)
        self._transport.write(head)

    def expect(self, method: bytes) -> None:
        """Expect the response to a request with this method, which has been sent."""
        self._method = method
        self._head = ResponseHead()
        self._head_ready = self._loop.create_future()
        self._complete = self._keep_alive = self._received_any = self.ended_by_close = False

    async def write(self, data: bytes) -> None:
        """Send a part of the request body; waits while the instance does not take it."""
        if self._lost is not None or self._transport is None:
            raise self._lost or ConnectionFailed("the connection is closed")
        self._transport.write(data)
        if self._drained is not None:
            await self._drained

    async def head(self) -> ResponseHead:
        """The response head, once it is there; interim 1xx responses are skipped."""
        assert self._head_ready is not None
        return await self._head_ready

    async def body(self) -> AsyncGenerator[bytes]:
        """The body in the pieces it arrived in.

        Raises:
            ConnectionFailed: the instance died or hung up before the body was complete.
        """
        while True:
            while self._chunks:
                chunk = self._chunks.popleft()
                self._buffered -= len(chunk)
                if self._reading_paused and self._buffered < HIGH_WATER // 2:
                    self._resume()
                yield chunk
            if self._complete:
                return
            if self._lost is not None:
                raise self._lost
            self._reader = self._loop.create_future()
            try:
                await self._reader
            finally:
                self._reader = None

    def end_body(self) -> None:
        """The body is over, as the other side said elsewhere, although the connection is open.

        All of it was written before, so it stands in the socket now.
        """
        if not self._complete:
            self._read_what_has_arrived()
            self._finish()

    @property
    def whole_body_is_here(self) -> bool:
        """True where the whole body has arrived, and its own end marked it as whole."""
        return self._complete and not self.ended_by_close

    def take_whole_body(self) -> bytes:
        """All of a body that is here, in one piece."""
        whole = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        self._buffered = 0
        return whole

    @property
    def reusable(self) -> bool:
        """True after a complete exchange that left the connection open."""
        return (
            self._complete
            and self._keep_alive
            and self._end_is_sure
            and self._lost is None
            and not self._chunks
        )

    @property
    def is_open(self) -> bool:
        return self._lost is None

    def close(self) -> None:
        """Hang up; the instance sees the client leave."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.abort()

    # asyncio.Protocol ----------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self._complete:
            # Bytes nobody asked for: the connection is out of step and must not be reused.
            self._keep_alive = False
            self.close()
            return
        self._received_any = True
        try:
            self._parser.feed_data(data)
            self._leave_if_out_of_step()
        except httptools.HttpParserUpgrade:
            self._fail(f"{self._peer} switched protocols")
        except httptools.HttpParserError as error:
            self._fail(f"{self._peer} answered with malformed HTTP: {error}")
            self.close()

    def _leave_if_out_of_step(self) -> None:
        if self._complete and not self._end_is_sure:
            self.close()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None and not self._complete:
            self._read_what_has_arrived()
        if self._head.status:
            self._announce(self._head)
        if not self._complete and self._head.status and self._closes_body():
            self.ended_by_close = True
            self._complete = True
        self._fail(f"{self._peer} closed the connection")

    def pause_writing(self) -> None:
        self._drained = self._loop.create_future()

    def resume_writing(self) -> None:
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        self._drained = None

    # httptools callbacks -------------------------------------------------------------------

    def on_message_begin(self) -> None:
        if self._complete:
            # A second response that nobody asked for.
            self._end_is_sure = False
        else:
            self._head = ResponseHead()
            self._in_head = True

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._in_head or self._complete:
            return  # a trailer (RFC 9110 section 6.5.1), or of a response nobody asked for
        name = name.lower()
        self._head.headers.append((name, value))
        if name == b"content-length" and value.isdigit():
            self._head.content_length = int(value)
        elif name == b"transfer-encoding":
            self._head.chunked = b"chunked" in value.lower()

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if 100 <= status < 200 or self._complete:
            return
        self._in_head = False
        self._head.status = status
        # What calls itself HTTP/1.0 closes its connections, whatever its headers say.
        self._keep_alive = (
            self._parser.should_keep_alive() and self._parser.get_http_version() == "1.1"
        )
        # A server that should send no body here may send the one it speaks of all the same.
        self._end_is_sure = not (self._head.has_body and self._head.may_not_have_body(self._method))
        if self._head.content_length and self._method != b"HEAD":
            self._loop.call_later(HEAD_SECONDS, self._announce, self._head)
        else:
            self._announce(self._head)
        if self._method == b"HEAD":
            # llhttp can't know that no body follows; start afresh for the next response.
            self._parser = httptools.HttpResponseParser(self)
            self._finish()

    def on_body(self, body: bytes) -> None:
        if self._complete:
            return
        if self._buffered + len(body) != self._head.content_length:
            self._announce(self._head)
        self._chunks.append(body)
        self._buffered += len(body)
        if self._buffered > HIGH_WATER and not self._reading_paused and self._transport:
            self._transport.pause_reading()
            self._reading_paused = True
        self._wake_reader()

    def on_message_complete(self) -> None:
        if self._head.status:
            self._finish()

    # Helpers -------------------------------------------------------------------------------

    def _read_what_has_arrived(self) -> None:
        """Take in what stands in the socket, which the loop has not read or will never read.

        A server may answer and hang up without having read the body. The loop gives the connection
        up at the next write, and would leave the answer unread.
        """
        if self._transport is None or self._transport.get_extra_info("ssl_object") is not None:
            return
        descriptor = self._transport.get_extra_info("socket").fileno()
        # Nothing is there, the end is, or the socket is closed.
        with contextlib.suppress(OSError):
            while not self._complete and (data := os.read(descriptor, READ_SIZE)):
                self.data_received(data)

    def _closes_body(self) -> bool:
        return self._head.ends_with_connection(self._method)

    def _announce(self, head: ResponseHead) -> None:
        """Hand out the head, if it is still that of the exchange in progress."""
        ready = self._head_ready
        if head is self._head and ready is not None and not ready.done():
            ready.set_result(head)

    def _finish(self) -> None:
        self._complete = True
        self._announce(self._head)
        self._wake_reader()

    def _resume(self) -> None:
        self._reading_paused = False
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def _wake_reader(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    def _fail(self, message: str) -> None:
        if self._lost is None:
            self._lost = ConnectionFailed(message, sent_nothing=not self._received_any)
        if self._head_ready is not None and not self._head_ready.done():
            self._head_ready.set_exception(self._lost)
            # Whoever has stopped waiting must not cause an "exception was never retrieved".
            self._head_ready.exception()
        if self._drained is not None and not self._drained.done():
            self._drained.set_exception(self._lost)
            self._drained.exception()
        self._wake_reader()

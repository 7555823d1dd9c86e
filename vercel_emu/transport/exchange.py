"""One request and its answer on a client's connection.

It takes the place of uvicorn's own request cycle, because a proxy must do four things that one
can't: tell at once that the client has left, cut a connection so that half an answer is noticed,
answer HTTP/1.0 clients without chunks, and pass on any status code.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

from starlette.types import ASGIApp, Message, Scope
from uvicorn.protocols.http.flow_control import FlowControl

_STATUS_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus
}
_RESET = struct.pack("ii", 1, 0)


class Exchange:
    """What uvicorn's HTTP protocol calls a cycle; its public attributes are used from there."""

    def __init__(
        self,
        scope: Scope,
        transport: asyncio.Transport,
        flow: FlowControl,
        *,
        keep_alive: bool,
        expects_continue: bool,
        default_headers: Iterable[tuple[bytes, bytes]],
        on_complete: Callable[[], None],
    ) -> None:
        self.scope = scope
        self.transport = transport
        self.flow = flow
        self.keep_alive = keep_alive
        self.body = bytearray()
        self.more_body = True
        self.message_event = asyncio.Event()
        self.disconnected = False
        self.response_started = False
        self.response_complete = False
        self.status = 0
        self.on_left: Callable[[], None] | None = None
        """Called when the client leaves before its answer is complete."""
        self._expects_continue = expects_continue
        self._default_headers = default_headers
        self._on_complete = on_complete
        self._head = b""
        self._chunked = False
        self._bodiless = False
        self._missing: int | None = None

    async def run_asgi(self, app: ASGIApp) -> None:
        """Let `app` answer; an answer it leaves unfinished ends the connection."""
        try:
            await app(self.scope, self.receive, self.send)
        finally:
            if not self.response_complete and not self.disconnected:
                self.cut()

    def lose(self) -> None:
        """The client's connection is gone."""
        if self.response_complete or self.disconnected:
            return
        self.disconnected = True
        self.message_event.set()
        if self.on_left is not None:
            self.on_left()

    def cut(self) -> None:
        """End the connection so that the client notices that its answer is not whole.

        A missing last chunk or a short body says so by itself; an HTTP/1.0 answer that ends with
        its connection is told apart only by a reset.
        """
        self._send_head()
        if self._missing is None and not self._chunked and self.response_started:
            with contextlib.suppress(OSError, AttributeError):
                self.transport.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, _RESET
                )
            self.transport.abort()
        elif self.flow.write_paused:
            self.transport.abort()
        else:
            self.transport.close()

    # ASGI ---------------------------------------------------------------------------------------

    async def receive(self) -> Message:
        if self._expects_continue and not self.transport.is_closing():
            self._expects_continue = False
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if not self.disconnected and not self.response_complete:
            self.flow.resume_reading()
            await self.message_event.wait()
            self.message_event.clear()
        if self.disconnected or self.response_complete:
            return {"type": "http.disconnect"}
        body, self.body = bytes(self.body), bytearray()
        return {"type": "http.request", "body": body, "more_body": self.more_body}

    async def send(self, message: Mapping[str, Any]) -> None:
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        if message["type"] == "http.response.start":
            self._start(message["status"], message.get("headers", ()))
        else:
            self._write(message.get("body", b""), more=message.get("more_body", False))

    # The answer's bytes -------------------------------------------------------------------------

    def _start(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
        if self._expects_continue:
            # The client may send its body now or not at all: what comes next can't be told.
            self.keep_alive = self._expects_continue = False
        lines = [_STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status]
        for name, value in (*self._default_headers, *headers):
            if name == b"content-length":
                if status == 204:  # RFC 9110 section 8.6
                    continue
                self._missing = int(value)
            lines.append(b"%b: %b\r\n" % (name, value))
        self._bodiless = self.scope["method"] == "HEAD" or status in (204, 304)
        if self._missing is None and not self._bodiless:
            if self.scope["http_version"] == "1.0":
                self.keep_alive = False
            else:
                self._chunked = True
                lines.append(b"transfer-encoding: chunked\r\n")
        if not self.keep_alive:
            lines.append(b"connection: close\r\n")
        head = b"".join(lines)
        if head.count(b"\n") != len(lines) or head.count(b"\r") != len(lines):
            raise ValueError("a response header holds a line break")
        self.response_started, self.status = True, status
        # In one piece with a body that is there already: each write wakes the client.
        self._head = head + b"\r\n"
        asyncio.get_running_loop().call_soon(self._send_head)

    def _send_head(self) -> None:
        head, self._head = self._head, b""
        if head and not self.disconnected and not self.transport.is_closing():
            self.transport.write(head)

    def _write(self, body: bytes, *, more: bool) -> None:
        if self._bodiless:
            body = b""
        elif self._chunked:
            body = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            if not more:
                body += b"0\r\n\r\n"
        elif self._missing is not None:
            if len(body) > self._missing:
                raise ValueError("an answer is longer than its content-length")
            self._missing -= len(body)
        if body or self._head:
            head, self._head = self._head, b""
            if not self.transport.is_closing():
                self.transport.write(head + body)
        if not more:
            self._complete()

    def _complete(self) -> None:
        if self._missing and not self._bodiless:
            self.cut()
            return
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self._on_complete()


def split_target(url: bytes) -> tuple[bytes | None, bytes]:
    """Host (of an absolute URL) and path with query of a request target, byte for byte.

    Raises:
        ValueError: not a target that a server can be asked for, or not ASCII.
    """
    if not url.isascii():
        raise ValueError("the request target is not ASCII")
    url = url.partition(b"#")[0]
    if url.startswith(b"/") or url == b"*":
        return None, url
    # Absolute form (RFC 9112 section 3.2.2): its host counts.
    scheme, mark, rest = url.partition(b"://")
    if not mark or not scheme.isalpha():
        raise ValueError("the request target is neither a path nor a URL")
    end = min((at for at in (rest.find(b"/"), rest.find(b"?")) if at >= 0), default=len(rest))
    path = rest[end:]
    return rest[:end], path if path.startswith(b"/") else b"/" + path

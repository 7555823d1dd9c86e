"""WebSockets: the handshake is routed like any request, then bytes flow untouched both ways.

The edge does not terminate the WebSocket: subprotocols, extensions, binary frames, pings and close
codes are between the client and the app's own server. uvicorn hands the connection to this
protocol (its `ws` setting) with the request head already checked.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, cast

from vercel_emu import events
from vercel_emu.edge import failures, ids, limits
from vercel_emu.edge.invoke import cannot_start, elapsed_ms
from vercel_emu.edge.request_headers import kept_headers, platform_headers, request_head
from vercel_emu.edge.response_headers import edge_headers
from vercel_emu.instance.invocations import Kind
from vercel_emu.instance.pool import CannotStart, Instance

if TYPE_CHECKING:
    from vercel_emu.edge.app import Edge

HANDSHAKE_TIMEOUT = 60.0
_EDGE_OWN = (b"server", b"x-vercel-id", b"x-vercel-cache")


class WebSocketTunnel(asyncio.Protocol):
    """The client's side of one WebSocket."""

    def __init__(self, edge: Edge, server_state: Any) -> None:
        self._edge = edge
        self._tasks: set[asyncio.Task[Any]] = server_state.tasks
        self._transport: asyncio.Transport | None = None
        self._upstream: _Upstream | None = None
        self._early = b""
        self._instance: Instance | None = None
        self._started = time.perf_counter()
        self._opening: asyncio.Task[None] | None = None
        self.visitor = edge.settings.visitor
        self.request_id = edge.new_request_id()
        self.method = "GET"
        self.target = ""
        self._answered = False
        self._name = "app"

    # The client's connection -----------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self._opening is None:
            self._opening = asyncio.get_running_loop().create_task(self._open(data))
            self._tasks.add(self._opening)
            self._opening.add_done_callback(self._tasks.discard)
        elif self._upstream is None:
            self._early += data
        else:
            self._upstream.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._upstream is not None:
            self._upstream.close()
        elif self._opening is not None:
            self._opening.cancel()
        self._over()

    def pause_writing(self) -> None:
        if self._upstream is not None:
            self._upstream.pause_reading()

    def resume_writing(self) -> None:
        if self._upstream is not None:
            self._upstream.resume_reading()

    # Opening -----------------------------------------------------------------------------------

    async def _open(self, head: bytes) -> None:
        request_line, *lines = head.split(b"\r\n\r\n", 1)[0].split(b"\r\n")
        method, target, _ = request_line.split(b" ", 2)
        headers = [_header(line) for line in lines]
        self.method, self.target = method.decode(), target.decode("latin-1")
        refused = limits.refused(self._edge.settings.limits, target, headers, None)
        if refused:
            self._fail(failures.Failure(code=refused))
            return
        self.visitor, headers = self._edge.choose_visitor(headers)
        pool = self._edge.pool(self._name)
        try:
            async with asyncio.timeout(HANDSHAKE_TIMEOUT):
                instance = await pool.acquire()
                assert instance.connections is not None
                _, upstream = await asyncio.get_running_loop().create_connection(
                    lambda: _Upstream(self), "127.0.0.1", instance.connections.port
                )
        except CannotStart as error:
            self._fail(cannot_start(error))
            return
        except (TimeoutError, OSError):
            self._fail(failures.Failure(code="FUNCTION_INVOCATION_FAILED"))
            return
        self._begin(instance, upstream)
        upstream.write(self._request_head(method, target, headers) + self._early)
        self._early = b""

    def _begin(self, instance: Instance, upstream: _Upstream) -> None:
        self._instance, self._upstream = instance, upstream
        invocation = instance.invocations.begin(self.request_id)
        invocation.kind = Kind.SOCKET
        self._edge.emit(
            events.InvocationStarted(
                invocation_id=self.request_id,
                function=self._name,
                instance=instance.name,
                method=self.method,
                path=self.target,
                visitor=self.visitor.label,
                cold=instance.invocations.served == 1,
            )
        )

    def _request_head(
        self, method: bytes, target: bytes, headers: list[tuple[bytes, bytes]]
    ) -> bytes:
        settings = self._edge.settings
        host = next((value for name, value in headers if name == b"host"), b"localhost")
        return request_head(
            method=method,
            target=target,
            kept=kept_headers(headers, upgrade=True),
            platform=platform_headers(
                self.visitor,
                host.decode("latin-1"),
                "http",
                settings.cache,
                int(time.time()) // 60,
            ),
            vercel_id=f"{self.visitor.edge_region}::{self.request_id}",
            invocation_id=self.request_id,
            request_number=self._edge.next_number(),
            deadline=ids.deadline(self._edge.duration(self._name)),
            chunked=False,
        )

    # The instance's side -------------------------------------------------------------------------

    def answer(self, status: int, head: bytes, rest: bytes) -> None:
        """The instance answered the handshake, with 101 or a rejection."""
        assert self._transport is not None
        status_line, *lines = head.split(b"\r\n")
        kept = [
            line
            for line in lines
            if not line.lower().startswith(b"x-vercel-internal-")
            and line.partition(b":")[0].lower() not in _EDGE_OWN
        ]
        region = self._edge.settings.function_region
        kept += [
            name + b": " + value
            for name, value in edge_headers(
                f"{self.visitor.edge_region}::{region}::{self.request_id}"
            )
        ]
        self._transport.write(b"\r\n".join([status_line, *kept]) + b"\r\n\r\n" + rest)
        self._report(status)

    def upstream_data(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def upstream_lost(self) -> None:
        if not self._answered:
            self._fail(
                failures.Failure(
                    code="FUNCTION_INVOCATION_FAILED",
                    explanation="The function closed the connection during the handshake.",
                )
            )
        elif self._transport is not None:
            self._transport.close()
        self._over()

    def client_pause_reading(self) -> None:
        if self._transport is not None:
            self._transport.pause_reading()

    def client_resume_reading(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    # Ends ------------------------------------------------------------------------------------------

    def _fail(self, failure: failures.Failure) -> None:
        vercel_id = f"{self.visitor.edge_region}::{self.request_id}"
        content_type, body = failures.body(failure, "", vercel_id, overlay=False)
        headers = failures.headers(failure, content_type, len(body)) + edge_headers(vercel_id)
        if self._transport is not None:
            self._transport.write(
                f"HTTP/1.1 {failure.status} {failure.message}\r\n".encode()
                + b"".join(name + b": " + value + b"\r\n" for name, value in headers)
                + b"connection: close\r\n\r\n"
                + body
            )
            self._transport.close()
        self._report(failure.status, failure.code)

    def _over(self) -> None:
        if self._instance is not None:
            self._instance.invocations.response_done(self.request_id)
            self._instance = None

    def _report(self, status: int, error_code: str = "") -> None:
        if self._answered:
            return
        self._answered = True
        self._edge.emit(
            events.ResponseSent(
                invocation_id=self.request_id,
                method=self.method,
                path=self.target,
                status=status,
                duration_ms=elapsed_ms(self._started),
                visitor=self.visitor.label,
                function=self._name,
                instance=self._instance.name if self._instance else "",
                error_code=error_code,
            )
        )


class _Upstream(asyncio.Protocol):
    """The instance's side: reads the answer to the handshake, then passes bytes on."""

    def __init__(self, tunnel: WebSocketTunnel) -> None:
        self._tunnel = tunnel
        self._transport: asyncio.Transport | None = None
        self._head: bytes | None = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self._head is None:
            self._tunnel.upstream_data(data)
            return
        self._head += data
        head, end, rest = self._head.partition(b"\r\n\r\n")
        if end:
            self._head = None
            status = head.split(b" ", 2)[1]
            self._tunnel.answer(int(status) if status.isdigit() else 502, head, rest)

    def connection_lost(self, exc: Exception | None) -> None:
        self._tunnel.upstream_lost()

    def pause_writing(self) -> None:
        self._tunnel.client_pause_reading()

    def resume_writing(self) -> None:
        self._tunnel.client_resume_reading()

    def write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def pause_reading(self) -> None:
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()


def _header(line: bytes) -> tuple[bytes, bytes]:
    name, _, value = line.partition(b":")
    return name.strip().lower(), value.strip()

"""WebSockets: the handshake is routed like any request, then bytes flow untouched both ways.

The edge does not terminate the WebSocket: subprotocols, extensions, binary frames, pings and close
codes are between the client and the app's own server. uvicorn hands the connection to this
protocol (its `ws` setting) with the request head already checked.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from vercel_emu.edge import answers, failures
from vercel_emu.edge.call import Call, Refused
from vercel_emu.edge.exchange import split_target
from vercel_emu.edge.invoke import acquire
from vercel_emu.edge.request import Headers, read_request
from vercel_emu.edge.response_headers import edge_headers, response_headers
from vercel_emu.edge.routing import InvokeFunction
from vercel_emu.edge.websocket_upstream import Upstream, read_headers
from vercel_emu.instance.invocations import Kind
from vercel_emu.instance.pool import Instance

if TYPE_CHECKING:
    from vercel_emu.edge.app import Edge

HANDSHAKE_SECONDS = 60.0
EARLY_BYTES = 1024 * 1024
"""What a client may send before the instance has accepted; more waits in its own socket."""


class WebSocketTunnel(asyncio.Protocol):
    """The client's side of one WebSocket."""

    def __init__(self, edge: Edge, server_state: Any) -> None:
        self._edge = edge
        self._tasks: set[asyncio.Task[Any]] = server_state.tasks
        self._transport: asyncio.Transport
        self._upstream: Upstream | None = None
        self._early = b""
        self._instance: Instance | None = None
        self._opening: asyncio.Task[None] | None = None
        self._call: Call
        self._answered = False

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
            if len(self._early) > EARLY_BYTES:
                self._transport.pause_reading()
        else:
            self._upstream.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._upstream is not None:
            self._upstream.close()
        elif self._opening is not None:
            self._opening.cancel()
        if self._opening is not None and not self._answered:
            self._report(499)
        self._over()

    def pause_writing(self) -> None:
        if self._upstream is not None:
            self._upstream.pause_reading()

    def resume_writing(self) -> None:
        if self._upstream is not None:
            self._upstream.resume_reading()

    # Opening -----------------------------------------------------------------------------------

    async def _open(self, data: bytes) -> None:
        head, _, self._early = data.partition(b"\r\n\r\n")
        request_line, *lines = head.split(b"\r\n")
        method, url, _ = request_line.split(b" ", 2)
        self._call = self._edge.new_call(
            read_request(method.decode(), url, read_headers(lines), upgrade=True)
        )
        try:
            _, self._call.request.target = split_target(url)
            async with asyncio.timeout(HANDSHAKE_SECONDS):
                await self._connect()
        except Refused as refused:
            self._fail(refused.failure)
        except ValueError:
            self._fail(failures.Failure(code="BAD_REQUEST"))
        except OSError:  # TimeoutError too
            self._fail(failures.Failure(code="FUNCTION_INVOCATION_FAILED"))

    async def _connect(self) -> None:
        call, edge = self._call, self._edge
        outcome = edge.admit(call)
        if not isinstance(outcome, InvokeFunction):
            raise Refused(failures.Failure(code="NOT_FOUND"))
        call.function = outcome.function
        instance = self._instance = await acquire(edge.pool(outcome.function))
        # Counted from here on, so that an instance that is being replaced waits for it.
        instance.invocations.begin(call.id).kind = Kind.SOCKET
        assert instance.connections is not None
        _, upstream = await asyncio.get_running_loop().create_connection(
            lambda: Upstream(self), "127.0.0.1", instance.connections.port
        )
        call.instance, call.cold = instance.name, instance.invocations.served == 1
        edge.emit(call.handed_over())
        upstream.write(edge.request_head(call, outcome) + self._early)
        self._upstream, self._early = upstream, b""
        self._transport.resume_reading()

    # The instance's side -------------------------------------------------------------------------

    def answer(self, status_line: bytes, headers: Headers, rest: bytes) -> None:
        """The instance answered the handshake, with 101 or a rejection."""
        status = int(status_line.split(b" ", 2)[1])
        vercel_id = self._call.function_id(self._edge.settings.function_region)
        if status == 101:
            kept = [pair for pair in headers if not pair[0].startswith(b"x-vercel-")]
            kept = [pair for pair in kept if pair[0] != b"server"] + edge_headers(vercel_id)
        else:
            kept = response_headers(headers, vercel_id)
            kept += [pair for pair in headers if pair[0] == b"transfer-encoding"]
            kept.append((b"connection", b"close"))
        lines = [status_line, *(name + b": " + value for name, value in kept)]
        self._transport.write(b"\r\n".join(lines) + b"\r\n\r\n" + rest)
        self._report(status)

    def upstream_data(self, data: bytes) -> None:
        self._transport.write(data)

    def upstream_lost(self) -> None:
        if not self._answered:
            self._fail(
                failures.Failure(
                    code="FUNCTION_INVOCATION_FAILED",
                    explanation="The function closed the connection during the handshake.",
                )
            )
        else:
            self._transport.close()
        self._over()

    def pause_client(self) -> None:
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_client(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()

    # Ends -------------------------------------------------------------------------------------

    def _fail(self, failure: failures.Failure) -> None:
        self._transport.write(answers.failure_bytes(self._call, failure, overlay=False))
        self._transport.close()
        self._report(failure.status)

    def _over(self) -> None:
        if self._instance is not None:
            self._instance.invocations.response_done(self._call.id)
            self._instance = None

    def _report(self, status: int) -> None:
        if not self._answered:
            self._answered = True
            self._call.status = status
            self._edge.emit(self._call.answered())

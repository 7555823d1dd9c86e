"""WebSockets: the handshake is routed like any request, then bytes flow untouched both ways.

The edge does not terminate the WebSocket: subprotocols, extensions, binary frames, pings and close
codes are between the client and the app's own server. uvicorn hands the connection to this
protocol (its `ws` setting) with the request head already checked.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from vercel_emu import tasks
from vercel_emu.deployment.routing import InvokeFunction
from vercel_emu.edge.admission import Admission
from vercel_emu.edge.attempt import news_of_exit
from vercel_emu.edge.call import Call
from vercel_emu.edge.failure import Failure, HTTPError
from vercel_emu.edge.invoker import ATTEMPTS, Invoker
from vercel_emu.edge.request import read_request
from vercel_emu.edge.responses import explain, platform_responses
from vercel_emu.edge.responses.headers import HSTS, edge_headers, response_headers
from vercel_emu.edge.responses.overlay import NO_OVERLAY
from vercel_emu.edge.websocket.upstream import (
    Upstream,
    UpstreamResponse,
    connect_upstream,
    read_headers,
)
from vercel_emu.events import Emit
from vercel_emu.instance.invocations import Kind
from vercel_emu.instance.pool import Instance
from vercel_emu.transport.connection import ConnectionFailed
from vercel_emu.transport.exchange import split_target
from vercel_emu.transport.headers import RawHeaders

HANDSHAKE_SECONDS = 60.0
HUNG_UP = "it closed the connection during the handshake"
EARLY_BYTES = 1024 * 1024
"""What a client may send before the instance has accepted; more waits in its own socket."""


class WebSocketTunnel(asyncio.Protocol):
    """The client's side of one WebSocket."""

    def __init__(
        self, admission: Admission, invoker: Invoker, emit: Emit, server_state: Any
    ) -> None:
        self._admission = admission
        self._invoker = invoker
        self._emit = emit
        self._tasks: set[asyncio.Task[Any]] = server_state.tasks
        self._transport: asyncio.Transport
        self._upstream: Upstream | None = None
        self._early = b""
        self._instance: Instance | None = None
        self._opening: asyncio.Task[None] | None = None
        self._call: Call
        self._answered = False
        self._rejected = False
        self._writable = asyncio.Event()
        self._writable.set()

    # The client's connection -----------------------------------------------------------------

    @property
    def _scheme(self) -> str:
        return "https" if self._transport.get_extra_info("sslcontext") else "http"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self._opening is None:
            self._opening = tasks.start(self._open(data), "WebSocket handshake")
            self._tasks.add(self._opening)
            self._opening.add_done_callback(self._tasks.discard)
        elif self._rejected:
            pass
        elif self._upstream is None:
            self._early += data
            if len(self._early) > EARLY_BYTES:
                self._transport.pause_reading()
        else:
            self._upstream.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._upstream is not None:
            self._upstream.close()
        if self._opening is not None:
            self._opening.cancel()
        if self._opening is not None and not self._answered:
            self._report(499)
        self._over()

    def pause_writing(self) -> None:
        self._writable.clear()
        if self._upstream is not None:
            self._upstream.pause_reading()

    def resume_writing(self) -> None:
        self._writable.set()
        if self._upstream is not None:
            self._upstream.resume_reading()

    # Opening -----------------------------------------------------------------------------------

    async def _open(self, data: bytes) -> None:
        head = data.partition(b"\r\n\r\n")[0]
        request_line, *lines = head.split(b"\r\n")
        method, url, _ = request_line.split(b" ", 2)
        self._call = self._admission.new_call(
            read_request(
                method.decode(), url, read_headers(lines), scheme=self._scheme, upgrade=True
            )
        )
        try:
            _, self._call.request.target = split_target(url)
            async with asyncio.timeout(HANDSHAKE_SECONDS):
                await self._connect()
        except HTTPError as refused:
            self._fail(refused.failure)
        except ValueError:
            self._fail(Failure(code="BAD_REQUEST"))
        except OSError:  # TimeoutError too
            self._fail(Failure(code="FUNCTION_INVOCATION_FAILED"))

    async def _connect(self) -> None:
        if self._call.request.fault:
            failure = Failure(code="BAD_REQUEST", explanation=self._call.request.fault)
            raise HTTPError(failure)
        outcome = self._admission.admit(self._call)
        if not isinstance(outcome, InvokeFunction):
            raise HTTPError(Failure(code="NOT_FOUND"))
        self._call.function = outcome.function
        for _ in range(ATTEMPTS):
            if await self._try(outcome):
                return
        raise HTTPError(Failure(code="FUNCTION_INVOCATION_FAILED"))

    async def _try(self, outcome: InvokeFunction) -> bool:
        """Have one instance answer the handshake. False: it was gone already, try another."""
        call, invoker = self._call, self._invoker
        instance = await invoker.acquire(outcome.function)
        # Counted from here on, so that an instance that is being replaced waits for it.
        invocation = instance.invocations.begin(call.id)
        invocation.kind = Kind.SOCKET
        self._instance = instance
        upstream: Upstream | None = None
        try:
            connecting = connect_upstream(self, instance)
            upstream = await invoker.reach(outcome.function, instance, connecting)
            if upstream is None:
                return False
            invoker.hand_over(call, instance)
            upstream.write(invoker.request_head(call, outcome))
            answer = await upstream.answer
            if answer is not None:
                if answer[0].split(b" ", 2)[1] == b"101":
                    self._accept(upstream, answer)
                else:
                    await self._reject(upstream)
                return True
            await news_of_exit(instance, invocation)
            if invocation.handler_started:
                raise HTTPError(explain.crashed(instance, invocation, HUNG_UP))
            return False
        finally:
            if self._upstream is None:
                self._over()
                if upstream is not None:
                    upstream.close()

    def _accept(self, upstream: Upstream, answer: UpstreamResponse) -> None:
        """The instance takes the handshake (101): from here on bytes flow both ways."""
        self._upstream = upstream
        status_line, headers, rest = answer
        kept = [
            pair
            for pair in headers
            if pair[0] not in (b"server", HSTS) and not pair[0].startswith(b"x-vercel-")
        ]
        kept += edge_headers(self._invoker.function_id(self._call))
        # Not sooner: the runtime's server loses what comes along with a handshake.
        upstream.write(self._early)
        self._early = b""
        self._write_head(status_line[8:], kept)
        self._write(rest)
        self._transport.resume_reading()
        self._report(101)

    async def _reject(self, upstream: Upstream) -> None:
        """Pass on an ordinary response; nothing more of this client reaches the instance."""
        self._rejected = True
        self._early = b""
        connection = upstream.as_response()
        try:
            head = await connection.head()
            headers = response_headers(head.headers, self._invoker.function_id(self._call))
            if head.status == 204:  # RFC 9110 section 8.6
                headers = [pair for pair in headers if pair[0] != b"content-length"]
            headers.append((b"connection", b"close"))
            self._write_head(b" %d " % head.status, headers)
            self._report(head.status)
            async for chunk in connection.body():
                await self._writable.wait()
                self._write(chunk)
        except ConnectionFailed:
            self._transport.abort()
        finally:
            connection.close()
            self._transport.close()

    def _write_head(self, status: bytes, headers: RawHeaders) -> None:
        lines = [b"HTTP/1.1" + status, *(name + b": " + value for name, value in headers)]
        self._write(b"\r\n".join(lines) + b"\r\n\r\n")

    # The instance's side -------------------------------------------------------------------------

    def _write(self, data: bytes) -> None:
        """To the client, unless it has left: uvloop refuses what comes after that."""
        if not self._transport.is_closing():
            self._transport.write(data)

    def upstream_data(self, data: bytes) -> None:
        self._write(data)

    def upstream_lost(self) -> None:
        self._transport.close()
        self._over()

    def pause_client(self) -> None:
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_client(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()

    # Ends -------------------------------------------------------------------------------------

    def _fail(self, failure: Failure) -> None:
        self._write(platform_responses.failure_bytes(self._call, failure, overlay=NO_OVERLAY))
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
            self._emit(self._call.answered())

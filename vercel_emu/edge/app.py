"""The edge: a raw ASGI application that every visitor's request goes through.

    admission (limits, visitor, route) -> function, file, redirect, other origin...

`build_edge` shows the parts. Each decision is a plain function from values to values in a module
of its own; this module has them performed in order and reports what happened.
"""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from starlette.types import Receive, Scope, Send

from vercel_emu import events
from vercel_emu.cdn_cache.gate import CdnGate
from vercel_emu.deployment.deploy import Deployment
from vercel_emu.deployment.routing import (
    InvokeFunction,
    NotFound,
    ProxyExternal,
    Redirect,
    Respond,
    ServeFile,
)
from vercel_emu.edge.admission import Admission, EdgeSettings
from vercel_emu.edge.cached import CachedFunctions
from vercel_emu.edge.call import Call
from vercel_emu.edge.external import proxy
from vercel_emu.edge.failure import Broken, ClientLeft, Failure, HTTPError
from vercel_emu.edge.invoker import Invoker
from vercel_emu.edge.request import read_request
from vercel_emu.edge.responses import explain, platform_responses
from vercel_emu.edge.responses.headers import without_hsts
from vercel_emu.edge.responses.overlay import NO_OVERLAY
from vercel_emu.edge.responses.static_file import EtagCache
from vercel_emu.edge.websocket.tunnel import WebSocketTunnel
from vercel_emu.instance.pool import FunctionPool
from vercel_emu.transport.exchange import Exchange
from vercel_emu.transport.server import SPEAKS_TLS

type Handler = Callable[[Scope, Receive, Send], Awaitable[None]]
type Invoke = Callable[[Call, Exchange, InvokeFunction], Awaitable[None]]


def build_edge(
    settings: EdgeSettings,
    deployment: Deployment,
    functions: Mapping[str, FunctionPool],
    emit: events.Emit,
    *,
    cdn: CdnGate | None = None,
    reserved: Mapping[str, Handler] | None = None,
) -> Edge:
    """The edge of one emulator: with `cdn` functions answer through the CDN's cache.

    `reserved` handles paths of the emulator's own (`/_emu/...`), by their first two segments.
    """
    admission = Admission(settings, deployment)
    invoker = Invoker(settings, functions, emit)
    invoke: Invoke = invoker.invoke
    if cdn is not None:
        invoke = CachedFunctions(cdn, admission, invoker, emit).invoke
    return Edge(admission, invoker, invoke, emit, reserved or {})


class Edge:
    """The ASGI application."""

    def __init__(
        self,
        admission: Admission,
        invoker: Invoker,
        invoke: Invoke,
        emit: events.Emit,
        reserved: Mapping[str, Handler],
    ) -> None:
        self._admission = admission
        self._invoker = invoker
        self._invoke = invoke
        self._emit = emit
        self._reserved = reserved
        self._overlay = admission.settings.overlay
        self._etags = EtagCache()
        self._told_of_tls = False

    @property
    def deployment(self) -> Deployment:
        """What requests come to from now on; those on their way keep theirs."""
        return self._admission.deployment

    @deployment.setter
    def deployment(self, deployment: Deployment) -> None:
        self._admission.deployment = deployment

    def refuse_all(self, reason: str | None) -> None:
        """Answer every request with an error that says why; None: no longer."""
        self._admission.refused_for = reason

    def on_event(self, event: events.Event) -> None:
        """A subscriber: instances announce calls of the deployment to itself."""
        self._invoker.loops.on_event(event)

    def websocket(self, *, config: Any, server_state: Any, app_state: Any) -> WebSocketTunnel:
        """Makes the protocol that takes over a WebSocket upgrade (uvicorn's `ws` setting)."""
        return WebSocketTunnel(self._admission, self._invoker, self._emit, server_state)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange: Exchange = scope["state"]["exchange"]
        call = self._admission.new_call(
            read_request(
                scope["method"],
                scope["state"]["target"],
                scope["headers"],
                scheme=scope["scheme"],
                server=scope["server"],
                client_port=scope["client"][1] if scope["client"] else 0,
                http_version=scope["http_version"],
            )
        )
        call.send = without_hsts(send) if scope["scheme"] == "https" else send
        call.on_left = partial(self._client_left, call)
        try:
            await self._handle(call, exchange, receive)
        except HTTPError as error:
            await platform_responses.send_failure(call, error.failure, overlay=self._overlay)
        except ClientLeft:
            pass
        except Broken as broken:
            call.error_code = broken.code
            exchange.cut()
        except Exception as error:
            await self._own_error(call, exchange, error)
        if call.left is not None:
            self._emit(call.ran_on())
            return
        call.status = exchange.status or 499
        self._emit(call.answered())

    def _client_left(self, call: Call) -> None:
        call.status = 499
        self._emit(call.answered())

    async def _handle(self, call: Call, exchange: Exchange, receive: Receive) -> None:
        if call.request.method == "CONNECT":
            # Nobody tunnels here, and the instance's server would not read a body after it.
            exchange.keep_alive = False
            raise HTTPError(Failure(code="INVALID_REQUEST_METHOD"))
        if call.request.fault:
            exchange.keep_alive = False  # whoever sent that may mean something else by the rest
            raise HTTPError(Failure(code="BAD_REQUEST", explanation=call.request.fault))
        if handler := self._reserved_handler(call.request.path):
            await handler(exchange.scope, receive, call.send)
            return
        match self._admission.admit(call):
            case InvokeFunction() as outcome:
                await self._invoke(call, exchange, outcome)
            case ServeFile() as outcome:
                await self._send_file(call, outcome, outcome.file)
            case NotFound() as outcome:
                await self._send_file(call, outcome, outcome.file)
            case Redirect() as outcome:
                await platform_responses.send_redirect(call, outcome)
            case Respond() as outcome:
                await platform_responses.send_status(call, outcome, overlay=self._overlay)
            case ProxyExternal() as outcome:
                await proxy(outcome, call, exchange)

    def _reserved_handler(self, path: str) -> Handler | None:
        return self._reserved.get("/".join(path.split("/", 3)[:3])) if self._reserved else None

    async def _send_file(
        self, call: Call, outcome: ServeFile | NotFound, file: Path | None
    ) -> None:
        """The file, or 404 where there is none, or it has gone meanwhile."""
        if not file or not await platform_responses.send_static(call, outcome, file, self._etags):
            functions = call.deployment.project.functions
            failure = explain.not_found(functions, call.deployment.missing)
            await platform_responses.send_failure(
                call, failure, overlay=self._overlay, rules=outcome.headers
            )

    def refuse_malformed(self, code: str = "BAD_REQUEST") -> bytes:
        """The whole answer to a client that doesn't speak HTTP, or sends headers without end.

        What a person should know of one that speaks TLS is said once, instead of a line for each.
        """
        speaks_tls = code == SPEAKS_TLS
        call = self._admission.new_call(read_request("?", b"(malformed HTTP)", []))
        failure = Failure(code="BAD_REQUEST" if speaks_tls else code)
        answer = platform_responses.failure_bytes(call, failure, overlay=NO_OVERLAY)
        if speaks_tls:
            self._tell_of_tls()
        else:
            self._emit(call.answered())
        return answer

    def _tell_of_tls(self) -> None:
        if self._told_of_tls:
            return
        self._told_of_tls = True
        self._emit(
            events.Notice(
                level="warn",
                code=SPEAKS_TLS,
                message="A client asks by https://, and this emulator speaks http:// only.",
                hint="Open http:// there, or start with --https.",
            )
        )

    async def _own_error(self, call: Call, exchange: Exchange, error: Exception) -> None:
        """An error of the emulator's own; the next request must not suffer from it."""
        self._emit(
            events.Notice(
                level="error",
                code="INTERNAL_ERROR",
                message=f"vercel-emu itself failed on a request: {error!r}",
                hint="".join(traceback.format_exception(error)),
            )
        )
        if not exchange.response_started:
            failure = Failure(code="INTERNAL_SERVER_ERROR")
            await platform_responses.send_failure(call, failure, overlay=self._overlay)

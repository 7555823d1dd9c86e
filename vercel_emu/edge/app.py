"""The edge: a raw ASGI application that every visitor's request goes through.

    limits -> visitor -> reserved paths -> routing -> function, file, redirect, other origin...

Each step is a plain function from values to values in a module of its own; this module performs
them in order and reports what happened.
"""

from __future__ import annotations

import itertools
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.types import Receive, Scope, Send

from vercel_emu import events
from vercel_emu.cdn_cache.gate import CdnGate, OnHead
from vercel_emu.deployment.routing import (
    FileLookup,
    InvokeFunction,
    NotFound,
    Outcome,
    ProxyExternal,
    Redirect,
    Respond,
    RouteRequest,
    RoutingTable,
    ServeFile,
    route,
)
from vercel_emu.edge import cached, ids
from vercel_emu.edge.attempt import FunctionRequest
from vercel_emu.edge.call import Broken, Call, ClientLeft, HTTPError
from vercel_emu.edge.external import proxy
from vercel_emu.edge.invoke import invoke
from vercel_emu.edge.loops import LoopGuard
from vercel_emu.edge.request import Request, read_request
from vercel_emu.edge.request_headers import (
    CacheAccess,
    kept_headers,
    platform_headers,
    request_head,
)
from vercel_emu.edge.responses import explain, failures, platform_responses
from vercel_emu.edge.responses.static_file import EtagCache
from vercel_emu.edge.websocket.tunnel import WebSocketTunnel
from vercel_emu.errors import EmuError
from vercel_emu.instance.pool import FunctionPool
from vercel_emu.platform import limits
from vercel_emu.transport.exchange import Exchange
from vercel_emu.visitors.directory import VisitorDirectory
from vercel_emu.visitors.headers import geo_headers

type Handler = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass(slots=True, kw_only=True)
class EdgeSettings:
    """What the edge needs to know; the emulator may replace fields while it runs."""

    visitors: VisitorDirectory
    routing: RoutingTable
    files: FileLookup
    durations: Mapping[str, float]
    """Function name -> seconds it may run."""
    function_region: str = "iad1"
    preview: bool = False
    limits: limits.Limits = field(default_factory=limits.Limits)
    cache: CacheAccess | None = None
    overlay: bool = True
    cron_proof: str = ""
    """What shows that a request comes from the scheduler of cron jobs."""


class Edge:
    """The ASGI application. `functions` maps a function's name to its instances."""

    def __init__(
        self, settings: EdgeSettings, functions: Mapping[str, FunctionPool], emit: events.Emit
    ) -> None:
        self.settings = settings
        self._functions = functions
        self.emit = emit
        self._new_id = ids.RequestIds(ids.make_pod())
        self._numbers = itertools.count(1)
        self._etags = EtagCache()
        self.loops = LoopGuard()
        self.cdn: CdnGate | None = None
        self.reserved: dict[str, Handler] = {}
        """Paths of the emulator's own (`/_emu/...`), by their first two segments."""

    def websocket(self, *, config: Any, server_state: Any, app_state: Any) -> WebSocketTunnel:
        """Makes the protocol that takes over a WebSocket upgrade (uvicorn's `ws` setting)."""
        return WebSocketTunnel(self, server_state)

    def pool(self, function: str) -> FunctionPool:
        return self._functions[function]

    def new_call(self, request: Request) -> Call:
        """A request that has just come in, so far of the current visitor."""
        visitor = self.settings.visitors.current
        return Call(id=self._new_id(), request=request, visitor=visitor)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange: Exchange = scope["state"]["exchange"]
        call = self.new_call(
            read_request(
                scope["method"],
                scope["state"]["target"],
                scope["headers"],
                scheme=scope["scheme"],
                server=scope["server"],
                client_port=scope["client"][1] if scope["client"] else 0,
            )
        )
        call.send = send
        try:
            await self._handle(call, exchange, receive)
        except HTTPError as refused:
            await platform_responses.send_failure(
                call, refused.failure, overlay=self.settings.overlay
            )
        except ClientLeft:
            pass
        except Broken as broken:
            call.error_code = broken.code
            exchange.cut()
        except Exception as error:
            await self._own_error(call, exchange, error)
        call.status = exchange.status or 499
        self.emit(call.answered())

    async def _handle(self, call: Call, exchange: Exchange, receive: Receive) -> None:
        if handler := self._reserved(call.request.path):
            await handler(exchange.scope, receive, call.send)
            return
        match self.admit(call):
            case InvokeFunction() as outcome:
                await cached.answer(self, self.cdn, call, exchange, outcome)
            case ServeFile() as outcome:
                await platform_responses.send_static(call, outcome, outcome.file, self._etags)
            case NotFound() as outcome:
                await self._not_found(call, outcome)
            case Redirect() as outcome:
                await platform_responses.send_redirect(call, outcome)
            case Respond() as outcome:
                await platform_responses.send_status(call, outcome, overlay=self.settings.overlay)
            case ProxyExternal() as outcome:
                await proxy(outcome, call, exchange)

    def admit(self, call: Call) -> Outcome:
        """Check a request, choose its visitor and decide where it goes.

        Raises:
            HTTPError: it is over a limit, or names a visitor that does not exist.
        """
        settings, request = self.settings, call.request
        code = limits.refused(
            settings.limits, request.target, request.headers, request.content_length
        )
        if code:
            raise HTTPError(failures.Failure(code=code))
        try:
            call.visitor = settings.visitors.choose(request.headers)
        except EmuError as error:
            raise HTTPError(
                failures.Failure(code="INVALID_VISITOR", explanation=str(error), error=error)
            ) from None
        if request.path.startswith("/_vercel/"):
            raise HTTPError(failures.Failure(code="NOT_FOUND"))
        return route(settings.routing, self._as_routed(call), settings.files)

    def _as_routed(self, call: Call) -> RouteRequest:
        request = call.request
        headers = request.headers
        if not self.settings.routing.is_plain:
            # Conditions see what the function would see.
            headers = [*kept_headers(headers), *geo_headers(call.visitor)]
            headers.append((b"host", request.host.encode("latin-1")))
        path, query = request.path, request.query
        return RouteRequest(method=request.method, path=path, query=query, headers=headers)

    def _reserved(self, path: str) -> Handler | None:
        return self.reserved.get("/".join(path.split("/", 3)[:3])) if self.reserved else None

    async def _not_found(self, call: Call, outcome: NotFound) -> None:
        sent = outcome.file and await platform_responses.send_static(
            call, outcome, outcome.file, self._etags
        )
        if not sent:
            raise HTTPError(failures.Failure(code="NOT_FOUND"))

    # Functions ----------------------------------------------------------------------------------

    async def invoke(
        self,
        call: Call,
        exchange: Exchange,
        outcome: InvokeFunction,
        on_head: OnHead | None = None,
    ) -> None:
        """Have the function answer, unless it keeps calling itself."""
        request, limit = call.request, self.settings.limits.self_calls
        if not self.loops.enter(call.id, request.client_port, request.headers, limit):
            raise HTTPError(explain.infinite_loop(limit))
        try:
            await self._invoke(call, exchange, outcome, on_head)
        finally:
            self.loops.leave(call.id)

    async def _invoke(
        self, call: Call, exchange: Exchange, outcome: InvokeFunction, on_head: OnHead | None
    ) -> None:
        settings, request = self.settings, call.request
        extra = platform_responses.encoded(outcome.headers)
        if settings.preview:
            extra.append((b"x-robots-tag", b"noindex"))
        function_request = FunctionRequest(
            make_head=lambda: self.request_head(call, outcome),
            has_body=request.chunked or bool(request.content_length),
            chunked=request.chunked,
            max_duration=settings.durations[outcome.function],
            limits=settings.limits,
            vercel_id=call.function_id(settings.function_region),
            status=outcome.status,
            extra_headers=extra,
            on_head=on_head,
        )
        await invoke(call, function_request, self.pool(outcome.function), exchange, self.emit)

    def request_head(self, call: Call, outcome: InvokeFunction) -> bytes:
        """The head of the request to the function; its deadline counts from now."""
        request, settings = call.request, self.settings
        return request_head(
            method=request.method.encode(),
            target=_function_target(request, outcome),
            kept=kept_headers(
                request.headers, upgrade=request.upgrade, cron_proof=settings.cron_proof
            ),
            platform=platform_headers(
                call.visitor, request.host, request.scheme, settings.cache, int(time.time()) // 60
            ),
            vercel_id=call.edge_id,
            invocation_id=call.id,
            request_number=next(self._numbers),
            deadline=ids.deadline(settings.durations[outcome.function]),
            chunked=request.chunked,
        )

    # What is not an answer to a request --------------------------------------------------------

    def refuse_malformed(self) -> bytes:
        """The whole answer to a client that doesn't speak HTTP."""
        call = self.new_call(read_request("?", b"(malformed HTTP)", []))
        answer = platform_responses.failure_bytes(
            call, failures.Failure(code="BAD_REQUEST"), overlay=False
        )
        self.emit(call.answered())
        return answer

    async def _own_error(self, call: Call, exchange: Exchange, error: Exception) -> None:
        """An error of the emulator's own; the next request must not suffer from it."""
        self.emit(
            events.Notice(
                level="error",
                code="INTERNAL_ERROR",
                message=f"vercel-emu itself failed on a request: {error!r}",
                hint="".join(traceback.format_exception(error)),
            )
        )
        if not exchange.response_started:
            failure = failures.Failure(code="INTERNAL_SERVER_ERROR")
            await platform_responses.send_failure(call, failure, overlay=self.settings.overlay)


def _function_target(request: Request, outcome: InvokeFunction) -> bytes:
    """What the function is asked for: byte for byte what the client sent, unless rewritten."""
    if outcome.path == request.path and outcome.query == request.query:
        return request.target
    target = f"{outcome.path}?{outcome.query}" if outcome.query else outcome.path
    return target.encode("latin-1", "replace")

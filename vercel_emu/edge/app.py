"""The edge: a raw ASGI application that every visitor's request goes through.

    limits -> visitor -> reserved paths -> routing -> function

Each step is a plain function from values to values in a module of its own; this module performs
them in order and reports what happened.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from vercel_emu import events
from vercel_emu.edge import failures, ids, limits
from vercel_emu.edge.invoke import (
    Broken,
    Call,
    ClientLeft,
    Headers,
    Receive,
    Refused,
    Send,
    elapsed_ms,
    invoke,
)
from vercel_emu.edge.request_headers import (
    CacheAccess,
    kept_headers,
    platform_headers,
    request_head,
)
from vercel_emu.edge.response_headers import edge_headers
from vercel_emu.edge.websocket import WebSocketTunnel
from vercel_emu.instance.pool import FunctionPool
from vercel_emu.visitors.visitor import NEW_YORK, Visitor

type Scope = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class EdgeSettings:
    """What the edge needs to know; the emulator may replace fields while it runs."""

    function_region: str = "iad1"
    preview: bool = False
    visitor: Visitor = NEW_YORK
    limits: limits.Limits = field(default_factory=limits.Limits)
    cache: CacheAccess | None = None
    overlay: bool = True


class Edge:
    """The ASGI application. `functions` maps a function's name to its instances."""

    def __init__(
        self,
        settings: EdgeSettings,
        functions: Mapping[str, FunctionPool],
        durations: Mapping[str, float],
        emit: events.Emit,
    ) -> None:
        self.settings = settings
        self._functions = functions
        self._durations = durations
        self.emit = emit
        self._pod = ids.make_pod()
        self._numbers = itertools.count(1)
        self.reserved: dict[str, Callable[[Scope, Receive, Send], Awaitable[None]]] = {}
        """Paths of the emulator's own (`/_emu/...`), by their first two segments."""

    def websocket(self, *, config: Any, server_state: Any, app_state: Any) -> WebSocketTunnel:
        """Makes the protocol that takes over a WebSocket upgrade (uvicorn's `ws` setting)."""
        return WebSocketTunnel(self, server_state)

    def new_request_id(self) -> str:
        return ids.request_id(self._pod)

    def next_number(self) -> int:
        return next(self._numbers)

    def pool(self, function: str) -> FunctionPool:
        return self._functions[function]

    def duration(self, function: str) -> float:
        """Seconds the function may run."""
        return self._durations[function]

    def choose_visitor(self, headers: Headers) -> tuple[Visitor, Headers]:
        """Who is asking, and the headers without those that only chose the visitor."""
        return self.settings.visitor, headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        visitor = self.settings.visitor
        request_id = self.new_request_id()
        answer = _Answer(scope, send, visitor, request_id)
        try:
            await self._handle(scope, receive, send, answer)
        except Refused as refused:
            await self._refuse(scope, answer, refused.failure, send)
        except Broken:
            await _abort(scope, receive)
            answer.error_code = "FUNCTION_INVOCATION_FAILED"
        except ClientLeft:
            answer.status = answer.status or 499
        self.emit(
            events.ResponseSent(
                invocation_id=request_id,
                method=scope["method"],
                path=answer.path,
                status=answer.status,
                duration_ms=elapsed_ms(started),
                visitor=visitor.label,
                function=answer.function,
                instance=answer.instance,
                cold=answer.cold,
                error_code=answer.error_code,
            )
        )

    async def _handle(self, scope: Scope, receive: Receive, send: Send, answer: _Answer) -> None:
        headers: Headers = scope["headers"]
        target = request_target(scope)
        length, chunked = _framing(headers)
        if code := limits.refused(self.settings.limits, target, headers, length):
            raise Refused(failures.Failure(code=code))
        path: str = scope["path"]
        if path.startswith("/_"):
            if handler := self.reserved.get("/".join(path.split("/", 3)[:3])):
                await handler(scope, receive, answer.send)
                return
            if path.startswith("/_vercel/"):
                raise Refused(failures.Failure(code="NOT_FOUND"))
        await self._invoke("app", target, headers, chunked, length, receive, answer)

    async def _invoke(
        self,
        name: str,
        target: bytes,
        headers: Headers,
        chunked: bool,
        length: int | None,
        receive: Receive,
        answer: _Answer,
    ) -> None:
        pool = self.pool(name)
        settings = self.settings
        scope = answer.scope
        kept = kept_headers(headers)
        duration = self.duration(name)
        number = self.next_number()
        edge_region = answer.visitor.edge_region
        platform = platform_headers(
            answer.visitor,
            _host(scope),
            scope["scheme"],
            settings.cache,
            int(time.time()) // 60,
        )

        def make_head() -> bytes:
            return request_head(
                method=scope["method"].encode(),
                target=target,
                kept=kept,
                platform=platform,
                vercel_id=f"{edge_region}::{answer.request_id}",
                invocation_id=answer.request_id,
                request_number=number,
                deadline=ids.deadline(duration),
                chunked=chunked,
            )

        call = Call(
            invocation_id=answer.request_id,
            vercel_id=f"{edge_region}::{settings.function_region}::{answer.request_id}",
            method=scope["method"],
            path=answer.path,
            visitor=answer.visitor.label,
            max_duration=duration,
            limits=settings.limits,
            make_head=make_head,
            chunked=chunked,
            extra_headers=((b"x-robots-tag", b"noindex"),) if settings.preview else (),
        )
        answer.function = name
        try:
            await invoke(call, pool, receive, answer.send, self.emit)
        finally:
            answer.instance, answer.cold = call.instance, call.cold

    async def _refuse(
        self, scope: Scope, answer: _Answer, failure: failures.Failure, send: Send
    ) -> None:
        """Answer with a platform failure."""
        vercel_id = f"{answer.visitor.edge_region}::{answer.request_id}"
        accept = b",".join(value for name, value in scope["headers"] if name == b"accept")
        content_type, body = failures.body(
            failure, accept.decode("latin-1"), vercel_id, overlay=self.settings.overlay
        )
        answer.error_code = failure.code
        headers = failures.headers(failure, content_type, len(body)) + edge_headers(vercel_id)
        await answer.send(
            {"type": "http.response.start", "status": failure.status, "headers": headers}
        )
        await answer.send({"type": "http.response.body", "body": body})


class _Answer:
    """What is known of a request's answer, for the event at its end."""

    __slots__ = (
        "_send",
        "cold",
        "error_code",
        "function",
        "instance",
        "path",
        "request_id",
        "scope",
        "status",
        "visitor",
    )

    def __init__(self, scope: Scope, send: Send, visitor: Visitor, request_id: str) -> None:
        self.scope = scope
        self.visitor = visitor
        self.request_id = request_id
        self.path = request_target(scope).decode("latin-1")
        self.status = 0
        self.function = ""
        self.instance = ""
        self.cold = False
        self.error_code = ""
        self._send = send

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)


def request_target(scope: Scope) -> bytes:
    """The path and query as the client sent them, byte for byte."""
    target: bytes | None = scope.get("state", {}).get("target")
    if target is not None:
        return target
    raw: bytes = scope["raw_path"]
    query: bytes = scope["query_string"]
    return raw + b"?" + query if query else raw


def _framing(headers: Headers) -> tuple[int | None, bool]:
    length: int | None = None
    chunked = False
    for name, value in headers:
        if name == b"content-length" and value.isdigit():
            length = int(value)
        elif name == b"transfer-encoding":
            chunked = True
    return length, chunked


def _host(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"host":
            host: bytes = value
            return host.decode("latin-1")
    server = scope.get("server") or ("localhost", 80)
    return f"{server[0]}:{server[1]}"


async def _abort(scope: Scope, receive: Receive) -> None:
    """Cut the client's connection, so that a half answer can't pass for a whole one."""
    transport = scope.get("state", {}).get("transport")
    if transport is not None:
        # HTTP/1.1 marks an unfinished body itself; for 1.0 only a reset does.
        transport.abort() if scope["http_version"] == "1.0" else transport.close()
        while (await receive())["type"] != "http.disconnect":
            pass

"""Joins the CDN's cache to the edge: a function's answer, from the cache where there is one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

from starlette.types import Message, Send

from vercel_emu import events
from vercel_emu.cdn_cache.gate import CdnGate, CdnRequest, OnHead
from vercel_emu.deployment.routing import InvokeFunction
from vercel_emu.edge.admission import Admission
from vercel_emu.edge.call import Call
from vercel_emu.edge.invoker import Invoker
from vercel_emu.edge.request import Request
from vercel_emu.edge.request_headers import kept_headers
from vercel_emu.transport.exchange import Exchange
from vercel_emu.transport.headers import HeaderPairs
from vercel_emu.visitors.headers import geo_headers

_CONDITIONS = frozenset({b"if-none-match", b"if-modified-since"})


class CachedFunctions:
    """Invokes functions, unless the cache (`gate`) has the answer."""

    def __init__(
        self, gate: CdnGate, admission: Admission, invoker: Invoker, emit: events.Emit
    ) -> None:
        self._gate = gate
        self._admission = admission
        self._invoker = invoker
        self._emit = emit

    async def invoke(self, call: Call, exchange: Exchange, outcome: InvokeFunction) -> None:
        """Answer `call` from the cache, or by the function."""

        async def origin(send: Send, on_head: OnHead, *, background: bool) -> None:
            if background:
                await self._renew(call, outcome, send, on_head)
            else:
                call.send = send
                await self._invoker.invoke(call, exchange, outcome, on_head)

        request = call.request
        asked = CdnRequest(
            method=request.method,
            host=request.host,
            target=request.target,
            headers=[*kept_headers(request.headers), *geo_headers(call.visitor)],
            own_headers=((b"server", b"Vercel"), (b"x-vercel-id", call.edge_id.encode())),
        )
        await self._gate.serve(asked, _noting(call), origin)

    async def _renew(
        self, call: Call, outcome: InvokeFunction, send: Send, on_head: OnHead
    ) -> None:
        """The same request once more, as one of its own and without a client."""
        again = self._admission.new_call(_whole(call.request))
        again.visitor, again.deployment, again.send = call.visitor, call.deployment, send

        def note(status: int, headers: HeaderPairs) -> None:
            again.status = status
            on_head(status, headers)

        try:
            # It has of an exchange what an invocation uses of it.
            await self._invoker.invoke(again, cast(Exchange, NoClient()), outcome, note)
        finally:
            again.status = again.status or 500
            self._emit(again.answered())


def _noting(call: Call) -> Send:
    """Sends to the client, and notes what the cache says of the answer."""
    send = call.send

    async def note(message: Message) -> None:
        if message["type"] == "http.response.start":
            state = dict(message["headers"]).get(b"x-vercel-cache", b"")
            call.cache = state.decode("latin-1")
        await send(message)

    return note


def _whole(request: Request) -> Request:
    """A GET of the whole response."""
    headers = [pair for pair in request.headers if pair[0] not in _CONDITIONS]
    return replace(request, method="GET", headers=headers, content_length=None, chunked=False)


class NoClient:
    """The client's side of a request that nobody waits for."""

    disconnected = False
    response_started = False
    on_left: Callable[[], None] | None = None

    def cut(self) -> None:
        """There is no connection."""

    async def receive(self) -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

"""Joins the CDN's cache to the edge: a function's answer, from the cache where there is one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from starlette.types import Message, Send

from vercel_emu.cdn_cache.gate import CdnGate, CdnRequest, OnHead
from vercel_emu.deployment.routing import InvokeFunction
from vercel_emu.edge.call import Call
from vercel_emu.edge.request import Request
from vercel_emu.edge.request_headers import kept_headers
from vercel_emu.transport.exchange import Exchange
from vercel_emu.transport.headers import HeaderPairs
from vercel_emu.visitors.headers import geo_headers

if TYPE_CHECKING:
    from vercel_emu.edge.app import Edge

_CONDITIONS = frozenset({b"if-none-match", b"if-modified-since"})


async def answer(
    edge: Edge, cdn: CdnGate | None, call: Call, exchange: Exchange, outcome: InvokeFunction
) -> None:
    """Answer `call` by the function; through the cache if it is on (`cdn`)."""
    if cdn is None:
        await edge.invoke(call, exchange, outcome)
        return

    async def origin(send: Send, on_head: OnHead, *, background: bool) -> None:
        if background:
            await _renew(edge, call, outcome, send, on_head)
        else:
            call.send = send
            await edge.invoke(call, exchange, outcome, on_head)

    request = call.request
    asked = CdnRequest(
        method=request.method,
        host=request.host,
        target=request.target,
        headers=[*kept_headers(request.headers), *geo_headers(call.visitor)],
        own_headers=((b"server", b"Vercel"), (b"x-vercel-id", call.edge_id.encode())),
    )
    await cdn.serve(asked, _noting(call), origin)


def _noting(call: Call) -> Send:
    """Sends to the client, and notes what the cache says of the answer."""
    send = call.send

    async def note(message: Message) -> None:
        if message["type"] == "http.response.start":
            state = dict(message["headers"]).get(b"x-vercel-cache", b"")
            call.cache = state.decode("latin-1")
        await send(message)

    return note


async def _renew(
    edge: Edge, call: Call, outcome: InvokeFunction, send: Send, on_head: OnHead
) -> None:
    """The same request once more, as one of its own and without a client."""
    again = edge.new_call(_whole(call.request))
    again.visitor, again.send = call.visitor, send

    def note(status: int, headers: HeaderPairs) -> None:
        again.status = status
        on_head(status, headers)

    try:
        # It has of an exchange what an invocation uses of it.
        await edge.invoke(again, cast(Exchange, NoClient()), outcome, note)
    finally:
        again.status = again.status or 500
        edge.emit(again.answered())


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

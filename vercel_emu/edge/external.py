"""External rewrites: the request goes on to another origin, and its answer streams back."""

from __future__ import annotations

import asyncio
import re
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from vercel_emu import tasks
from vercel_emu.deployment.routing import ProxyExternal
from vercel_emu.edge.call import Call
from vercel_emu.edge.failure import Broken, ClientLeft, Failure, HTTPError
from vercel_emu.edge.request_headers import framing, kept_headers
from vercel_emu.edge.responses.headers import response_headers, rule_headers
from vercel_emu.edge.upload import Upload
from vercel_emu.transport.client import encode_target, pool_of, render_head
from vercel_emu.transport.connection import Connection, ConnectionFailed
from vercel_emu.transport.exchange import Exchange
from vercel_emu.visitors.headers import address_headers

CONNECT_SECONDS = 30.0
TIMEOUT = 120.0
"""Seconds until the other origin must have begun its answer (the platform's proxy timeout)."""
_CONNECTION = "ROUTER_EXTERNAL_TARGET_CONNECTION_ERROR"
_HOST = re.compile(r"[\w.-]+|[0-9a-f:.]+(%[\w.-]+)?", re.ASCII)
"""A name or an address, as URLs have them without brackets."""


async def proxy(outcome: ProxyExternal, call: Call, exchange: Exchange) -> None:
    """Send the request to `outcome.url` and its answer to the client.

    Raises:
        HTTPError: the origin can't be reached or did not answer.
        ClientLeft: there is nobody to answer.
        Broken: it hung up in the middle of its answer.
    """
    request = call.request
    origin = _origin(outcome.url)
    connection = await _connect(origin)
    upload = Upload(exchange, chunked=request.chunked, length=request.content_length, limit=None)
    exchange.on_left = connection.close
    sending: asyncio.Task[None] | None = None
    try:
        async with asyncio.timeout(TIMEOUT):
            connection.begin(request.method.encode(), _head(origin, call))
            if upload.has_body:
                sending = tasks.start(
                    upload.run(connection, connection.close), f"upload of {call.id}"
                )
            head = await connection.head()
        status = outcome.status or head.status
        headers = response_headers(head.headers, call.edge_id, rule_headers(outcome.headers))
        await call.send({"type": "http.response.start", "status": status, "headers": headers})
        async for chunk in connection.body():
            await call.send({"type": "http.response.body", "body": chunk, "more_body": True})
        await call.send({"type": "http.response.body", "body": b""})
    except (ConnectionFailed, TimeoutError) as error:
        if exchange.disconnected:
            raise ClientLeft from None
        if exchange.response_started:
            raise Broken(_CONNECTION) from None
        if isinstance(error, TimeoutError):
            why = f"no answer within {TIMEOUT:.0f} s"
            raise _unreachable(outcome.url, why, "ROUTER_EXTERNAL_TARGET_ERROR") from None
        raise _unreachable(outcome.url, str(error)) from None
    finally:
        exchange.on_left = None
        if sending is not None:
            sending.cancel()
        connection.close()


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where a request goes on to; `host` and `target` as its head has them."""

    name: str
    port: int | None
    secure: bool
    host: bytes
    target: bytes


def _origin(url: str) -> _Origin:
    """The parts of a URL whose host may have come from the client's own path.

    Raises:
        HTTPError: nothing can be reached there.
    """
    try:
        parts = urlsplit(url)
        name, port = parts.hostname or "", parts.port
        if not name:
            raise _unreachable(url, "it names no host", "DNS_HOSTNAME_EMPTY")
        if ":" not in name:
            # What goes through the resolver: labels of 1 to 63 characters.
            name = name.encode("idna").decode()
        if not _HOST.fullmatch(name) or port == 0:
            raise ValueError("it is no host that can be asked")  # noqa: TRY301
    except ValueError as error:
        raise _unreachable(url, str(error)) from None
    shown = f"[{name}]" if ":" in name else name
    target = encode_target((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
    return _Origin(
        name=name,
        port=port,
        secure=parts.scheme == "https",
        host=(shown if port is None else f"{shown}:{port}").encode(),
        target=target.encode(),
    )


def _head(origin: _Origin, call: Call) -> bytes:
    """The request head for the other origin: its own host, the visitor in `x-forwarded-for`."""
    request = call.request
    pairs = [
        (b"host", origin.host),
        *kept_headers(request.headers),
        *address_headers(call.visitor.ip),
        (b"x-forwarded-host", request.host.encode("latin-1")),
        (b"x-forwarded-proto", request.scheme.encode()),
        (b"x-vercel-id", call.edge_id.encode()),
        (b"connection", b"close"),
    ]
    pairs += framing(request.content_length, chunked=request.chunked)
    return render_head(request.method.encode(), origin.target, pairs)


async def _connect(origin: _Origin) -> Connection:
    pool = pool_of(origin.name, origin.port, secure=origin.secure)
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            return await pool.connect()
    except socket.gaierror as error:
        unknown = error.errno in (socket.EAI_NONAME, socket.EAI_NODATA)
        code = "DNS_HOSTNAME_NOT_FOUND" if unknown else "DNS_HOSTNAME_RESOLVE_FAILED"
        raise _unreachable(origin.name, str(error), code) from None
    except (OSError, TimeoutError, UnicodeError) as error:
        raise _unreachable(origin.name, str(error) or "no connection in time") from None


def _unreachable(where: str, why: str, code: str = _CONNECTION) -> HTTPError:
    explanation = f"The external rewrite to {where} failed: {why}."
    return HTTPError(Failure(code=code, explanation=explanation))

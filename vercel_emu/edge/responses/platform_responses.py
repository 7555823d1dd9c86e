"""Answers that no function gives: redirects, static files, bare statuses, platform failures."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path

from vercel_emu.deployment.routing import NotFound, Redirect, Respond, ServeFile
from vercel_emu.deployment.routing.model import RuleHeaders
from vercel_emu.edge.call import Call
from vercel_emu.edge.failure import Failure
from vercel_emu.edge.responses import failures
from vercel_emu.edge.responses.headers import (
    DEFAULT_CACHE_CONTROL,
    edge_headers,
    framing_left_out,
    rule_headers,
)
from vercel_emu.edge.responses.overlay import Overlay
from vercel_emu.edge.responses.static_file import EtagCache, send_file
from vercel_emu.platform.error_codes import CODES
from vercel_emu.transport.headers import RawHeaders


async def send_failure(
    call: Call, failure: Failure, *, overlay: Overlay, rules: RuleHeaders = ()
) -> None:
    """Answer with a platform failure, in the shape the client accepts, and with rules' headers."""
    headers, body = _failure(call, failure, overlay=overlay)
    own = {name for name, _ in headers}
    headers += [(name, value) for name, value in rule_headers(rules) if name not in own]
    await _send(call, failure.status, headers, body)


def failure_bytes(call: Call, failure: Failure, *, overlay: Overlay) -> bytes:
    """A failure as the bytes of a whole HTTP answer, after which the connection is closed."""
    call.status = failure.status
    headers, body = _failure(call, failure, overlay=overlay)
    lines = [f"HTTP/1.1 {failure.status} {CODES[failure.code][1]}\r\n".encode()]
    lines += [name + b": " + value + b"\r\n" for name, value in headers]
    return b"".join(lines) + b"connection: close\r\n\r\n" + body


def _failure(call: Call, failure: Failure, *, overlay: Overlay) -> tuple[RawHeaders, bytes]:
    call.error_code = failure.code
    content_type, body = failures.body(failure, call.request.accept, call.edge_id, overlay=overlay)
    headers = failures.headers(failure, content_type, len(body))
    return headers + edge_headers(call.edge_id), body


async def send_redirect(call: Call, redirect: Redirect) -> None:
    """A redirect with the platform's body (vercel.com/docs/redirects)."""
    content_type, body = redirect_body(
        redirect.location, redirect.status, failures.wants(call.request.accept)
    )
    headers = [
        (b"location", redirect.location.encode("latin-1", "replace")),
        (b"content-type", content_type.encode()),
        *rule_headers(redirect.headers),
    ]
    await _send(call, redirect.status, _completed(call, headers, body), body)


def redirect_body(location: str, status: int, wanted: str) -> tuple[str, bytes]:
    """Content type and body of a redirect for a client that wants `json`, `html` or `plain`."""
    if wanted == "json":
        text = json.dumps({"redirect": location, "status": str(status)}, separators=(",", ":"))
        return "application/json; charset=utf-8", f"{text}\n".encode()
    if wanted == "html":
        place = escape(location)
        page = (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
            f"<title>Redirecting ({status})</title></head><body><h1>Redirecting ({status})</h1>"
            f'<a href="{place}">{place}</a></body></html>'
        )
        return "text/html; charset=utf-8", page.encode()
    return "text/plain; charset=utf-8", b"Redirecting...\n"


async def send_status(call: Call, respond: Respond, *, overlay: Overlay) -> None:
    """A status that a rule set without an output."""
    if respond.code:
        known = respond.code if respond.code in CODES else "UNKNOWN_ERROR"
        failure = Failure(code=known, status_override=respond.status)
        await send_failure(call, failure, overlay=overlay, rules=respond.headers)
    else:
        headers = _completed(call, rule_headers(respond.headers), b"")
        await _send(call, respond.status, headers, b"")


async def send_static(
    call: Call, found: ServeFile | NotFound, file: Path, etags: EtagCache
) -> bool:
    """Send a public file; False, with nothing sent, where it has gone meanwhile."""
    own = [(name.decode(), value.decode()) for name, value in edge_headers(call.edge_id)]
    response = await send_file(
        file,
        call.request.method,
        call.request.headers,
        call.send,
        etags,
        status=found.status if isinstance(found, ServeFile) else 404,
        headers=[*framing_left_out(found.headers), *own],
    )
    return response is not None


def _completed(call: Call, headers: RawHeaders, body: bytes) -> RawHeaders:
    headers.append((b"content-length", str(len(body)).encode()))
    if all(name != b"cache-control" for name, _ in headers):
        headers.append((b"cache-control", DEFAULT_CACHE_CONTROL))
    return headers + edge_headers(call.edge_id)


async def _send(call: Call, status: int, headers: RawHeaders, body: bytes) -> None:
    await call.send({"type": "http.response.start", "status": status, "headers": headers})
    await call.send({"type": "http.response.body", "body": body})

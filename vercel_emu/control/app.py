"""The control listener: loopback only, for the SDK's cache client and our own commands.

A raw ASGI callable. The runtime cache protocol is on the app's hot path and goes straight to its
own callable; everything else (`/emu/v1/...`, the per-run token required) is a Starlette application
that is built when it is first asked.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from vercel_emu.runtime_cache.http_api import loopback_hosts


class ControlApp:
    """Dispatches between the runtime cache and the control API."""

    def __init__(
        self, cache: ASGIApp, make_api: Callable[[], ASGIApp], token: str, port: int
    ) -> None:
        self._cache = cache
        self._make_api = make_api
        self._api: ASGIApp | None = None
        self._authorization = f"Bearer {token}".encode()
        self._hosts = loopback_hosts(port)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith("/emu/"):
            await self._control(scope, receive, send)
        else:
            await self._cache(scope, receive, send)

    async def _control(self, scope: Scope, receive: Receive, send: Send) -> None:
        # A page whose own name was made to lead to 127.0.0.1 (DNS rebinding) is not asked further.
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            await _plain(send, 403, b"Forbidden", [])
            return
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        if not hmac.compare_digest(given, self._authorization):
            await _plain(send, 401, b"Unauthorized", [(b"www-authenticate", b"Bearer")])
            return
        if self._api is None:
            self._api = self._make_api()
        await self._api(scope, receive, send)


async def _plain(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    headers = [
        *headers,
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

"""httpx clients for an emulator: each request as a visitor, each response with its invocation."""

from __future__ import annotations

from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx

from vercel_emu.platform import header_names as names
from vercel_emu.testing.background import Background
from vercel_emu.testing.invocation import Invocation, invocation_of

TIMEOUT = 330.0
"""Longer than any function may run: the platform's own timeout shall be what a test sees."""
UNLIMITED = httpx.Limits()
"""As many connections as a test asks for."""


class Response(httpx.Response):
    """An `httpx.Response` that knows what happened inside the app."""

    background: Background

    @property
    def invocation(self) -> Invocation:
        """Logs, duration, cold start and visitor of the invocation that answered."""
        return invocation_of(self.headers.get(names.VERCEL_ID, ""), self.background)


class _Transport(httpx.HTTPTransport):
    def __init__(self, background: Background) -> None:
        super().__init__(verify=_needs_signer(background), limits=UNLIMITED)
        self._background = background

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return _with_invocation(super().handle_request(request), self._background)


class _AsyncTransport(httpx.AsyncHTTPTransport):
    def __init__(self, background: Background) -> None:
        super().__init__(verify=_needs_signer(background), limits=UNLIMITED)
        self._background = background

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return _with_invocation(await super().handle_async_request(request), self._background)


def _needs_signer(background: Background) -> bool:
    """With HTTPS it is this very process that answers: who signed for it doesn't matter."""
    return background.project.tls is None


def _with_invocation(response: httpx.Response, background: Background) -> Response:
    found = Response(
        response.status_code,
        headers=response.headers,
        stream=response.stream,
        extensions=response.extensions,
    )
    found.background = background
    return found


def client(background: Background, url: str, **settings: Any) -> httpx.Client:
    """A client whose responses are `Response`s."""
    return httpx.Client(transport=_Transport(background), **_settings(url, settings))


def async_client(background: Background, url: str, **settings: Any) -> httpx.AsyncClient:
    """The same with coroutines."""
    return httpx.AsyncClient(transport=_AsyncTransport(background), **_settings(url, settings))


def _settings(url: str, settings: dict[str, Any]) -> dict[str, Any]:
    return {"base_url": url, "timeout": TIMEOUT, "trust_env": False, **settings}


def no_cookies() -> CookieJar:
    """A jar that takes none: a single request must not change the next one."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=[]))

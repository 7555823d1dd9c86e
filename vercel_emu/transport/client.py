"""An HTTP client for plain requests, sent as they are written.

It follows no redirects and asks for no compression, so that whoever uses it sees what was sent;
connections are kept and reused.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Self
from urllib.parse import urlsplit

from vercel_emu.errors import EmuError
from vercel_emu.transport.connection import Connection, ConnectionFailed, ConnectionPool
from vercel_emu.transport.listen import LOOPBACK

ANSWER_SECONDS = 330.0
"""Longer than any function may run."""


class NoAnswer(Exception):
    """A request that got no (complete) answer."""


@dataclass(frozen=True, slots=True)
class Response:
    """A whole response. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    duration_ms: float


class HttpClient:
    """Requests to one address, such as `http://localhost:3000` or `https://my-app.vercel.app`."""

    def __init__(self, url: str, headers: Mapping[str, str] | None = None) -> None:
        self.url = url.rstrip("/")
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise EmuError(
                "BAD_ADDRESS",
                f"{url!r} is not an HTTP address.",
                "Write it as http://localhost:3000 or https://my-app.vercel.app.",
            )
        self._prefix = parts.path
        self._default = {"host": parts.netloc.rpartition("@")[2], "user-agent": "vercel-emu"}
        self._default |= {"accept": "*/*", **(headers or {})}
        self._connections = pool_of(parts.hostname, parts.port, secure=parts.scheme == "https")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._connections.close()

    async def check(self) -> None:
        """Connect once, so that a wrong address is one error and not one for each request.

        Raises:
            EmuError: nobody listens there.
        """
        try:
            async with asyncio.timeout(10):
                self._connections.release(await self._connections.connect())
        except (OSError, TimeoutError) as error:
            raise EmuError(
                "UNREACHABLE",
                f"{self.url} does not answer: {error or 'no connection within 10 s'}.",
                "Is `vercel-emu dev` running there?",
            ) from None

    async def send(
        self,
        method: str,
        path: str,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes | None = None,
    ) -> Response:
        """One request and its whole answer.

        Raises:
            NoAnswer: there was none, or it broke off.
        """
        head = self._head(method, path, headers, body)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._exchange(method.encode(), head, body)
        except TimeoutError:
            raise NoAnswer(f"no answer within {ANSWER_SECONDS:.0f} s") from None
        except (OSError, ConnectionFailed) as error:
            raise NoAnswer(str(error)) from None

    async def lines(self, path: str) -> AsyncIterator[bytes]:
        """The lines of a response to GET as they come, without their ends, until it is over.

        Raises:
            NoAnswer: the connection broke off.
        """
        try:
            connection = await self._connections.connect()
        except OSError as error:
            raise NoAnswer(str(error)) from None
        try:
            connection.begin(b"GET", self._head("GET", path, (), None))
            await connection.head()
            rest = b""
            async for chunk in connection.body():
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    yield line
        except ConnectionFailed as error:
            raise NoAnswer(str(error)) from None
        finally:
            connection.close()

    async def _exchange(self, method: bytes, head: bytes, body: bytes | None) -> Response:
        while (connection := self._connections.idle()) is not None:
            try:
                return await self._ask(connection, method, head, body)
            except ConnectionFailed as error:
                if not error.sent_nothing:
                    raise
                # It was closed while idle: the request goes over another one.
        return await self._ask(await self._connections.connect(), method, head, body)

    async def _ask(
        self, connection: Connection, method: bytes, head: bytes, body: bytes | None
    ) -> Response:
        started = time.perf_counter()
        try:
            connection.begin(method, head)
            if body:
                await connection.write(body)
            answer = await connection.head()
            content = b"".join([chunk async for chunk in connection.body()])
            duration = (time.perf_counter() - started) * 1000
        except BaseException:
            connection.close()
            raise
        self._connections.release(connection)
        headers: dict[str, str] = {}
        for name, value in answer.headers:
            key, text = name.decode("latin-1"), value.decode("latin-1")
            headers[key] = f"{headers[key]}, {text}" if key in headers else text
        return Response(answer.status, headers, content, duration)

    def _head(
        self, method: str, path: str, headers: Iterable[tuple[str, str]], body: bytes | None
    ) -> bytes:
        given = [(name.lower(), value) for name, value in headers]
        names = {name for name, _ in given}
        pairs = [(name, value) for name, value in self._default.items() if name not in names]
        if body is not None or method in ("POST", "PUT", "PATCH"):
            pairs.append(("content-length", str(len(body or b""))))
        pairs += [(name, value) for name, value in given if name != "content-length"]
        for line in (method, *(text for pair in pairs for text in pair)):
            _check_line(line)
        target = encode_target(self._prefix + path)
        encoded = ((name.encode(), value.encode()) for name, value in pairs)
        return render_head(method.encode(), target.encode(), encoded)


def render_head(method: bytes, target: bytes, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A request's head with its final blank line."""
    lines = [method, b" ", target, b" HTTP/1.1\r\n"]
    for name, value in headers:
        lines += (name, b": ", value, b"\r\n")
    lines.append(b"\r\n")
    return b"".join(lines)


def pool_of(host: str, port: int | None, *, secure: bool) -> ConnectionPool:
    """Connections to an origin on the network; the default port is its scheme's."""
    return ConnectionPool(
        port or (443 if secure else 80),
        host=host,
        tls=_tls(host in LOOPBACK) if secure else None,
        peer="the server",
    )


@cache
def _tls(own_machine: bool) -> ssl.SSLContext:
    """Whoever answers on this machine needs no certificate that somebody else has signed.

    By another of its addresses an emulator has the user's development certificate.
    """
    context = ssl.create_default_context()
    if own_machine:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    else:
        # Late: few clients speak TLS.
        from vercel_emu.transport.certificate import AUTHORITY_FILE, certificate_folder

        with contextlib.suppress(OSError):
            context.load_verify_locations(certificate_folder(os.environ) / AUTHORITY_FILE)
    return context


def encode_target(target: str) -> str:
    """Spaces and letters beyond ASCII percent-encoded; what is encoded already stays."""
    return "".join(
        one if "!" <= one <= "~" else "".join(f"%{byte:02X}" for byte in one.encode())
        for one in target.partition("#")[0]
    )


def _check_line(text: str) -> None:
    if "\r" in text or "\n" in text or "\0" in text:
        raise EmuError(
            "INVALID_HEADER", f"A header can't have line breaks: {text!r}.", "Leave them out."
        )

"""The HTTP client of `play` and `visit`: plain requests, sent as they are written.

It follows no redirects and asks for no compression, so that an expectation sees what the edge
sent; connections are kept and reused.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Self
from urllib.parse import urlsplit

from vercel_emu.errors import EmuError
from vercel_emu.scenarios.expectations import Response
from vercel_emu.transport.connection import (
    IDLE_SECONDS,
    Connection,
    ConnectionFailed,
)

ANSWER_SECONDS = 330.0
"""Longer than any function may run."""


class NoAnswer(Exception):
    """A request that got no (complete) answer."""


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
        self._host, self._prefix = parts.hostname, parts.path
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._port = parts.port or (443 if self._tls else 80)
        self._default = {"host": parts.netloc.rpartition("@")[2], "user-agent": "vercel-emu"}
        self._default |= {"accept": "*/*", **(headers or {})}
        self._idle: deque[Connection] = deque()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        while self._idle:
            self._idle.pop().close()

    async def check(self) -> None:
        """Connect once, so that a wrong address is one error and not one for each request.

        Raises:
            EmuError: nobody listens there.
        """
        try:
            async with asyncio.timeout(10):
                self._release(await self._connect())
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
            reason = str(error).replace("the instance", "the server")
            raise NoAnswer(reason) from None

    async def _exchange(self, method: bytes, head: bytes, body: bytes | None) -> Response:
        while (connection := self._take_idle()) is not None:
            try:
                return await self._ask(connection, method, head, body)
            except ConnectionFailed as error:
                if not error.sent_nothing:
                    raise
                # It was closed while idle: the request goes over another one.
        return await self._ask(await self._connect(), method, head, body)

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
        self._release(connection)
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
        given = [(name, value) for name, value in given if name != "content-length"]
        target = encode_target(self._prefix + path)
        lines = [f"{method} {target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in (*pairs, *given)]
        return "\r\n".join([*map(_one_line, lines), "", ""]).encode()

    def _take_idle(self) -> Connection | None:
        now = asyncio.get_running_loop().time()
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open and now - connection.idle_since < IDLE_SECONDS:
                return connection
            connection.close()
        return None

    def _release(self, connection: Connection) -> None:
        if connection.is_open and connection.reusable:
            connection.idle_since = asyncio.get_running_loop().time()
            self._idle.append(connection)
        else:
            connection.close()

    async def _connect(self) -> Connection:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(
            lambda: Connection(loop), self._host, self._port, ssl=self._tls
        )
        return connection


def encode_target(target: str) -> str:
    """Spaces and letters beyond ASCII percent-encoded; what is encoded already stays."""
    return "".join(
        one if "!" <= one <= "~" else "".join(f"%{byte:02X}" for byte in one.encode())
        for one in target.partition("#")[0]
    )


def _one_line(text: str) -> str:
    if "\r" in text or "\n" in text or "\0" in text:
        raise EmuError(
            "INVALID_HEADER", f"A header can't have line breaks: {text!r}.", "Leave them out."
        )
    return text

"""uvicorn in front of the edge: one socket that survives every reload, and the platform's 400."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Generator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import httptools
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from vercel_emu.transport.exchange import Exchange, split_target
from vercel_emu.transport.headers import is_host

if TYPE_CHECKING:
    from ssl import SSLContext

type Refuse = Callable[[str], bytes]
"""Makes the whole answer, for a code of the platform's, to a request that is not HTTP."""
MOST_HEAD_BYTES = 128 * 1024
"""Bytes that may come before it is known what they mean: a head, trailers, a chunk's extension.
Well over the platform's own limits, which have answers that say more."""
_VERSIONS = ("1.0", "1.1")
_TLS_HANDSHAKE = b"\x16\x03"
"""How a connection begins that speaks TLS (RFC 8446 section 5.1): a record of type 22."""
SPEAKS_TLS = "SPEAKS_TLS"
"""Asks `Refuse` for the answer to a client that speaks TLS to a server that doesn't."""


def plain_refusal(code: str) -> bytes:
    """The answer to malformed HTTP where no edge is behind the server."""
    return b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class EdgeHttpProtocol(HttpToolsProtocol):
    """uvicorn's protocol with exchanges of our own and the request target as it was sent.

    The application finds in `scope["state"]` the `exchange` and the raw `target`.
    """

    def __init__(self, *args: Any, refuse: Refuse = plain_refusal, **options: Any) -> None:
        super().__init__(*args, **options)
        self._refuse = refuse
        self._answering: Exchange | None = None
        self._malformed = ""
        self._in_head = True
        self._unread = 0
        self._is_new = True
        self._body_follows = False
        """The parser has stopped at an upgrade that is not taken."""
        self._repeating = False
        """Its successor is being told how the body is framed."""

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        if self._malformed:
            return
        is_new, self._is_new = self._is_new, False
        self._unread += len(data)
        try:
            self.parser.feed_data(data)
            if self._unread > MOST_HEAD_BYTES:
                self._refuse_as("REQUEST_HEADER_TOO_LARGE")
        except httptools.HttpParserUpgrade as upgrade:
            early = data[upgrade.args[0] :]
            if self._takes_upgrade():
                if self._is_busy:
                    # The connection still belongs to the requests before the handshake.
                    self.send_400_response("")
                    return
                self.handle_websocket_upgrade()
                # What came in one piece with the handshake belongs to the WebSocket.
                if early:
                    self.transport.get_protocol().data_received(early)  # type: ignore[attr-defined]
            elif self._goes_on_without_upgrade() and early:
                self.data_received(early)
        except httptools.HttpParserError:
            speaks_tls = is_new and data.startswith(_TLS_HANDSHAKE)
            self._refuse_as(SPEAKS_TLS if speaks_tls else "BAD_REQUEST")

    def _takes_upgrade(self) -> bool:
        """Whether the request opens a WebSocket (RFC 6455 section 4.1: with GET)."""
        return self.scope["method"] == "GET" and self._should_upgrade()

    def _goes_on_without_upgrade(self) -> bool:
        """An upgrade that is not taken changes nothing (RFC 9110 section 7.8): the body follows.

        The parser stops there, so another one goes on; a head of its own tells it the framing.
        False where the framing is none that anybody could read.
        """
        self._body_follows = False
        self._repeating = True
        self.parser = httptools.HttpRequestParser(self)
        framing = [
            b"%b: %b\r\n" % (name, value)
            for name, value in self.headers
            if name in (b"content-length", b"transfer-encoding")
        ]
        try:
            self.parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n" % b"".join(framing))
        except httptools.HttpParserError:
            self._refuse_as("BAD_REQUEST")
            return False
        finally:
            self._repeating = False
        return True

    def on_message_begin(self) -> None:
        if self._repeating:
            return
        super().on_message_begin()
        self._in_head = True

    def on_url(self, url: bytes) -> None:
        if not self._repeating:
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        # Trailers never become headers (RFC 9110 section 6.5.1).
        if self._in_head and not self._repeating:
            super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        self._unread = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._unread = 0
        if not self._body_follows:
            super().on_message_complete()

    def on_headers_complete(self) -> None:
        if self._repeating:
            return
        self._in_head = False
        self._unread = 0
        scope: Any = self.scope
        scope["method"] = self.parser.get_method().decode("ascii")
        version = self.parser.get_http_version()
        if version not in _VERSIONS:
            raise ValueError(f"HTTP/{version} is not spoken here")
        if version != "1.1":
            scope["http_version"] = version
        upgrade = self.parser.should_upgrade()
        if upgrade and self._takes_upgrade():
            return
        self._body_follows = upgrade
        host, target = split_target(self.url)
        given = [value for name, value in self.headers if name == b"host"]
        # A Host header that is none stays, to be refused (RFC 9112 section 3.2).
        if host is not None and len(given) == 1 and is_host(given[0].decode("latin-1")):
            self.headers[:] = [(b"host", host), *(h for h in self.headers if h[0] != b"host")]
        raw_path, _, query = target.partition(b"?")
        path = raw_path.decode("ascii")
        scope["raw_path"], scope["query_string"] = raw_path, query
        scope["path"] = unquote(path) if "%" in path else path
        previous = self.cycle
        exchange = Exchange(
            scope,
            self.transport,
            self.flow,
            # After an upgrade that is not taken, the parser can't go on.
            keep_alive=version == "1.1" and self.parser.should_keep_alive() and not upgrade,
            expects_continue=self.expect_100_continue,
            default_headers=self.server_state.default_headers,
            on_complete=self.on_response_complete,
        )
        scope["state"] = {"exchange": exchange, "target": target}
        cycle: Any = exchange
        self.cycle = cycle
        if previous is None or previous.response_complete:
            self._start_asgi_task(cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, self.app))

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        self._answering = cycle
        task = self.loop.create_task(cycle.run_asgi(app))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self._unset_keepalive_if_required()
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self._malformed:
            self._refuse_now()
        else:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answering is not None:
            self._answering.lose()
        while self.pipeline:
            exchange: Any = self.pipeline.pop()[0]
            exchange.lose()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP, after the answers to what came before it."""
        self._refuse_as("BAD_REQUEST")

    @property
    def _is_busy(self) -> bool:
        return self._answering is not None and not self._answering.response_complete

    def _refuse_as(self, code: str) -> None:
        self._malformed = code
        if self._is_busy and (self.pipeline or not self.cycle.more_body):
            self.flow.pause_reading()
        else:
            self._refuse_now()

    def _refuse_now(self) -> None:
        if not (self._is_busy and self.cycle.response_started):
            self.transport.write(self._refuse(self._malformed))
        self.transport.close()


class EdgeServer(uvicorn.Server):
    """uvicorn without signal handling of its own: the emulator stops it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def make_server(
    app: ASGIApp,
    *,
    ws: Any = None,
    refuse: Refuse = plain_refusal,
    tls: SSLContext | None = None,
) -> EdgeServer:
    """A server for `app`; `ws` is the protocol class that takes over WebSocket upgrades.

    With `tls` it speaks HTTPS alone.
    """
    http: Any = partial(EdgeHttpProtocol, refuse=refuse)
    config = uvicorn.Config(
        app,
        http=http,
        ws=ws or "none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        backlog=2048,
        interface="asgi3",
    )
    if tls is not None:
        config.load()
        config.ssl = tls
    return EdgeServer(config)


async def serve(server: EdgeServer, listeners: Sequence[socket.socket]) -> None:
    """Serve on all `listeners` until `server.should_exit`."""
    await server.serve(sockets=list(listeners))


async def wait_started(server: EdgeServer, task: asyncio.Task[None]) -> None:
    """Return once `server` accepts connections, or raise what stopped it."""
    while not server.started:
        if task.done():
            task.result()
            return
        await asyncio.sleep(0)

"""uvicorn in front of the edge: one socket that survives every reload, and the platform's 400."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Generator
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from vercel_emu.edge import failures
from vercel_emu.edge.response_headers import edge_headers


class EdgeHttpProtocol(HttpToolsProtocol):
    """uvicorn's own protocol, plus what a proxy needs: the raw target, the transport, Vercel's 400.

    Both are handed to the application in `scope["state"]`.
    """

    def on_headers_complete(self) -> None:
        target = self.url
        if not target.startswith(b"/") and b"://" in target:
            # Absolute form (RFC 9112 section 3.2.2): the function gets the path and query.
            target = b"/" + target.split(b"://", 1)[1].partition(b"/")[2]
        state: dict[str, Any] = self.scope["state"]
        state["target"] = target.partition(b"#")[0]
        state["transport"] = self.transport
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        failure = failures.Failure(code="BAD_REQUEST")
        content_type, body = failures.body(failure, "", "", overlay=False)
        lines = failures.headers(failure, content_type, len(body)) + edge_headers("")[:2]
        head = b"".join(name + b": " + value + b"\r\n" for name, value in lines)
        self.transport.write(
            b"HTTP/1.1 400 Bad Request\r\n" + head + b"connection: close\r\n\r\n" + body
        )
        self.transport.close()


class EdgeServer(uvicorn.Server):
    """uvicorn without signal handling of its own: the emulator stops it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def make_server(app: Any, *, ws: Any = None, http: Any = EdgeHttpProtocol) -> EdgeServer:
    """A server for `app`; `ws` is the protocol class that takes over WebSocket upgrades."""
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
    return EdgeServer(config)


async def serve(server: EdgeServer, listener: socket.socket) -> None:
    """Serve on `listener` until `server.should_exit`."""
    await server.serve(sockets=[listener])


async def wait_started(server: EdgeServer, task: asyncio.Task[None]) -> None:
    """Return once `server` accepts connections, or raise what stopped it."""
    while not server.started:
        if task.done():
            task.result()
            return
        await asyncio.sleep(0)

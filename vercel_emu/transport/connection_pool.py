"""Keep-alive connections to one server, and how an instance's server is reached."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import Callable

from vercel_emu.transport.connection import Connection, ConnectionFailed
from vercel_emu.transport.listen import LOOPBACK_ADDRESS

IDLE_SECONDS = 4.0
"""The runtime's uvicorn closes idle connections after 5 s; ours are dropped just before."""


async def connect_loopback[P: asyncio.BaseProtocol](new: Callable[[], P], port: int) -> P:
    """Connect to a port of this machine. Raises OSError where nobody listens.

    Not by name: uvloop remembers every address that it has looked up, and every instance has a new
    port.
    """
    loop = asyncio.get_running_loop()
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        made.setblocking(False)
        await loop.sock_connect(made, (LOOPBACK_ADDRESS, port))
        _, protocol = await loop.create_connection(new, sock=made)
    except BaseException:
        made.close()
        raise
    return protocol


class ConnectionPool:
    """Keep-alive connections to one server, the most recently used first.

    `reuse` False: each serves one request, because its end is not to be trusted.
    """

    def __init__(
        self,
        port: int,
        *,
        host: str = LOOPBACK_ADDRESS,
        tls: ssl.SSLContext | None = None,
        peer: str = "the instance",
        reuse: bool = True,
    ) -> None:
        self.port = port
        self._reuse = reuse
        self._host = host
        self._tls = tls
        self._peer = peer
        self._idle: deque[Connection] = deque()
        self._loop = asyncio.get_running_loop()

    def idle(self) -> Connection | None:
        """An open idle connection, or None."""
        now = self._loop.time()
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open and now - connection.idle_since < IDLE_SECONDS:
                return connection
            connection.close()
        return None

    async def connect(self) -> Connection:
        """A new connection. Raises OSError where nobody listens any more."""

        def new() -> Connection:
            return Connection(self._loop, self._peer)

        if self._host == LOOPBACK_ADDRESS and self._tls is None:
            return await connect_loopback(new, self.port)
        _, connection = await self._loop.create_connection(
            new, self._host, self.port, ssl=self._tls
        )
        return connection

    def release(self, connection: Connection) -> None:
        """Give a connection back; one that can't serve again is closed."""
        if self._reuse and connection.reusable:
            connection.idle_since = self._loop.time()
            self._idle.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        """Close the idle connections; those in use are closed by their users."""
        while self._idle:
            self._idle.pop().close()


async def ping(port: int, timeout: float) -> bool:
    """Whether `/_vercel/ping` is answered with 200 within `timeout` seconds.

    The runtime answers it without invoking user code, and for ASGI apps only once the lifespan
    startup has completed (`vc_init`).
    """
    pool = ConnectionPool(port)
    connection: Connection | None = None
    try:
        async with asyncio.timeout(timeout):
            connection = await pool.connect()
            connection.begin(b"GET", b"GET /_vercel/ping HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
            return (await connection.head()).status == 200
    except (OSError, ConnectionFailed):
        return False
    finally:
        if connection is not None:
            connection.close()

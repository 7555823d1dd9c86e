"""One request and its response on a keep-alive socket, once for threads and once for event loops.

A connection that the peer closed while it lay idle is noticed when no byte of an answer arrives;
the question is then asked once more on a new one. Everything this protocol asks may be asked twice.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress

from .pool import POOL, Address
from .wire import Response, ResponseParser

TIMEOUT_SECONDS = 30.0
_READ_SIZE = 64 * 1024

# A server may answer (413) and close before it has read everything: read what it said.
_CUT_SHORT = (BrokenPipeError, ConnectionResetError)


class NoAnswer(ConnectionError):
    """The peer closed the connection without a byte of an answer."""

    def __init__(self) -> None:
        super().__init__("Server disconnected without sending a response.")


def exchange(address: Address, request: bytes) -> Response:
    """Send `request` and return the response. Safe to call from any thread."""
    if (idle := POOL.take(address)) is not None:
        idle.settimeout(TIMEOUT_SECONDS)
        try:
            return _converse(idle, address, request)
        except NoAnswer:
            pass
    return _converse(_connect(address), address, request)


def _converse(connection: socket.socket, address: Address, request: bytes) -> Response:
    parser = ResponseParser()
    try:
        with suppress(*_CUT_SHORT):
            connection.sendall(request)
        while (response := parser.feed(_received(parser, connection.recv(_READ_SIZE)))) is None:
            pass
    except BaseException as error:
        connection.close()
        if isinstance(error, ConnectionError) and not parser.started:
            raise NoAnswer from None
        raise
    _put_away(connection, address, response)
    return response


async def exchange_async(address: Address, request: bytes) -> Response:
    """The same on the running event loop; a cancelled call closes its connection."""
    import asyncio

    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            if (idle := POOL.take(address)) is not None:
                idle.setblocking(False)
                try:
                    return await _converse_async(idle, address, request)
                except NoAnswer:
                    pass
            return await _converse_async(await _connect_async(address), address, request)
    except TimeoutError:
        raise TimeoutError("timed out") from None


async def _converse_async(connection: socket.socket, address: Address, request: bytes) -> Response:
    import asyncio

    loop = asyncio.get_running_loop()
    parser = ResponseParser()
    try:
        with suppress(*_CUT_SHORT):
            await loop.sock_sendall(connection, request)
        while True:
            data = _received(parser, await loop.sock_recv(connection, _READ_SIZE))
            if (response := parser.feed(data)) is not None:
                break
    except BaseException as error:
        connection.close()
        if isinstance(error, ConnectionError) and not parser.started:
            raise NoAnswer from None
        raise
    _put_away(connection, address, response)
    return response


def _received(parser: ResponseParser, data: bytes) -> bytes:
    if not data and not parser.started:
        raise NoAnswer
    return data


def _put_away(connection: socket.socket, address: Address, response: Response) -> None:
    if response.reusable:
        POOL.give_back(address, connection)
    else:
        connection.close()


def _connect(address: Address) -> socket.socket:
    connection = socket.create_connection(address, timeout=TIMEOUT_SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


async def _connect_async(address: Address) -> socket.socket:
    import asyncio

    loop = asyncio.get_running_loop()
    for family, host in _numeric(address[0]):
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await loop.sock_connect(connection, (host, address[1]))
        except OSError:
            connection.close()
        except BaseException:
            connection.close()
            raise
        else:
            return connection
    raise ConnectionError("All connection attempts failed")


def _numeric(host: str) -> Iterator[tuple[socket.AddressFamily, str]]:
    """The addresses behind a loopback name, without asking a resolver (which takes a thread)."""
    if ":" not in host:
        yield socket.AF_INET, "127.0.0.1" if host == "localhost" else host
    if ":" in host or host == "localhost":
        yield socket.AF_INET6, "::1"

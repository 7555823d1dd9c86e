"""A pool reaches its server by TLS wherever it was asked to, also on this machine."""

from __future__ import annotations

import asyncio
import ssl

import pytest
import trustme

from vercel_emu.transport.connection_pool import ConnectionPool


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    kind = b"tls" if writer.get_extra_info("ssl_object") else b"plain"
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(kind), kind))
    await writer.drain()
    writer.close()


async def ask(*, secure: bool) -> bytes:
    authority = trustme.CA()
    serving, asking = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), None
    authority.issue_cert("127.0.0.1").configure_cert(serving)
    if secure:
        asking = ssl.create_default_context()
        authority.configure_trust(asking)
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=serving if secure else None)
    async with server:
        pool = ConnectionPool(server.sockets[0].getsockname()[1], tls=asking)
        connection = await pool.connect()
        connection.begin(b"GET", b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        assert (await connection.head()).status == 200
        return b"".join([piece async for piece in connection.body()])


@pytest.mark.parametrize(("secure", "kind"), [(True, b"tls"), (False, b"plain")])
def test_how_a_server_on_this_machine_is_spoken_to(secure: bool, kind: bytes) -> None:
    assert asyncio.run(ask(secure=secure)) == kind

"""When a running emulator has reloaded, from the control API's stream of events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from vercel_emu.transport.connection import Connection, ConnectionFailed


async def reloads(control_url: str, token: str) -> AsyncIterator[list[str]]:
    """The changed files of each reload from now on; ends with the emulator."""
    address = urlsplit(control_url)
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(
        lambda: Connection(loop), address.hostname or "", address.port or 80
    )
    head = (
        f"GET /emu/v1/events HTTP/1.1\r\nhost: {address.netloc}\r\n"
        f"authorization: Bearer {token}\r\n\r\n"
    )
    try:
        connection.begin(b"GET", head.encode())
        await connection.head()
        async for line in _lines(connection):
            event = json.loads(line)
            if event["event"] == "Reloaded":
                yield list(event["files"])
    except ConnectionFailed:
        return
    finally:
        connection.close()


async def _lines(connection: Connection) -> AsyncIterator[bytes]:
    rest = b""
    async for chunk in connection.body():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line

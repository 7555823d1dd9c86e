"""What a debugger hears when the instance that it is attached to is replaced."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from vercel_emu.instance.debug_port import DebugPort


def frame(message: dict[str, Any]) -> bytes:
    body = json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


async def next_message(reader: asyncio.StreamReader) -> dict[str, Any]:
    head = await reader.readuntil(b"\r\n\r\n")
    message: dict[str, Any] = json.loads(await reader.readexactly(int(head.split(b":")[1])))
    return message


def test_the_end_that_debugpy_reports_itself_does_not_come_before_the_restart() -> None:
    async def heard() -> list[dict[str, Any]]:
        attached: asyncio.Future[asyncio.StreamWriter] = asyncio.Future()
        debugpy = await asyncio.start_server(
            lambda _, writer: attached.set_result(writer), "127.0.0.1", 0
        )

        async def find() -> int:
            return int(debugpy.sockets[0].getsockname()[1])

        port = DebugPort(0, find)
        await port.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", port.port)
        instance = await attached
        instance.write(frame({"event": "output"}))
        messages = [await next_message(reader)]
        # It ends at once, and both of its last words are there before anybody has read them.
        port.instance_replaced()
        instance.write(frame({"event": "terminated"}))
        instance.close()
        messages.append(await next_message(reader))
        assert await reader.read() == b""
        writer.close()
        debugpy.close()
        await port.close()
        return messages

    first, last = asyncio.run(heard())
    assert first == {"event": "output"}
    assert last["body"] == {"restart": True}

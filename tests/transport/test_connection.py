"""Connections to servers that answer in unusual ways."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from contextlib import closing

import pytest
import uvloop

from vercel_emu.transport.connection import Connection, ConnectionFailed

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nearly"
LOOPS = [asyncio.new_event_loop, uvloop.new_event_loop]


class EarlyServer:
    """Answers when it has read the head, and hangs up with the rest unread."""

    def __init__(self, answer: bytes) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._answer = answer
        self.port: int = self._listener.getsockname()[1]
        self.gone = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        while connection.recv(1) != b"!":
            pass
        connection.recv(1, socket.MSG_PEEK)  # what is left unread makes the system reset
        connection.sendall(self._answer)
        connection.close()
        self.gone.set()

    def close(self) -> None:
        self._thread.join()
        self._listener.close()


async def upload_to(server: EarlyServer) -> tuple[int, bytes]:
    """Send a body to a server that has answered and gone before our loop could look."""
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(
        lambda: Connection(loop, "the server"), "127.0.0.1", server.port
    )
    connection.begin(b"POST", b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n!")
    await connection.write(b"3\r\nabc\r\n")
    server.gone.wait()  # the loop stands still meanwhile: it has not read the answer
    for _ in range(3):
        try:
            await connection.write(b"3\r\nabc\r\n")
        except ConnectionFailed:
            break
    try:
        head = await connection.head()
        return head.status, b"".join([piece async for piece in connection.body()])
    finally:
        connection.close()


@pytest.mark.parametrize("new_loop", LOOPS, ids=["asyncio", "uvloop"])
def test_answer_of_a_server_that_leaves_the_body_unread(
    new_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    with closing(EarlyServer(ANSWER)) as server, asyncio.Runner(loop_factory=new_loop) as runner:
        assert runner.run(upload_to(server)) == (200, b"early")


@pytest.mark.parametrize("new_loop", LOOPS, ids=["asyncio", "uvloop"])
def test_half_an_answer_stays_half(new_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    half = EarlyServer(ANSWER[:-2])
    with (
        closing(half) as server,
        asyncio.Runner(loop_factory=new_loop) as runner,
        pytest.raises(ConnectionFailed),
    ):
        runner.run(upload_to(server))

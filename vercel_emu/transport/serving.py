"""Sockets and servers of the emulator's own: opened once, closed in order."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from vercel_emu import tasks

if TYPE_CHECKING:
    from vercel_emu.transport.server import EdgeServer


def bind_loopback() -> socket.socket:
    """A listening socket on a free port that only this machine reaches."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", 0))
    listener.listen(2048)
    listener.setblocking(False)
    return listener


async def serve_on(
    stack: contextlib.AsyncExitStack,
    server: EdgeServer,
    listeners: Sequence[socket.socket],
    meanwhile: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Serve until `stack` is closed; `meanwhile` ends the requests that run by then."""
    from vercel_emu.transport.server import serve, wait_started

    task = tasks.start(serve(server, listeners), "server")
    stack.push_async_callback(_stop, server, task, meanwhile)
    await wait_started(server, task)


async def _stop(
    server: EdgeServer,
    task: asyncio.Task[None],
    meanwhile: Callable[[], Awaitable[None]] | None,
) -> None:
    """Take no more requests, do `meanwhile` what ends those that run, then end the rest."""
    server.should_exit = True
    if meanwhile is not None:
        await meanwhile()
    try:
        async with asyncio.timeout(0.5):
            await asyncio.shield(task)
    except TimeoutError:
        server.force_exit = True
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

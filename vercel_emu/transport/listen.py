"""The listening socket: bound once, before anything else, and kept through every reload."""

from __future__ import annotations

import contextlib
import errno
import socket

from vercel_emu.errors import EmuError

DEFAULT_PORT = 3000
PORTS_TO_TRY = 50


def bind(host: str, port: int | None) -> socket.socket:
    """Bind and listen on `host`. `port` None means the default one, or the next that is free.

    Raises:
        EmuError: the port that was asked for is taken, or the address is not this machine's.
    """
    if port is not None:
        return _bind(host, port)
    for candidate in range(DEFAULT_PORT, DEFAULT_PORT + PORTS_TO_TRY):
        with contextlib.suppress(EmuError):
            return _bind(host, candidate)
    return _bind(host, 0)


def _bind(host: str, port: int) -> socket.socket:
    try:
        info = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except OSError as error:
        raise EmuError(
            "BAD_ADDRESS",
            f"--listen: {host!r} is not an address of this machine ({error.strerror or error}).",
            "Use --listen PORT, 127.0.0.1:PORT or 0.0.0.0:PORT.",
        ) from None
    listener = socket.socket(info[0], socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(info[4])
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise EmuError(
            "PORT_IN_USE" if error.errno == errno.EADDRINUSE else "BAD_ADDRESS",
            f"--listen: can't listen on {host}:{port}: {error.strerror}{_holder(port)}.",
            "Stop that process, or choose another port with --listen PORT.",
        ) from None
    listener.setblocking(False)
    return listener


def _holder(port: int) -> str:
    from vercel_emu.transport.port_holder import who_listens

    name = who_listens(port)
    return f" ({name} listens there)" if name else ""

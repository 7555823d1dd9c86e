"""The listening sockets: bound once, before anything else, and kept through every reload."""

from __future__ import annotations

import contextlib
import errno
import socket

from vercel_emu.errors import EmuError
from vercel_emu.options import parse_listen

DEFAULT_PORT = 3000
PORTS_TO_TRY = 50
ANY_HOST = ("0.0.0.0", "::")
LOOPBACK = ("localhost", "127.0.0.1", "::1")
_NO_IPV6 = {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.EPROTONOSUPPORT}


def bind(host: str, port: int | None) -> list[socket.socket]:
    """Bind and listen on `host`, all sockets on one port.

    What is shown as `localhost` answers on 127.0.0.1 and on ::1, because programs try either
    first; where the machine has no IPv6, on the first alone. `port` None means the default one, or
    the next that is free on both.

    Raises:
        EmuError: the port that was asked for is taken, or the address is not this machine's.
    """
    if port is None:
        for candidate in range(DEFAULT_PORT, DEFAULT_PORT + PORTS_TO_TRY):
            with contextlib.suppress(OSError):
                return _bind_each(host, candidate)
    try:
        return _bind_each(host, port or 0)
    except OSError as error:
        raise _refusal(host, port or 0, error) from None


def _bind_each(host: str, port: int) -> list[socket.socket]:
    first = _bind("127.0.0.1" if host == "localhost" else host, port)
    if host not in ("localhost", "0.0.0.0"):
        return [first]
    for _ in range(PORTS_TO_TRY):
        try:
            return [first, _bind("::1", first.getsockname()[1])]
        except OSError as error:
            if error.errno in _NO_IPV6:
                return [first]
            first.close()
            if port:
                raise
        first = _bind("127.0.0.1" if host == "localhost" else host, 0)
    return [first]


def _bind(host: str, port: int) -> socket.socket:
    info = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    listener = socket.socket(info[0], socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if info[0] == socket.AF_INET6:
            # `::` is every address of this machine, those of IPv4 too.
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(host != "::"))
        listener.bind(info[4])
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


def _refusal(host: str, port: int, error: OSError) -> EmuError:
    if isinstance(error, socket.gaierror):
        return EmuError(
            "BAD_ADDRESS",
            f"--listen: {host!r} is not an address of this machine ({error.strerror or error}).",
            "Use --listen PORT, 127.0.0.1:PORT or 0.0.0.0:PORT.",
        )
    where = f"[{host}]" if ":" in host else host
    return EmuError(
        "PORT_IN_USE" if error.errno == errno.EADDRINUSE else "BAD_ADDRESS",
        f"--listen: can't listen on {where}:{port}: {error.strerror}{_holder(port)}.",
        "Stop that process, or choose another port with --listen PORT.",
    )


def _holder(port: int) -> str:
    from vercel_emu.transport.port_holder import who_listens

    name = who_listens(port)
    return f" ({name} listens there)" if name else ""


def shown_host(host: str) -> str:
    """A host as it is written in a URL: an address that is every one has the machine's own name."""
    if host in ANY_HOST:
        return "localhost"
    return f"[{host}]" if ":" in host else host


def expected_host(listen: str | None) -> str:
    """`localhost:3000`: what `VERCEL_URL` will be where an emulator listens as the options say."""
    host, port = parse_listen(listen)
    return f"{shown_host(host)}:{port or DEFAULT_PORT}"


def network_address() -> str | None:
    """The address by which other machines of the network reach this one, if it has any.

    Nothing is sent: the system only says from where it would send to an address of RFC 5737.
    """
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.connect(("192.0.2.1", 9))
        address: str = asking.getsockname()[0]
        return None if address.startswith(("127.", "0.")) else address
    return None

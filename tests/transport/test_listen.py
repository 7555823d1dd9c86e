"""Which sockets listen, and how they are shown."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Iterator

import pytest

from vercel_emu.errors import EmuError
from vercel_emu.transport import listen
from vercel_emu.transport.listen import bind, expected_host, shown_host


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")


@contextlib.contextmanager
def bound(host: str, port: int | None) -> Iterator[list[socket.socket]]:
    listeners = bind(host, port)
    try:
        yield listeners
    finally:
        for listener in listeners:
            listener.close()


def addresses(listeners: list[socket.socket]) -> list[str]:
    return [listener.getsockname()[0] for listener in listeners]


@needs_ipv6
@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", ["127.0.0.1", "::1"]),
        ("0.0.0.0", ["0.0.0.0", "::1"]),
        ("127.0.0.1", ["127.0.0.1"]),
        ("::1", ["::1"]),
        ("::", ["::"]),
    ],
)
def test_a_free_port_is_the_same_on_all_addresses(host: str, expected: list[str]) -> None:
    with bound(host, 0) as listeners:
        assert addresses(listeners) == expected
        assert len({listener.getsockname()[1] for listener in listeners}) == 1


@needs_ipv6
@pytest.mark.parametrize("host", ["localhost", "0.0.0.0", "::"])
@pytest.mark.parametrize("peer", ["127.0.0.1", "::1"])
def test_what_is_shown_as_localhost_answers_on_both(host: str, peer: str) -> None:
    with bound(host, 0) as listeners:
        assert shown_host(host) == "localhost"
        socket.create_connection((peer, listeners[0].getsockname()[1])).close()


@needs_ipv6
@pytest.mark.parametrize("taken", ["127.0.0.1", "::1"])
def test_a_port_that_one_address_has_not_free_is_taken(taken: str) -> None:
    family = socket.AF_INET6 if ":" in taken else socket.AF_INET
    with socket.create_server((taken, 0), family=family) as other:
        port = other.getsockname()[1]
        with pytest.raises(EmuError, match=rf"can't listen on localhost:{port}") as caught:
            bind("localhost", port)
        assert caught.value.code == "PORT_IN_USE"
        # Neither address was left bound.
        free = "127.0.0.1" if taken == "::1" else "::1"
        with bound(free, port):
            pass


@needs_ipv6
@pytest.mark.parametrize("taken", ["127.0.0.1", "::1"])
def test_the_next_port_is_free_on_both(monkeypatch: pytest.MonkeyPatch, taken: str) -> None:
    family = socket.AF_INET6 if ":" in taken else socket.AF_INET
    with socket.create_server((taken, 0), family=family) as other:
        port = other.getsockname()[1]
        monkeypatch.setattr(listen, "DEFAULT_PORT", port)
        with bound("localhost", None) as listeners:
            assert addresses(listeners) == ["127.0.0.1", "::1"]
            assert {one.getsockname()[1] for one in listeners} != {port}


@pytest.mark.parametrize("missing", [errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL])
def test_without_ipv6_there_is_ipv4(monkeypatch: pytest.MonkeyPatch, missing: int) -> None:
    bind_one = listen._bind

    def without_ipv6(host: str, port: int) -> socket.socket:
        if ":" in host:
            raise OSError(missing, "no IPv6")
        return bind_one(host, port)

    monkeypatch.setattr(listen, "_bind", without_ipv6)
    for port in (0, None):
        with bound("localhost", port) as listeners:
            assert addresses(listeners) == ["127.0.0.1"]


@needs_ipv6
def test_a_free_port_is_looked_for_again_where_the_second_address_has_it_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bind_one = listen._bind
    refused: list[int] = []

    def busy_twice(host: str, port: int) -> socket.socket:
        if ":" in host and len(refused) < 2:
            refused.append(port)
            raise OSError(errno.EADDRINUSE, "busy")
        return bind_one(host, port)

    monkeypatch.setattr(listen, "_bind", busy_twice)
    with bound("localhost", 0) as listeners:
        assert addresses(listeners) == ["127.0.0.1", "::1"]
        assert len(refused) == 2


@pytest.mark.parametrize("host", ["203.0.113.7", "no.such.host.invalid"])
def test_an_address_of_another_machine_is_refused(host: str) -> None:
    with pytest.raises(EmuError, match=host) as caught:
        bind(host, 0)
    assert caught.value.code == "BAD_ADDRESS"


@pytest.mark.parametrize(
    ("text", "host"),
    [
        (None, "localhost:3000"),
        ("4000", "localhost:4000"),
        ("0.0.0.0:4000", "localhost:4000"),
        ("[::]:4000", "localhost:4000"),
        ("127.0.0.1:4000", "127.0.0.1:4000"),
        ("[::1]:4000", "[::1]:4000"),
        ("0.0.0.0", "localhost:3000"),
    ],
)
def test_the_host_that_the_functions_will_see(text: str | None, host: str) -> None:
    assert expected_host(text) == host

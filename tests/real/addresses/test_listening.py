"""The addresses that a running emulator answers on, and what it says of them."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.support import Emulation, clean_environ, emulation
from tests.transport.test_listen import needs_ipv6
from vercel_emu import events
from vercel_emu.cli.terminal.banner import rows
from vercel_emu.emulator import addresses
from vercel_emu.emulator.addresses import is_loopback

APP = {
    "app.py": "def app(environ, start_response):\n    start_response('200 OK', [])\n    return []\n"
}
LAN = "192.0.2.7"


@contextlib.contextmanager
def listening(root: Path, listen: str, **options: object) -> Iterator[Emulation]:
    environ = clean_environ(XDG_DATA_HOME=str(root / "data"))
    with emulation(root / "project", APP, environ, listen=listen, **options) as running:
        yield running


def said(running: Emulation) -> list[str | None]:
    return [notice.code for notice in running.events.all(events.Notice)]


@needs_ipv6
def test_localhost_is_both_of_its_addresses(tmp_path: Path) -> None:
    with listening(tmp_path, "0") as running:
        assert running.url == f"http://localhost:{running.port}"
        for host in ("127.0.0.1", "::1"):
            with socket.create_connection((host, running.port)) as connection:
                connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
                assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
        assert "OPEN_TO_NETWORK" not in said(running)
        assert "network" not in dict(rows(running.project))


@pytest.mark.parametrize("overrides", [True, False])
def test_every_address_is_shown_and_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, overrides: bool
) -> None:
    monkeypatch.setattr(addresses, "network_address", lambda: LAN)
    with listening(tmp_path, "0.0.0.0:0", overrides=overrides) as running:
        assert running.url == f"http://localhost:{running.port}"
        assert dict(rows(running.project))["network"] == f"http://{LAN}:{running.port}"
        assert ("OPEN_TO_NETWORK" in said(running)) is overrides


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("app.localhost", True),
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.7", False),
        ("my-machine", False),
    ],
)
def test_which_addresses_others_reach(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected

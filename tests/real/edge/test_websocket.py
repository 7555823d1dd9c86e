"""WebSockets through the edge, both ways, on ASGI and WSGI apps."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator

import pytest
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.real.support import (
    PATIENCE,
    Emulation,
    app_files,
    emulation,
    read_to_end,
    read_until,
)
from vercel_emu import events

WSGI = """
import base64
import hashlib
import struct

import flask

app = flask.Flask(__name__)
MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@app.route("/hello")
def hello():
    return "hello"


@app.route("/ws", websocket=True)
def socket():
    environ = flask.request.environ
    connection = environ["werkzeug.socket"]
    key = flask.request.headers["sec-websocket-key"] + MAGIC
    accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
    connection.sendall(
        "HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n"
        f"Sec-WebSocket-Accept: {accept}\\r\\n\\r\\n".encode()
    )
    while True:
        first, length = connection.recv(2)
        mask = connection.recv(4)
        data = bytes(b ^ mask[i % 4] for i, b in enumerate(connection.recv(length & 127)))
        connection.sendall(struct.pack("BB", first, len(data)) + data)
        if first & 15 == 8:
            return ""
"""


@pytest.fixture(scope="module")
def emu(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulation]:
    with emulation(tmp_path_factory.mktemp("sockets"), app_files("everything")) as running:
        running.wait_ready()
        yield running


def dial(emu: Emulation, path: str, **options: object) -> ClientConnection:
    given: dict[str, object] = {
        "open_timeout": PATIENCE,
        "proxy": None,
        "max_size": None,
        **options,
    }
    return connect(emu.ws + path, **given)  # type: ignore[arg-type]


def test_text_binary_and_large_messages(emu: Emulation) -> None:
    with dial(emu, "/ws/echo") as socket:
        for message in ("hello", "", "é" * 1000, b"\0\xff", os.urandom(1_000_000), "x" * 1_000_000):
            socket.send(message)
            assert socket.recv(PATIENCE) == message
        assert socket.ping().wait(PATIENCE)


def test_without_compression(emu: Emulation) -> None:
    with dial(emu, "/ws/echo", compression=None) as socket:
        socket.send(b"x" * 1_000_000)
        assert len(socket.recv(PATIENCE)) == 1_000_000


def test_a_message_right_behind_the_handshake(emu: Emulation) -> None:
    frame = b"\x81\x82\0\0\0\0hi"
    with emu.connect() as connection:
        connection.sendall(
            b"GET /ws/echo HTTP/1.1\r\nhost: h\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
            b"sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            + frame
        )
        assert read_until(connection, b"\x81\x02hi").startswith(b"HTTP/1.1 101")


def test_subprotocols(emu: Emulation) -> None:
    offered = [Subprotocol("one"), Subprotocol("two")]
    with dial(emu, "/ws/echo", subprotocols=offered) as socket:
        assert socket.subprotocol == "two"


def test_close_codes_both_ways(emu: Emulation) -> None:
    with dial(emu, "/ws/close") as socket:
        with pytest.raises(ConnectionClosedError):
            socket.recv(PATIENCE)
        assert (socket.close_code, socket.close_reason) == (4321, "enough")
    with dial(emu, "/ws/echo") as socket:
        socket.close(4002, "bye")
    emu.events.wait(events.LogLine, lambda e: e.text == "socket left with 4002")


def test_rejected_handshakes(emu: Emulation) -> None:
    with pytest.raises(InvalidStatus) as rejected, dial(emu, "/ws/reject"):
        pass
    assert rejected.value.response.status_code == 403
    with pytest.raises(InvalidStatus) as rejected, dial(emu, "/ws/deny"):
        pass
    response = rejected.value.response
    assert (response.status_code, response.body) == (401, b"not you")
    assert response.headers["x-why"] == "no"
    assert response.headers["server"] == "Vercel"


def test_headers_of_the_handshake(emu: Emulation) -> None:
    spoofed = {"x-vercel-ip-city": "Nowhere", "x-real-ip": "6.6.6.6", "x-own": "1"}
    with dial(emu, "/ws/headers", additional_headers=spoofed) as socket:
        seen = dict(json.loads(socket.recv(PATIENCE)))
        answer = socket.response
    assert seen["x-vercel-ip-city"] == "New%20York"
    assert seen["x-real-ip"] == seen["x-forwarded-for"] == "203.0.113.195"
    assert seen["x-own"] == "1"
    assert seen["host"] == seen["x-forwarded-host"] == f"127.0.0.1:{emu.port}"
    assert answer is not None
    assert answer.headers["server"] == "Vercel"
    assert answer.headers["x-vercel-id"].startswith("iad1::iad1::")


def test_it_is_one_invocation_in_the_log(emu: Emulation) -> None:
    with dial(emu, "/ws/echo?log"):
        pass
    sent = emu.response("/ws/echo?log")
    assert (sent.status, sent.method, sent.visitor) == (101, "GET", "New York")
    emu.events.wait(events.InvocationEnded, lambda e: e.invocation_id == sent.invocation_id)


def test_a_client_that_vanishes(emu: Emulation) -> None:
    before = len(emu.events.all(events.LogLine, lambda e: "socket left with 1006" in e.text))
    socket = dial(emu, "/ws/echo")
    socket.socket.close()
    emu.events.wait(events.LogLine, lambda e: "socket left with 10" in e.text, count=before + 1)


@pytest.mark.parametrize("how", ["message", "signal"])
def test_a_process_that_dies_closes_its_sockets(emu: Emulation, how: str) -> None:
    with dial(emu, "/ws/echo") as socket:
        if how == "message":
            socket.send("die")
        else:
            os.kill(emu.get("/echo").json()["pid"], signal.SIGKILL)
        with pytest.raises(ConnectionClosed):
            socket.recv(PATIENCE)
    assert emu.get("/whole?n=2").text == "xx"


def test_a_process_that_dies_during_the_handshake(emu: Emulation) -> None:
    with pytest.raises(InvalidStatus) as failed, dial(emu, "/ws/die"):
        pass
    response = failed.value.response
    assert response.status_code == 500
    assert response.headers["x-vercel-error"] == "FUNCTION_INVOCATION_FAILED"
    assert emu.get("/whole?n=2").text == "xx"


def test_a_handshake_that_starts_the_function(emu: Emulation) -> None:
    os.kill(emu.get("/echo").json()["pid"], signal.SIGKILL)
    with dial(emu, "/ws/echo") as socket:
        socket.send("hi")
        assert socket.recv(PATIENCE) == "hi"


def test_limits_hold_for_handshakes(emu: Emulation) -> None:
    with pytest.raises(InvalidStatus) as refused, dial(emu, "/ws/echo?" + "x" * 20_000):
        pass
    assert refused.value.response.status_code == 414


def test_an_incomplete_handshake_is_the_apps_to_refuse(emu: Emulation) -> None:
    head = b"GET /ws/echo HTTP/1.1\r\nhost: h\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\r\n"
    with emu.connect() as connection:
        connection.sendall(head)
        assert read_to_end(connection).startswith(b"HTTP/1.1 4")


def test_many_sockets_at_once(emu: Emulation) -> None:
    sockets = [dial(emu, "/ws/echo") for _ in range(30)]
    for number, socket in enumerate(sockets):
        socket.send(str(number))
    assert [socket.recv(PATIENCE) for socket in sockets] == [str(n) for n in range(30)]
    for socket in sockets:
        socket.close()


def test_a_wsgi_app(tmp_path_factory: pytest.TempPathFactory) -> None:
    with emulation(tmp_path_factory.mktemp("wsgi"), {"app.py": WSGI}) as emu:
        with dial(emu, "/ws", compression=None) as socket:
            for message in ("hello", b"\0\xff"):
                socket.send(message)
                assert socket.recv(PATIENCE) == message
        assert emu.get("/hello").text == "hello"
        assert emu.response("/ws").status == 101

"""Nothing a client writes frames a message for the instance, or passes for the platform."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Iterator
from typing import Any

import pytest

from tests.real.support import Emulation, emulation, read_to_end, read_until
from vercel_emu import events

APP = """
import json

SEEN = []

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    size = 0
    while True:
        message = await receive()
        size += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    answer = SEEN
    if scope["path"] != "/seen":
        pairs = [(name.decode("latin-1"), value.decode("latin-1"))
                 for name, value in scope["headers"]]
        answer = {"method": scope["method"], "path": scope["path"], "size": size, "headers": pairs}
        SEEN.append(answer)
    body = json.dumps(answer).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
"""
INNER = b"GET /smuggled HTTP/1.1\r\nhost: evil\r\nx-real-ip: 6.6.6.6\r\n\r\n"
CONFIG = {
    "headers": [
        {
            "source": "/ruled",
            "headers": [
                {"key": "Transfer-Encoding", "value": "chunked"},
                {"key": "Content-Length", "value": "3"},
                {"key": "Connection", "value": "close"},
                {"key": "X-Good", "value": "yes"},
            ],
        }
    ]
}


@pytest.fixture(scope="module")
def emu(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulation]:
    files = {"app.py": APP, "vercel.json": json.dumps(CONFIG)}
    with emulation(tmp_path_factory.mktemp("hostile"), files) as running:
        yield running


def seen(emu: Emulation) -> list[dict[str, Any]]:
    """Every request the function has seen."""
    found: list[dict[str, Any]] = emu.get("/seen").json()
    return found


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@pytest.mark.parametrize(
    "listed",
    [
        b"content-length",
        b"Content-Length, close",
        b"keep-alive, content-length",
        b"host, content-length, upgrade",
        b"content-length\r\nconnection: transfer-encoding",
    ],
)
def test_no_connection_header_takes_the_length_away(emu: Emulation, listed: bytes) -> None:
    head = (
        b"POST /outer HTTP/1.1\r\nhost: localhost\r\nconnection: %b\r\ncontent-length: %d\r\n\r\n"
    )
    with emu.connect() as client:
        client.sendall(head % (listed, len(INNER)) + INNER)
        read_until(client, b"\r\n\r\n")
    # Were the body left over, the next request on that connection would be answered with it.
    for _ in range(3):
        assert emu.get("/after").json()["path"] == "/after"
    found = seen(emu)
    assert [one for one in found if one["path"] == "/smuggled"] == []
    outer = [one for one in found if one["path"] == "/outer"][-1]
    assert outer["size"] == len(INNER)
    assert dict(outer["headers"])["content-length"] == str(len(INNER))


def test_a_chunked_body_is_framed_anew(emu: Emulation) -> None:
    answer = emu.raw(
        b"POST /chunks HTTP/1.1\r\nhost: localhost\r\nconnection: close, transfer-encoding\r\n"
        b"transfer-encoding: chunked\r\n\r\n3;odd=1\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    )
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["size"] == 5


@pytest.mark.parametrize(
    "head",
    [
        b"GET /x HTTP/1.1\r\nhost: h;for=6.6.6.6\r\n",
        b"GET /x HTTP/1.1\r\nhost: a\r\nhost: b\r\n",
        b"GET /x HTTP/1.1\r\nhost: a\r\nHost: a\r\n",
        b"GET /x HTTP/1.1\r\n",
        b"GET /x HTTP/1.1\r\nhost:\r\n",
        b"GET /x HTTP/1.1\r\nhost: a b\r\n",
        b"GET /x HTTP/1.1\r\nhost: a/b\r\n",
        b"GET /x HTTP/1.1\r\nhost: a,b\r\n",
        b'GET /x HTTP/1.1\r\nhost: "a"\r\n',
        b"GET /x HTTP/1.1\r\nhost: a:99999\r\n",
        b"GET /x HTTP/1.1\r\nhost: [::1\r\n",
        b"GET /x HTTP/1.1\r\nhost: user@a\r\n",
        b"GET http://u:p@a/x HTTP/1.1\r\nhost: a\r\n",
        b"GET http://a/x HTTP/1.1\r\nhost: h, for=6.6.6.6\r\n",
        b"GET http://a/x HTTP/1.1\r\n",
        b'POST /x HTTP/1.1\r\nhost: a\r\ntransfer-encoding: "chunked"\r\n',
        b"POST /x HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked;a=b\r\n",
        b"POST /x HTTP/1.1\r\nhost: a\r\ntransfer-encoding: identity\r\n",
        b"POST /x HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip, chunked\r\n",
        b"POST /x HTTP/1.0\r\nhost: a\r\ntransfer-encoding: chunked\r\n",
        b"GET /x\r\nhost: a\r\n",
        b"GET /_emu/visitor/ HTTP/1.1\r\nhost: a\r\nhost: b\r\n",
        b"GET /x HTTP/2.0\r\nhost: a\r\n",
        b"GET /x HTTP/0.9\r\nhost: a\r\n",
        b"GET /x HTTP/9.9\r\nhost: a\r\n",
    ],
)
def test_a_request_that_is_none_is_400(emu: Emulation, head: bytes) -> None:
    before = len(seen(emu))
    assert status(emu.raw(head + b"connection: close\r\n\r\n")) == 400
    assert len(seen(emu)) == before


@pytest.mark.parametrize(
    "host", [b"a", b"a.example:1", b"127.0.0.1:3000", b"[::1]:3000", b"[::1]", b"my_app.test"]
)
def test_hosts_that_are_some(emu: Emulation, host: bytes) -> None:
    answer = emu.raw(b"GET /x HTTP/1.1\r\nhost: " + host + b"\r\nconnection: close\r\n\r\n")
    assert dict(json.loads(answer.partition(b"\r\n\r\n")[2])["headers"])["host"] == host.decode()


def test_http_1_0_needs_no_host(emu: Emulation) -> None:
    assert status(emu.raw(b"GET /x HTTP/1.0\r\n\r\n")) == 200


def test_trailers_are_no_headers(emu: Emulation) -> None:
    answer = emu.raw(
        b"POST /trailers HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n"
        b"transfer-encoding: chunked\r\ntrailer: authorization\r\n\r\n3\r\nabc\r\n0\r\n"
        b"host: evil\r\nauthorization: forged\r\nx-vercel-ip-city: EVIL\r\n\r\n"
    )
    got = json.loads(answer.partition(b"\r\n\r\n")[2])["headers"]
    assert [value for name, value in got if name == "host"] == ["localhost"]
    assert "authorization" not in dict(got)
    assert "EVIL" not in dict(got).values()


def test_an_answer_in_place_of_100_continue_closes(emu: Emulation) -> None:
    answer = emu.raw(
        b"POST /x HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 5000000\r\n\r\n"
    )
    assert status(answer) == 413
    assert b"\r\nconnection: close\r\n" in answer.lower()


def test_100_continue_is_said_and_the_connection_kept(emu: Emulation) -> None:
    with emu.connect() as client:
        client.sendall(
            b"POST /x HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\n"
        )
        assert read_until(client, b"\r\n\r\n").startswith(b"HTTP/1.1 100 ")
        client.sendall(b"abc")
        assert b"connection: close" not in read_until(client, b'"size": 3').lower()


def test_a_client_that_resets_its_connection_is_no_error_of_ours(emu: Emulation) -> None:
    requests = b"PUT /x HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc" * 20
    for _ in range(20):
        with emu.connect() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.sendall(requests)
    assert emu.get("/after").json()["path"] == "/after"
    assert emu.events.all(events.Notice, lambda e: e.code == "INTERNAL_ERROR") == []


def endless(client: socket.socket, start: bytes, piece: bytes) -> bytes:
    """Send `piece` again and again until the other side has had enough; what it said."""
    client.sendall(start)
    said = b""
    client.setblocking(False)
    while True:
        try:
            client.send(piece)
        except BlockingIOError:
            pass
        except OSError:
            break
        try:
            part = client.recv(65536)
        except BlockingIOError:
            continue
        except OSError:
            break
        said += part
        if not part:
            break
    return said


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"GET /x HTTP/1.1\r\nhost: x\r\nx-long: ", b"a" * 4096),
        (b"GET /x HTTP/1.1\r\nhost: x\r\n", b"x-more: a\r\n" * 400),
        (b"GET /" + b"a" * 100, b"a" * 4096),
    ],
    ids=["a header's value", "headers", "a target"],
)
def test_a_head_without_end_is_refused(emu: Emulation, start: bytes, piece: bytes) -> None:
    with emu.connect() as client:
        said = endless(client, start, piece)
    assert said == b"" or status(said) == 431
    assert emu.get("/after").json()["path"] == "/after"
    emu.events.wait(events.ResponseSent, lambda e: e.error_code == "REQUEST_HEADER_TOO_LARGE")


@pytest.mark.parametrize("tail", [b"0\r\nx-trailer: ", b"3;"], ids=["trailers", "an extension"])
def test_a_body_without_end_of_its_own_is_refused(emu: Emulation, tail: bytes) -> None:
    start = b"POST /x HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n" + tail
    with emu.connect() as client:
        endless(client, start, b"a" * 4096)
    assert emu.get("/after").json()["path"] == "/after"


def test_rules_do_not_frame_a_response(emu: Emulation) -> None:
    answer = emu.get("/ruled")
    assert answer.json()["path"] == "/ruled"
    assert "transfer-encoding" not in answer.headers
    assert answer.headers["content-length"] == str(len(answer.content))
    assert answer.headers["x-good"] == "yes"


# Handshakes ------------------------------------------------------------------------------------

HANDSHAKE = b"upgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-version: 13\r\n"
KEY = b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"


def test_a_handshake_with_a_body_is_refused(emu: Emulation) -> None:
    answer = emu.raw(
        b"GET /ws HTTP/1.1\r\nhost: x\r\n"
        + HANDSHAKE
        + KEY
        + b"content-length: %d\r\n\r\n" % len(INNER)
        + INNER
    )
    assert status(answer) == 400
    assert all(one["path"] not in ("/ws", "/smuggled") for one in seen(emu))


def test_a_handshake_behind_a_request_does_not_take_its_connection(emu: Emulation) -> None:
    answer = emu.raw(
        b"GET /first HTTP/1.1\r\nhost: x\r\n\r\nGET /ws HTTP/1.1\r\nhost: x\r\n"
        + HANDSHAKE
        + KEY
        + b"\r\n"
    )
    first, _, rest = answer.partition(b"}")
    assert status(first) == 200
    assert b"HTTP/1.1 400 " in rest


TUNNEL = """
from http.server import BaseHTTPRequestHandler

class handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = repr((self.path, self.headers.items())).encode()
        self.send_response({status})
        {length}
        self.end_headers()
        self.wfile.write(body)
"""
LENGTH = 'self.send_header("content-length", str(len(body)))'


@pytest.mark.parametrize(
    ("code", "length", "wanted"),
    [
        (200, LENGTH, 200),
        (404, LENGTH, 404),
        (403, 'self.send_header("content-length", "0"); body = b""', 403),
        (204, "body = b''", 204),
        (200, "self.send_header('connection', 'close')", 200),
        ("103); self.end_headers(); self.send_response(200", LENGTH, 200),
    ],
)
def test_a_refused_handshake_leaves_no_tunnel(
    tmp_path_factory: pytest.TempPathFactory, code: object, length: str, wanted: int
) -> None:
    files = {
        "api/index.py": TUNNEL.format(status=code, length=length),
        "vercel.json": '{"framework": null}',
    }
    raw = b"GET /raw HTTP/1.1\r\nhost: evil\r\nx-vercel-ip-city: EVIL\r\n\r\n"
    with (
        emulation(tmp_path_factory.mktemp("tunnel"), files) as emu,
        emu.connect() as client,
    ):
        client.sendall(b"GET /api HTTP/1.1\r\nhost: x\r\n" + HANDSHAKE + KEY + b"\r\n" + raw)
        answer = read_to_end(client)
        assert status(answer) == wanted
        assert answer.count(b"HTTP/1.1 ") == 1
        assert b"/raw" not in answer
        assert b"EVIL" not in answer


# Upgrades that are not taken -----------------------------------------------------------------

BODIES = {
    "length": (b"content-length: 5\r\n", b"hello"),
    "chunks": (b"transfer-encoding: chunked\r\n", b"2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n"),
    "none": (b"", b""),
}
UPGRADES = [
    (b"GET", b"upgrade: x\r\nconnection: Upgrade\r\n"),
    (b"POST", b"upgrade: h2c\r\nconnection: keep-alive, upgrade\r\n"),
    (b"QUERY", b"upgrade: x\r\nconnection: Upgrade\r\n"),
    (b"POST", HANDSHAKE + KEY),
    (b"PUT", HANDSHAKE + KEY),
]


@pytest.mark.parametrize("split", [False, True], ids=["in one piece", "in two"])
@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("method", "upgrade"), UPGRADES)
def test_an_upgrade_that_is_not_taken_changes_nothing(
    emu: Emulation, method: bytes, upgrade: bytes, body: str, split: bool
) -> None:
    framing, content = BODIES[body]
    head = method + b" /count HTTP/1.1\r\nhost: x\r\n" + framing + upgrade + b"\r\n"
    number = len(emu.events.all(events.InvocationStarted))
    with emu.connect() as client:
        client.sendall(head)
        if split:
            # The function is called as soon as the head is there.
            emu.events.wait(events.InvocationStarted, count=number + 1)
        client.sendall(content)
        answer = read_to_end(client)
    assert status(answer) == 200
    received = json.loads(answer.rpartition(b"\r\n\r\n")[2])
    assert (received["method"], received["size"]) == (method.decode(), 5 if content else 0)
    # Whoever comes next on the same connection to the function is not taken for a body.
    for _ in range(3):
        assert emu.get("/count").json()["method"] == "GET"


@pytest.mark.parametrize(
    "framing",
    [
        b"transfer-encoding: gzip, identity\r\n",
        b"transfer-encoding: chunked\r\ntransfer-encoding: x\r\n",
        b"transfer-encoding: chunked\r\ncontent-length: 5\r\n",
        b"content-length: 5\r\ncontent-length: 6\r\n",
    ],
)
def test_an_upgrade_with_a_framing_that_nobody_can_read(emu: Emulation, framing: bytes) -> None:
    head = b"POST /count HTTP/1.1\r\nhost: x\r\nupgrade: x\r\nconnection: upgrade\r\n"
    answer = emu.raw(head + framing + b"\r\nhello" + INNER)
    assert status(answer) == 400
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"smuggled" not in json.dumps(seen(emu)).encode()


@pytest.mark.parametrize("target", [b"/count", b"x:443"])
def test_nobody_tunnels(emu: Emulation, target: bytes) -> None:
    framing = b"content-length: %d\r\n" % len(INNER)
    answer = emu.raw(b"CONNECT " + target + b" HTTP/1.1\r\nhost: x\r\n" + framing + b"\r\n" + INNER)
    assert status(answer) in (400, 405)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert "smuggled" not in json.dumps(seen(emu))


def test_after_a_request_without_host_nothing_more_is_read(emu: Emulation) -> None:
    asked = b"POST /count HTTP/1.1\r\ncontent-length: 0\r\n\r\n"
    answer = emu.raw(asked + b"GET /count HTTP/1.1\r\nhost: x\r\n\r\n")
    assert status(answer) == 400
    assert answer.count(b"HTTP/1.1 ") == 1

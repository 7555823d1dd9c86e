"""The edge in front of WSGI apps and `handler` classes, whose server speaks HTTP/1.0."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.real.support import Emulation, app_files, emulation, read_until
from vercel_emu import events

HANDLER = """
import os
import time
from http.server import BaseHTTPRequestHandler

class handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/nothing":
            return
        self.send_response(200)
        self.send_header("content-type", "text/plain")
        if self.path.startswith("/kept"):
            self.send_header("Connection", "keep-alive")
            self.end_headers()
            self.wfile.write(b"x" * int(self.path.rpartition("=")[2]))
            return
        self.end_headers()
        mark = self.path.partition("/ticks?mark=")[2]
        for number in range(3):
            while mark and number and not os.path.exists(f"{mark}{number}"):
                time.sleep(0.01)
            self.wfile.write(f"tick {number}\\n".encode())
            if self.path == "/die":
                self.wfile.flush()
                os._exit(3)

    def do_POST(self):
        size = len(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(str(size).encode())
"""


@pytest.fixture(scope="module")
def flask_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulation]:
    with emulation(tmp_path_factory.mktemp("wsgi"), app_files("flask_everything")) as running:
        yield running


@pytest.fixture(scope="module")
def handler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulation]:
    with emulation(tmp_path_factory.mktemp("handler"), {"app.py": HANDLER}) as running:
        yield running


def test_wsgi_bodies(flask_app: Emulation) -> None:
    with flask_app.client() as client:
        for body in (b"", b"x" * 1_000_000):
            assert client.post("/hello", content=body).text == f"hello {len(body)}"
            pieces = iter([body[:10], body[10:]])
            assert client.post("/hello", content=pieces).text == f"hello {len(body)}"


@pytest.mark.parametrize("name", ["flask_app", "handler"])
def test_chunks_arrive_one_by_one(
    request: pytest.FixtureRequest, tmp_path: Path, name: str
) -> None:
    emu: Emulation = request.getfixturevalue(name)
    mark = tmp_path / "has-read"
    with emu.connect() as connection:
        connection.sendall(f"GET /ticks?mark={mark} HTTP/1.1\r\nhost: h\r\n\r\n".encode())
        # The function makes each chunk only after the client has read the one before.
        for number in range(3):
            if number:
                (tmp_path / f"has-read{number}").touch()
            data = read_until(connection, b"tick %d\n\r\n" % number)
        read_until(connection, b"0\r\n\r\n", data)


def test_half_a_wsgi_answer_is_cut(flask_app: Emulation) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        flask_app.get("/half")
    assert flask_app.get("/hello").status_code == 200
    assert flask_app.response("/hello", count=len(flask_app.events.all(
        events.ResponseSent, lambda e: e.path == "/hello"))).cold  # fmt: skip


@pytest.mark.parametrize("size", [0, 1, 70_000, 3_000_000])
def test_an_answer_without_length_is_over_with_the_invocation(
    handler: Emulation, size: int
) -> None:
    for _ in range(2):
        assert handler.get(f"/kept?n={size}").content == b"x" * size
    assert handler.raw(f"GET /kept?n={size} HTTP/1.0\r\n\r\n".encode()).endswith(b"x" * size)
    # It comes after the answer.
    handler.events.wait(events.Notice, lambda e: e.code == "RESPONSE_WITHOUT_LENGTH")
    (warning,) = handler.events.all(events.Notice, lambda e: e.code == "RESPONSE_WITHOUT_LENGTH")
    assert "`Connection: keep-alive`" in warning.message


def test_half_an_answer_that_only_its_connection_ends_is_cut(handler: Emulation) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        handler.get("/die")
    assert handler.get("/").text == "tick 0\ntick 1\ntick 2\n"


def test_a_handler_without_an_answer(handler: Emulation) -> None:
    answer = handler.get("/nothing")
    assert answer.status_code == 500
    assert answer.headers["x-vercel-error"] == "FUNCTION_INVOCATION_FAILED"
    assert handler.get("/").status_code == 200


def test_head_without_do_head(handler: Emulation) -> None:
    assert handler.request("HEAD", "/").status_code == 501


def test_a_body_for_a_handler(handler: Emulation) -> None:
    assert handler.request("POST", "/", content=b"x" * 70_000).text == "70000"


def test_a_wsgi_exception_is_its_own_500(flask_app: Emulation) -> None:
    answer = flask_app.get("/raise")
    assert answer.status_code == 500
    assert "x-vercel-error" not in answer.headers
    flask_app.events.wait(events.LogLine, lambda e: "the person's own mistake" in e.text)

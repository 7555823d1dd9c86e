"""A function that writes more than its response never answers another request with it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.real.support import Emulation, emulation

HANDLER = """
import base64
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

SEEN = []

class handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        url = urlsplit(self.path)
        query = parse_qs(url.query)
        if "raw" in query:
            for piece in query["raw"]:
                self.wfile.write(base64.urlsafe_b64decode(piece))
                self.wfile.flush()
            return
        SEEN.append(self.path)
        body = repr(SEEN).encode() if url.path == "/seen" else query["token"][0].encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_HEAD = do_GET

    def do_POST(self):
        SEEN.append(self.path)
        self.send_response(200)
        self.send_header("content-length", "6")
        self.end_headers()
        self.wfile.write(b"unread")
"""
RULES = {"framework": None, "rewrites": [{"source": "/(.*)", "destination": "/api"}]}
OK = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture(scope="module")
def emu(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulation]:
    files = {"api/index.py": HANDLER, "vercel.json": json.dumps(RULES)}
    with emulation(tmp_path_factory.mktemp("responses"), files) as running:
        yield running


def ask_for(*pieces: bytes) -> dict[str, list[str]]:
    """The query that has the function write these bytes, each in a write of its own."""
    return {"raw": [base64.urlsafe_b64encode(piece).decode() for piece in pieces]}


FOREIGN = b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nFOREIGN"


@pytest.mark.parametrize(
    ("method", "pieces", "status"),
    [
        ("HEAD", [OK + b"content-length: 7\r\n\r\n", b"FOREIGN"], 200),
        ("HEAD", [OK + b"transfer-encoding: chunked\r\n\r\n", b"7\r\nFOREIGN\r\n0\r\n\r\n"], 200),
        ("HEAD", [OK + b"\r\n", FOREIGN], 200),
        ("GET", [b"HTTP/1.1 204 None\r\n\r\n", b"FOREIGN"], 204),
        ("GET", [b"HTTP/1.1 204 None\r\ncontent-length: 7\r\n\r\n", b"FOREIGN"], 204),
        ("GET", [b"HTTP/1.1 304 Same\r\n\r\n", FOREIGN], 304),
        ("GET", [OK + b"content-length: 2\r\n\r\nok", FOREIGN], 200),
        ("GET", [OK + b"content-length: 2\r\n\r\nok" + FOREIGN], 200),
        ("GET", [OK + b"content-length: 2\r\n\r\nokFOREIGN"], 200),
        ("GET", [b"HTTP/1.1 103 Early\r\n\r\n", OK + b"content-length: 2\r\n\r\nok"], 200),
        (
            "GET",
            [b"HTTP/1.1 101 Switch\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n", FOREIGN],
            500,
        ),
        ("GET", [OK + b"content-length: 2\r\ncontent-length: 9\r\n\r\nok", FOREIGN], 500),
        ("GET", [b"FOREIGN\r\n\r\n"], 500),
    ],
)
def test_what_is_too_much_reaches_nobody(
    emu: Emulation, method: str, pieces: list[bytes], status: int
) -> None:
    def innocent(number: int) -> tuple[str, str]:
        return emu.get("/any", params={"token": f"token{number}"}).text, f"token{number}"

    with ThreadPoolExecutor(4) as threads:
        others = threads.map(innocent, range(12))
        for _ in range(4):
            answer = emu.request(method, "/odd", params=ask_for(*pieces))
            assert answer.status_code == status
            assert "FOREIGN" not in answer.text
        assert all(got == wanted for got, wanted in others)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_nobody_reads_is_no_request(emu: Emulation, chunked: bool) -> None:
    inner = b"GET /inner?token=FOREIGN HTTP/1.1\r\nhost: x\r\nx-real-ip: 6.6.6.6\r\n\r\n"
    for number in range(5):
        content = iter([inner]) if chunked else inner
        assert emu.request("POST", "/unread", content=content).text == "unread"
        assert emu.get("/any", params={"token": f"token{number}"}).text == f"token{number}"
    assert "/inner" not in emu.get("/seen").text


def test_trailers_of_a_function_are_no_headers(emu: Emulation) -> None:
    body = b"3\r\nabc\r\n0\r\nset-cookie: late=1\r\nx-late: 1\r\n\r\n"
    head = OK + b"transfer-encoding: chunked\r\ntrailer: x-late\r\n\r\n"
    answer = emu.get("/odd", params=ask_for(head + body))
    assert answer.text == "abc"
    assert "x-late" not in answer.headers
    assert "set-cookie" not in answer.headers


def test_a_function_does_not_list_its_framing_away(emu: Emulation) -> None:
    head = OK + b"connection: content-length, close\r\ncontent-length: 3\r\n\r\n"
    answer = emu.get("/odd", params=ask_for(head + b"abc"))
    assert answer.text == "abc"
    assert answer.headers["content-length"] == "3"

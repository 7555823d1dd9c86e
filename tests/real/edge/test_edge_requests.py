"""What a client sends is what the function gets: method, target, headers and body."""

from __future__ import annotations

import hashlib
import json
import subprocess
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.real.support import PATIENCE, Emulation, app_files, emulation, read_until
from vercel_emu import events


@pytest.fixture(scope="module")
def emu(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulation]:
    with emulation(tmp_path_factory.mktemp("requests"), app_files("everything")) as running:
        yield running


def ask(emu: Emulation, head: bytes, body: bytes = b"") -> tuple[bytes, bytes]:
    """Send one request (without its blank line); head and body of the answer."""
    answer = emu.raw(head + b"\r\nconnection: close\r\n\r\n" + body)
    top, _, rest = answer.partition(b"\r\n\r\n")
    return top, rest


def echo(emu: Emulation, head: bytes, body: bytes = b"") -> dict[str, Any]:
    """What the function saw of a request."""
    top, rest = ask(emu, head, body)
    assert top.startswith(b"HTTP/1.1 200"), top
    seen: dict[str, Any] = json.loads(rest)
    return seen


@pytest.mark.parametrize(
    "method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "REPORT", "PURGE"]
)
def test_every_method_arrives(emu: Emulation, method: str) -> None:
    assert emu.request(method, "/x").json()["method"] == method


@pytest.mark.parametrize(
    ("target", "raw_path", "query"),
    [
        (b"/a?", "/a", ""),
        (b"/a%2Fb", "/a%2Fb", ""),
        (b"/%zz?%zz", "/%zz", "%zz"),
        (b"/a;b=1;c?x;y", "/a;b=1;c", "x;y"),
        (b"/a/../b/./c", "/a/../b/./c", ""),
        (b"/a?b?c=d&&=&e=%20+", "/a", "b?c=d&&=&e=%20+"),
        (b"/a:b@c!$&'()*,=~", "/a:b@c!$&'()*,=~", ""),
        (b'/[id]|\\^`{}"<>', '/[id]|\\^`{}"<>', ""),
        (b"/%F0%9F%87%BA", "/%F0%9F%87%BA", ""),
        (b"http://example.com/abs?x=1", "/abs", "x=1"),
        (b"http://example.com", "/", ""),
        (b"http://example.com?q=1", "/", "q=1"),
        (b"/x#part", "/x", ""),
    ],
)
def test_the_target_arrives_byte_for_byte(
    emu: Emulation, target: bytes, raw_path: str, query: str
) -> None:
    seen = echo(emu, b"GET " + target + b" HTTP/1.1\r\nhost: h")
    assert (seen["raw_path"], seen["query"]) == (raw_path, query)


def test_an_empty_query_keeps_its_question_mark(emu: Emulation) -> None:
    ask(emu, b"GET /question? HTTP/1.1\r\nhost: h")
    assert emu.response("/question?").status == 200


def test_options_for_the_whole_server(emu: Emulation) -> None:
    assert echo(emu, b"OPTIONS * HTTP/1.1\r\nhost: h")["raw_path"] == "*"


def test_bytes_outside_of_ascii_are_no_http_as_in_uvicorn(emu: Emulation) -> None:
    head, _ = ask(emu, "GET /é?ü HTTP/1.1\r\nhost: h".encode())
    assert head.startswith(b"HTTP/1.1 400")


def test_repeated_headers_and_values_outside_of_ascii_stay(emu: Emulation) -> None:
    head = b"GET / HTTP/1.1\r\nhost: h\r\nX-A: 1\r\nx-a: 2\r\nx-b:\r\nx-c: \xe9\xff"
    seen = echo(emu, head)["headers"]
    own = [pair for pair in seen if pair[0] in ("x-a", "x-b", "x-c")]
    assert own == [["x-a", "1"], ["x-a", "2"], ["x-b", ""], ["x-c", "éÿ"]]


def test_hop_by_hop_headers_end_at_the_edge(emu: Emulation) -> None:
    head = (
        b"GET / HTTP/1.1\r\nhost: h\r\nconnection: x-mine, Keep-Alive\r\nx-mine: 1\r\n"
        b"keep-alive: timeout=1\r\nte: trailers\r\ntrailer: x\r\nupgrade: h2c\r\n"
        b"proxy-authorization: x\r\nproxy-connection: close\r\nauthorization: Bearer me"
    )
    names = [name for name, _ in echo(emu, head)["headers"]]
    gone = {"x-mine", "keep-alive", "te", "trailer", "upgrade", "connection"}
    gone |= {"proxy-authorization", "proxy-connection"}
    assert not gone & set(names)
    assert "authorization" in names


def test_the_function_sees_the_requested_host_and_the_visitor(emu: Emulation) -> None:
    seen = echo(emu, b"GET / HTTP/1.1\r\nhost: shop.example:8080")
    headers = dict(seen["headers"])
    assert headers["host"] == headers["x-forwarded-host"] == "shop.example:8080"
    assert headers["x-forwarded-port"] == "8080"
    told = 'for=203.0.113.195;host="shop.example:8080";proto=http;sig=0'
    assert headers["forwarded"].startswith(told)
    assert seen["client"] == headers["x-forwarded-for"] == headers["x-real-ip"] == "203.0.113.195"
    assert headers["x-vercel-ip-city"] == "New%20York"
    assert headers["x-vercel-id"].startswith("iad1::")


SPOOFABLE = [
    "forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-port",
    "x-real-ip", "x-vercel-forwarded-for", "x-vercel-proxied-for", "x-vercel-deployment-url",
    "x-vercel-id", "x-vercel-ip-continent", "x-vercel-ip-country", "x-vercel-ip-country-region",
    "x-vercel-ip-city", "x-vercel-ip-latitude", "x-vercel-ip-longitude", "x-vercel-ip-timezone",
    "x-vercel-ip-postal-code", "x-vercel-ip-as-number", "x-vercel-ja4-digest",
    "x-vercel-oidc-token", "x-vercel-proxy-signature", "x-vercel-proxy-signature-ts",
    "x-vercel-signature", "x-vercel-internal-ingress-bucket", "x-vercel-internal-ingress-port",
    "x-vercel-internal-bot-check", "x-vercel-internal-intra-session", "x-vercel-internal-sni-host",
    "x-vercel-internal-invocation-id", "x-vercel-internal-request-id", "x-vercel-internal-span-id",
    "x-vercel-internal-trace-id", "x-vercel-internal-deadline", "x-vercel-internal-oidc-token",
    "x-vercel-sc-host", "x-vercel-sc-basepath", "x-vercel-sc-headers", "x-vercel-sc-runtime-cache",
    "x-vercel-sc-no-header-leak", "x-vercel-sc-protocol", "x-vercel-anything",
]  # fmt: skip


def test_no_platform_header_can_be_spoofed(emu: Emulation) -> None:
    spoofed = "".join(f"\r\n{name.title()}: spoofed" for name in SPOOFABLE)
    answer = echo(emu, b"GET /spoofed HTTP/1.1\r\nhost: h" + spoofed.encode())
    assert [pair for pair in answer["headers"] if "spoofed" in pair[1]] == []
    names = [name for name, _ in answer["headers"]]
    assert len(names) == len(set(names))
    # The invocation the runtime reported is the edge's own.
    sent = emu.response("/spoofed")
    emu.events.wait(events.InvocationEnded, lambda e: e.invocation_id == sent.invocation_id)


def test_a_spoofed_deadline_changes_nothing(emu: Emulation) -> None:
    headers = {"x-vercel-internal-deadline": "2001-01-01T00:00:00.000Z"}
    before = time.time()
    deadline = emu.get("/deadline", headers=headers).json()
    assert before - 0.001 <= deadline - 300 <= time.time() + 0.001


def test_the_host_of_an_absolute_target_counts(emu: Emulation) -> None:
    seen = echo(emu, b"GET http://real.example/x HTTP/1.1\r\nhost: other")
    assert dict(seen["headers"])["host"] == "real.example"


def test_http_1_0_clients(emu: Emulation) -> None:
    answer = emu.raw(b"GET /ticks?n=3&gap=0 HTTP/1.0\r\nhost: h\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head.lower()
    assert body == b"tick 0\ntick 1\ntick 2\n"
    assert emu.raw(b"GET / HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_fixed_length_and_chunked_bodies(emu: Emulation) -> None:
    for body in (b"hello", b"", b"\0\xff" * 5000):
        assert emu.request("POST", "/x", content=body).json()["body"] == body.decode("latin-1")
        pieces = iter([body[:3], body[3:]])
        assert emu.request("POST", "/x", content=pieces).json()["body"] == body.decode("latin-1")


def test_a_chunked_body_with_extensions_and_trailers(emu: Emulation) -> None:
    head = b"POST /x HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked"
    body = b'3;ext="x"\r\nabc\r\n2\r\nde\r\n0\r\nx-trailer: 1\r\n\r\n'
    assert echo(emu, head, body)["body"] == "abcde"


def test_an_upload_streams_while_the_answer_streams_back(emu: Emulation) -> None:
    with emu.connect() as connection:
        connection.sendall(
            b"POST /duplex HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n"
        )
        for word in (b"one", b"two", b"three"):
            connection.sendall(b"%x\r\n%b\r\n" % (len(word), word))
            read_until(connection, word + b"\r\n")
        connection.sendall(b"0\r\n\r\n")
        read_until(connection, b"0\r\n\r\n")


def test_expect_100_continue(emu: Emulation) -> None:
    with emu.connect() as connection:
        connection.sendall(
            b"POST /x HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 5\r\n"
            b"connection: close\r\n\r\n"
        )
        assert read_until(connection, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"hello")
        answer = read_until(connection, b"}")
    seen = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert seen["body"] == "hello"
    assert "expect" not in dict(seen["headers"])


def test_no_100_continue_for_a_body_over_the_limit(emu: Emulation) -> None:
    head, _ = ask(
        emu, b"POST /x HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 5000000"
    )
    assert head.startswith(b"HTTP/1.1 413")


def test_curl_uploads_with_expect(emu: Emulation) -> None:
    size = 2_000_000
    command = ["curl", "-sS", "-H", "expect: 100-continue", "--data-binary", "@-"]
    for more in ([], ["-H", "transfer-encoding: chunked"]):
        output = subprocess.run(
            [*command, *more, f"http://127.0.0.1:{emu.port}/count"],
            input=b"u" * size,
            capture_output=True,
            check=True,
            timeout=PATIENCE,
        ).stdout
        assert json.loads(output)["sha256"] == hashlib.sha256(b"u" * size).hexdigest()


def test_an_answer_before_the_body_was_read(emu: Emulation) -> None:
    for _ in range(2):
        answer = emu.request("POST", "/early", content=b"x" * 3_000_000)
        assert (answer.status_code, answer.content) == (403, b"early")


def test_pipelined_requests_are_answered_in_order(emu: Emulation) -> None:
    slow = b"GET /sleep?s=0.2 HTTP/1.1\r\nhost: h\r\n\r\n"
    post = b"POST /count HTTP/1.1\r\nhost: h\r\ncontent-length: 3\r\n\r\nabc"
    last = b"GET /whole?n=4 HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n"
    answer = emu.raw(slow + post + last)
    assert answer.count(b"HTTP/1.1 200") == 3
    assert answer.index(b"awake") < answer.index(b'"size": 3') < answer.index(b"xxxx")


def test_connections_are_kept_alive(emu: Emulation) -> None:
    with emu.connect() as connection:
        for _ in range(3):
            connection.sendall(b"GET /whole?n=4 HTTP/1.1\r\nhost: h\r\n\r\n")
            answer = read_until(connection, b"xxxx")
            assert b"connection: close" not in answer.lower()


def test_requests_side_by_side(emu: Emulation) -> None:
    answers: list[int] = []

    def work() -> None:
        with emu.client() as client:
            answers.extend(client.get(f"/whole?n={n}").status_code for n in range(20))

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 320

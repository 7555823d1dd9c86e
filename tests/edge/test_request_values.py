"""From a client's request to what the edge and the function make of it."""

from __future__ import annotations

import base64
import re

import pytest

from vercel_emu.edge import ids
from vercel_emu.edge.request import read_request
from vercel_emu.edge.request_headers import (
    CacheAccess,
    framing,
    kept_headers,
    platform_headers,
    request_head,
)
from vercel_emu.platform.limits import Limits, refused
from vercel_emu.transport.exchange import split_target
from vercel_emu.visitors.visitor import NEW_YORK, Visitor


@pytest.mark.parametrize(
    ("url", "host", "target"),
    [
        (b"/", None, b"/"),
        (b"/a?", None, b"/a?"),
        (b"//x?y#z", None, b"//x?y"),
        (b"*", None, b"*"),
        (b"http://h", b"h", b"/"),
        (b"http://h:1?q", b"h:1", b"/?q"),
        (b"https://h/p?q=/", b"h", b"/p?q=/"),
    ],
)
def test_split_target(url: bytes, host: bytes | None, target: bytes) -> None:
    assert split_target(url) == (host, target)


@pytest.mark.parametrize("url", [b"relative", b"h:443", b"", b"://x", "/é".encode()])
def test_targets_that_no_server_can_be_asked_for(url: bytes) -> None:
    with pytest.raises(ValueError, match="request target"):
        split_target(url)


def test_read_request() -> None:
    headers = [(b"host", b"h"), (b"accept", b"a/b"), (b"accept", b"c"), (b"content-length", b"5")]
    request = read_request("GET", b"/a%20?b?c", headers)
    assert (request.path, request.query) == ("/a%20", "b?c")
    assert (request.host, request.accept, request.content_length) == ("h", "a/b,c", 5)
    assert read_request("GET", b"/", [], server=("127.0.0.1", 1)).host == "127.0.0.1:1"
    assert read_request("GET", b"/", [(b"transfer-encoding", b"chunked")]).chunked


def test_kept_headers() -> None:
    headers = [
        (b"host", b"h"), (b"connection", b"X-Mine, close"), (b"x-mine", b"1"), (b"te", b"x"),
        (b"x-vercel-id", b"1"), (b"x-now-trace", b"1"), (b"x-emu-visitor", b"Tokyo"),
        (b"forwarded", b"for=1"), (b"x-forwarded-for", b"1"), (b"expect", b"100-continue"),
        (b"cookie", b"a"), (b"cookie", b"b"), (b"x-forwarded-prefix", b"/p"),
    ]  # fmt: skip
    assert kept_headers(headers) == [
        (b"cookie", b"a"),
        (b"cookie", b"b"),
        (b"x-forwarded-prefix", b"/p"),
    ]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b"a=1;b=2 ; c", b"a=1;b=2 ; c"),
        (b"emu_visitor=X", None),
        (b"emu_visitor=X; a=1;b=2 ; c", b"a=1;b=2 ; c"),
        (b"a=1;b=2 ; emu_visitor=X; c", b"a=1;b=2 ; c"),
        (b"a=1;b=2 ; c ;emu_visitor=X", b"a=1;b=2 ; c "),
        (b"a;emu_visitor=X;;emu_visitor=Y; b=\xff", b"a;; b=\xff"),
        (b"xemu_visitor=X;a=emu_visitor=X", b"xemu_visitor=X;a=emu_visitor=X"),
    ],
)
def test_other_cookies_stay_byte_for_byte(sent: bytes, kept: bytes | None) -> None:
    expected = [] if kept is None else [(b"cookie", kept)]
    assert kept_headers([(b"cookie", sent)]) == expected


def test_an_upgrade_keeps_its_handshake() -> None:
    headers = [(b"connection", b"Upgrade"), (b"upgrade", b"websocket"), (b"te", b"x")]
    assert kept_headers(headers, upgrade=True) == headers[:2]


def block(visitor: Visitor, host: str, cache: CacheAccess | None = None) -> dict[str, str]:
    lines = platform_headers(visitor, host, "http", cache, 7).decode().splitlines()
    return dict(line.split(": ", 1) for line in lines)


def test_platform_headers() -> None:
    access = CacheAccess(host="127.0.0.1:9", basepath="", headers="{}")
    headers = block(NEW_YORK, "shop.example", access)
    assert headers["x-forwarded-port"] == "80"
    assert headers["x-vercel-ip-longitude"] == "-74.0060"
    assert headers["x-vercel-sc-host"] == "127.0.0.1:9"
    assert headers["x-vercel-sc-basepath"] == ""
    assert headers["x-vercel-proxy-signature-ts"] == str(7 * 60 + 300)
    assert re.fullmatch(r"Bearer [0-9a-f]{64}", headers["x-vercel-proxy-signature"])
    fields = dict(field.split("=", 1) for field in headers["forwarded"].split(";"))
    assert list(fields) == ["for", "host", "proto", "sig", "exp"]
    assert headers["forwarded"].startswith("for=203.0.113.195;host=shop.example;proto=http;")
    signature = headers["x-vercel-proxy-signature"]
    assert base64.b64decode(fields["sig"].removeprefix("0")).decode() == signature
    assert fields["exp"] == headers["x-vercel-proxy-signature-ts"]
    assert "x-vercel-sc-host" not in block(NEW_YORK, "shop.example")


def test_ports_and_ipv6() -> None:
    visitor = Visitor(label="v6", ip="2001:db8::1")
    headers = block(visitor, "[::1]:3000")
    assert headers["x-forwarded-port"] == "3000"
    assert headers["x-forwarded-for"] == "2001:db8::1"
    assert headers["forwarded"].startswith('for="[2001:db8::1]";host="[::1]:3000";proto=http;')
    assert block(visitor, "[::1]")["x-forwarded-port"] == "80"
    assert "x-vercel-ip-city" not in headers


def test_request_head() -> None:
    head = request_head(
        method=b"GET",
        target=b"/a?",
        kept=[(b"x", b"1")],
        platform=b"host: h\r\n",
        vercel_id="iad1::p-1-0",
        invocation_id="p-1-0",
        request_number=3,
        deadline="2026-01-01T00:00:00.000Z",
        framed=framing(None, chunked=True),
    )
    assert head.startswith(b"GET /a? HTTP/1.1\r\nhost: h\r\nx: 1\r\ntransfer-encoding: chunked\r\n")
    assert head.endswith(b"x-vercel-internal-deadline: 2026-01-01T00:00:00.000Z\r\n\r\n")
    assert b"x-vercel-internal-request-id: 3\r\n" in head


def test_ids() -> None:
    pod = ids.make_pod()
    made = [ids.request_id(pod) for _ in range(1000)]
    assert len(set(made)) == 1000
    assert all(re.fullmatch(r"[a-z0-9]{5}-\d{13}-[0-9a-f]{12}", one) for one in made)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", ids.deadline(300))


@pytest.mark.parametrize(
    ("target", "headers", "length", "code"),
    [
        (b"/" * 14336, [], None, None),
        (b"/" * 14337, [], None, "URL_TOO_LONG"),
        (b"/", [(b"n", b"x" * 16383)], None, None),
        (b"/", [(b"n", b"x" * 16384)], None, "REQUEST_HEADER_TOO_LARGE"),
        (b"/", [(b"n", b"x" * 8191)] * 4, None, "REQUEST_HEADER_TOO_LARGE"),
        (b"/", [], 4_500_000, None),
        (b"/", [], 4_500_001, "FUNCTION_PAYLOAD_TOO_LARGE"),
    ],
)
def test_limits(
    target: bytes, headers: list[tuple[bytes, bytes]], length: int | None, code: str | None
) -> None:
    assert refused(Limits(), target, headers, length) == code
    assert refused(Limits.lifted(), target, headers, length) is None


@pytest.mark.parametrize(
    "name",
    [
        b"x-real-ip",
        b"x_real_ip",
        b"x-real_ip",
        b"x_vercel_ip_city",
        b"x-vercel_ip_city",
        b"x_forwarded_for",
        b"forwarded",
        b"x_emu_visitor",
        b"x_now_id",
        b"x-vercel-internal-invocation-id",
        b"x-vercel-sc-host",
        b"x-vercel-cron-schedule",
        b"x-vercel-emu-cron-proof",
    ],
)
def test_a_client_can_not_say_what_the_platform_says(name: bytes) -> None:
    # A WSGI environ has one name for dashes and underscores.
    assert kept_headers([(name, b"1"), (b"accept", b"*/*")]) == [(b"accept", b"*/*")]


def test_the_scheduler_proves_itself() -> None:
    schedule = (b"x-vercel-cron-schedule", b"0 5 * * *")
    proof = (b"x-vercel-emu-cron-proof", b"token")
    assert kept_headers([schedule, proof], cron_proof="token") == [schedule]
    assert kept_headers([schedule, proof], cron_proof="another") == []
    assert kept_headers([schedule], cron_proof="token") == []
    assert kept_headers([schedule, proof]) == []


@pytest.mark.parametrize(
    ("cookies", "kept"),
    [
        (b"emu_visitor=Tokyo", []),
        (b"a=1; emu_visitor=Tokyo; b=2", [(b"cookie", b"a=1; b=2")]),
        (b"a=1;emu_visitor=Tokyo", [(b"cookie", b"a=1")]),
        (b"a=1; b=2", [(b"cookie", b"a=1; b=2")]),
        (b"my_emu_visitor=x", [(b"cookie", b"my_emu_visitor=x")]),
    ],
)
def test_the_emulators_cookie_is_not_the_apps(
    cookies: bytes, kept: list[tuple[bytes, bytes]]
) -> None:
    assert kept_headers([(b"cookie", cookies)]) == kept

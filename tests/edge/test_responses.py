"""The platform's own answers and the headers of a function's, as values."""

from __future__ import annotations

import asyncio
import json

import pytest
from starlette.types import Message

from vercel_emu.edge.failure import Failure
from vercel_emu.edge.invoker import leads_to_https_of_itself
from vercel_emu.edge.request import read_request
from vercel_emu.edge.responses.failures import (
    body,
    headers,
    wants,
)
from vercel_emu.edge.responses.headers import (
    client_cache_control,
    response_headers,
    without_hsts,
)
from vercel_emu.edge.responses.overlay import NO_OVERLAY, Overlay
from vercel_emu.errors import EmuError, Where
from vercel_emu.platform.error_codes import CODES


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", "plain"),
        ("*/*", "plain"),
        ("text/html,*/*", "html"),
        ("application/json", "json"),
        ("text/html, application/ld+json", "json"),
        ("TEXT/HTML", "html"),
    ],
)
def test_wants(accept: str, kind: str) -> None:
    assert wants(accept) == kind


@pytest.mark.parametrize("code", sorted(set(CODES) - {"INVALID_VISITOR"}))
def test_every_failure_in_every_shape(code: str) -> None:
    failure = Failure(code=code, explanation="<why>", detail="Traceback <here>", location="a.py:1")
    kind, plain = body(failure, "", "iad1::id", overlay=Overlay())
    assert kind == "text/plain; charset=utf-8"
    assert plain == f"{failure.message}\n\n{code}\n\niad1::id\n".encode()
    kind, data = body(failure, "application/json", "iad1::id", overlay=Overlay())
    error = {"code": str(failure.status), "message": failure.message}
    assert json.loads(data) == {"error": error}
    kind, page = body(failure, "text/html", "iad1::id", overlay=NO_OVERLAY)
    assert kind == "text/html; charset=utf-8"
    assert f"<title>{failure.status}: {code}</title>".encode() in page
    assert b"Traceback &lt;here&gt;" in page
    assert b"<script" not in page
    assert (b"x-vercel-error", code.encode()) in headers(failure, kind, len(page))


def test_a_refused_visitor_is_told_to_programs_in_a_header() -> None:
    error = EmuError("UNKNOWN_PLACE", 'There is no place "São".', "Search.", where=Where("a.toml"))
    failure = Failure(code="INVALID_VISITOR", explanation=str(error), error=error)
    found = dict(headers(failure, "text/plain", 0))
    assert found[b"x-vercel-error"] == b"INVALID_VISITOR"
    assert json.loads(found[b"x-emu-error"]) == error.as_dict()
    assert b"x-emu-error" not in dict(headers(Failure(code="NOT_FOUND"), "text/plain", 0))


def test_response_headers() -> None:
    got = response_headers(
        [
            (b"connection", b"x-hop"), (b"x-hop", b"1"), (b"server", b"uvicorn"),
            (b"date", b"then"), (b"x-vercel-internal-timing", b"1"), (b"x-vercel-id", b"mine"),
            (b"set-cookie", b"a"), (b"set-cookie", b"b"), (b"x-own", b"function"),
        ],
        "iad1::iad1::id",
        extra=[(b"x-own", b"rule"), (b"x-more", b"rule"), (b"cache-control", b"no-store")],
    )  # fmt: skip
    assert got == [
        (b"set-cookie", b"a"),
        (b"set-cookie", b"b"),
        (b"x-own", b"function"),
        (b"x-more", b"rule"),
        (b"cache-control", b"no-store"),
        (b"server", b"Vercel"),
        (b"x-vercel-cache", b"MISS"),
        (b"x-vercel-id", b"iad1::iad1::id"),
    ]


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        (b"no-store", b"no-store"),
        (b"s-maxage=1", b"public, max-age=0, must-revalidate"),
        (b"max-age=1, S-MaxAge=2 , stale-while-revalidate=3", b"max-age=1"),
        (b"s-maxage=1, public", b"public"),
    ],
)
def test_client_cache_control(sent: bytes, seen: bytes) -> None:
    assert client_cache_control(sent) == seen


def test_over_https_no_browser_keeps_it_for_localhost() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def answer() -> None:
        pairs = [(b"strict-transport-security", b"max-age=9"), (b"a", b"b")]
        checked = without_hsts(send)
        await checked({"type": "http.response.start", "status": 200, "headers": pairs})
        await checked({"type": "http.response.body", "body": b"c"})

    asyncio.run(answer())
    assert sent == [
        {"type": "http.response.start", "status": 200, "headers": [(b"a", b"b")]},
        {"type": "http.response.body", "body": b"c"},
    ]


@pytest.mark.parametrize(
    ("host", "location", "leads_there"),
    [
        ("localhost:3000", b"https://localhost:3000/a", True),
        ("localhost:3000", b"https://localhost/a", True),
        ("LOCALHOST:3000", b"HTTPS://localhost:3000", True),
        ("[::1]:3000", b"https://[::1]:3000/", True),
        ("localhost:3000", b"http://localhost:3000/a", False),
        ("localhost:3000", b"https://example.com/", False),
        ("localhost:3000", b"/https://localhost:3000", False),
        ("localhost:3000", b"https://[", False),
        ("[", b"https://localhost", False),
    ],
)
def test_a_redirect_to_https_of_the_same_host(
    host: str, location: bytes, leads_there: bool
) -> None:
    request = read_request("GET", b"/", [(b"host", host.encode())])
    request.host = host
    pairs = [(b"a", b"b"), (b"location", location)]
    assert leads_to_https_of_itself(request, pairs) is leads_there
    request.scheme = "https"
    assert not leads_to_https_of_itself(request, pairs)


def test_no_redirect_leads_nowhere() -> None:
    assert not leads_to_https_of_itself(read_request("GET", b"/", []), [(b"a", b"b")])

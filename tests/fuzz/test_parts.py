"""That the fuzzer finds what it is there to find, without an emulator."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.fuzz.answers import Answers
from tests.fuzz.canaries import Canary
from tests.fuzz.connections import FORGED, IN_TRAILER, App, Connection, End, Request
from tests.fuzz.generate import generate
from tests.fuzz.oracle import HeadChecks, index_of, of_report, of_stderr
from tests.fuzz.requests import MUTATIONS
from tests.fuzz.shrink import shrink

GET = Request("1-0-0", "GET", b"GET /f/1-0-0 HTTP/1.1", (b"host: a", b"x-fuzz: 1-0-0"))
HEAD = replace(GET, method="HEAD", line=b"HEAD /f/1-0-0 HTTP/1.1")

# Generating ----------------------------------------------------------------------------------


def test_a_seed_and_an_index_say_everything() -> None:
    made = [generate(7, index) for index in range(200)]
    assert [generate(7, index) for index in range(200)] == made
    assert [generate(8, index) for index in range(200)] != made


def test_every_mutation_and_end_comes_up() -> None:
    made = [generate(1, index) for index in range(3000)]
    names = {name for one in made for request in one.requests for name in request.mutations}
    assert names >= {kind.__name__ for kind, _ in MUTATIONS} | {"raw_response", "endless_head"}
    assert {one.end for one in made} == set(End)
    assert {one.app for one in made} == set(App)
    assert any(one.whole for one in made)


def test_writes_are_the_whole_in_pieces() -> None:
    for index in range(300):
        one = generate(2, index)
        sent = b"".join(request.encode() for request in one.requests)
        assert b"".join(one.writes()) == sent[: one.length]
        assert all(one.writes())


@pytest.mark.parametrize(
    ("line", "headers"),
    [
        (b"GET / HTTP/2.0", [b"host: a"]),
        (b"GET /", [b"host: a"]),
        (b"GET / HTTP/1.1", []),
        (b"GET / HTTP/1.1", [b"host: a", b"Host: a"]),
        (b"GET / HTTP/1.1", [b"host: a b"]),
        (b"GET / HTTP/1.1", [b"host: a", b"content-length: +3"]),
        (b"GET / HTTP/1.1", [b"host: a", b"content-length: 3", b"content-length: 4"]),
        (b"GET / HTTP/1.1", [b"host: a", b"transfer-encoding: chunked, gzip"]),
        (b"GET / HTTP/1.1", [b"host: a", b"x : b"]),
    ],
)
def test_what_must_not_arrive(line: bytes, headers: list[bytes]) -> None:
    assert Request("1-0-0", "GET", line, tuple(headers)).must_not_arrive


@pytest.mark.parametrize("host", [b"a", b"a.b:80", b"[::1]:80", b"127.0.0.1", b"a_b"])
def test_what_may_arrive(host: bytes) -> None:
    assert not replace(GET, headers=(b"host: " + host,)).must_not_arrive


# What a client receives -------------------------------------------------------------------------


def response(*lines: str, status: int = 200, body: str = "", tag: str = "1-0-0") -> bytes:
    head = (f"HTTP/1.1 {status} Fine", f"x-echo: {tag}", "x-vercel-id: a", *lines)
    return "".join(f"{line}\r\n" for line in (*head, "")).encode() + body.encode()


OK = response("content-length: 2", body="ok")
CLOSING = response("content-length: 2", "connection: close", body="ok")


@pytest.mark.parametrize(
    ("requests", "data", "statuses"),
    [
        ([GET, GET], OK + OK, [200, 200]),
        ([GET], b"HTTP/1.1 100 Continue\r\n\r\n" + OK, [200]),
        ([HEAD, GET], response("content-length: 2") + OK, [200, 200]),
        ([GET], response("transfer-encoding: chunked", body="2\r\nok\r\n0\r\n\r\n"), [200]),
        ([GET], response(status=204) + OK, [204, 200]),
        ([GET], CLOSING, [200]),
    ],
)
def test_http_is_read(requests: Sequence[Request], data: bytes, statuses: list[int]) -> None:
    for size in (1, len(data)):
        answers = Answers(requests)
        for start in range(0, len(data), size):
            answers.feed(data[start : start + size])
        answers.feed(b"")
        answers.end()
        assert answers.fault == ""
        assert [one.status for one in answers.complete] == statuses


@pytest.mark.parametrize(
    ("requests", "data", "fault"),
    [
        ([GET], b"hello\r\n\r\n", "not HTTP"),
        ([HEAD], response("content-length: 2", body="ok"), "not HTTP"),
        ([GET], OK + b"garbage\r\n\r\n", "not HTTP"),
        ([GET], CLOSING + OK, "after the last"),
        ([GET], response("content-length: 2", tag="1-5-0"), "somebody else"),
        ([GET], response("content-length: 2", tag="1-0-1"), "not to '1-0-0'"),
        ([GET], response("content-length: 2", f"x-a: {IN_TRAILER}"), "trailer became"),
        ([GET], response("content-length: 2", "x-a: a\x01b"), "control byte"),
        ([GET], response("content-length: 2", "transfer-encoding: chunked"), "framed twice"),
        ([GET], response("content-length: 0", status=204), "204"),
        ([GET], response("content-length: 2", "x-vercel-id: b"), "2 x-vercel-id"),
        ([GET], response("transfer-encoding: chunked", body="0\r\na: b\r\n\r\n"), "trailers came"),
    ],
)
def test_what_is_no_answer_is_found(requests: Sequence[Request], data: bytes, fault: str) -> None:
    answers = Answers(requests)
    answers.feed(data)
    answers.end()
    assert fault in answers.fault


# What an app sees -------------------------------------------------------------------------------

ID = "iad1::5j6x4-1747211566709-f447aeed0cca"
HEADERS = {
    "host": "a",
    "x-fuzz": "1-0-0",
    "x-forwarded-host": "a",
    "x-real-ip": "1.2.3.4",
    "x-vercel-id": ID,
    "x-vercel-internal-invocation-id": "5j6x4-1747211566709-f447aeed0cca",
    "forwarded": "for=1.2.3.4;host=a;proto=http;sig=0abc=;exp=1747211566",
}


def seen(line: str = "GET /f/1-0-0 HTTP/1.1\r\n", **changed: str) -> dict[str, Any]:
    given = {name.replace("_", "-"): value for name, value in changed.items()}
    pairs = [[name, value] for name, value in (HEADERS | given).items() if value]
    return {"kind": "raw", "line": line, "headers": pairs}


def judged(head: dict[str, Any], *requests: Request) -> list[str]:
    played = {0: Connection(0, App.FLASK, requests)}
    return [fault.what for fault in HeadChecks(seen()).faults([head], played)]


def test_a_head_as_it_should_be_is_no_fault() -> None:
    assert judged(seen(), GET) == []


@pytest.mark.parametrize(
    ("head", "fault"),
    [
        (seen(x_real_ip=FORGED), "'x-real-ip' is 'forged"),
        (seen(x_real_ip=""), "'x-real-ip' is missing"),
        (seen(x_vercel_id=""), "x-vercel-id is ['']"),
        (seen(x_vercel_ip_city=FORGED), "is not the platform's"),
        (seen(x_vercel_internal_invocation_id=""), "its invocation is []"),
        (seen(forwarded="for=6.6.6.6, " + HEADERS["forwarded"]), "forwarded is"),
        (seen(host="b"), "host ['b']"),
        (seen(authorization=IN_TRAILER), "a trailer became"),
        (seen(x_a="a\rb"), "a line break"),
        (seen(line="GET /\r\n"), "no request"),
        ({"kind": "raw", "line": "GET / HTTP/1.1\r\n", "headers": None}, "can't read"),
    ],
)
def test_what_an_app_must_not_see_is_found(head: dict[str, Any], fault: str) -> None:
    (found,) = judged(head)
    assert fault in found


def test_a_forged_header_beside_the_real_one_is_found() -> None:
    head = seen()
    head["headers"].append(["x_real_ip", FORGED])
    (found,) = judged(head)
    assert "came 2 times" in found


def test_a_request_that_must_not_arrive_is_found() -> None:
    (found,) = judged(seen(), replace(GET, headers=(*GET.headers, b"host: b")))
    assert "2 Host headers" in found


def test_an_invocation_that_comes_twice_is_found() -> None:
    checks = HeadChecks(seen())
    assert checks.faults([seen()], {}) == []
    (fault,) = checks.faults([seen()], {})
    assert "came twice" in fault.what


def test_tags_name_the_connection() -> None:
    assert index_of(seen("GET /inner/1-17-3 HTTP/1.1\r\n", x_fuzz="")) == 17
    assert index_of(seen("GET / HTTP/1.1\r\n", x_fuzz="")) is None


def test_the_emulators_own_failures_are_found() -> None:
    notice = {"event": "Notice", "level": "error", "code": "INTERNAL_ERROR", "message": "m"}
    assert of_report(notice)
    assert of_report({"event": "InstanceFailed"})
    assert of_report({"event": "LogLine", "level": "error", "text": "the app's own"}) is None
    assert of_stderr("Task exception was never retrieved")
    assert of_stderr("a warning") is None


# Clients beside it, and what is made smaller ----------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nother",
        b"HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n",
        b"hello\r\n\r\n",
        b"",
    ],
)
def test_a_canary_tells_what_is_not_its_answer(answer: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async def ask() -> list[str]:
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            canary = Canary(server.sockets[0].getsockname()[1], "canary")
            await canary.ask_once()
            canary.close()
            return canary.faults

    assert len(asyncio.run(ask())) == 1


def test_shrinking_keeps_what_fails() -> None:
    bad = replace(GET, tag="1-0-1", headers=(*GET.headers, b"x-a: b", b"x-bad: c"))
    whole = Connection(0, App.FLASK, (GET, bad, GET), cuts=(3, 9), end=End.HALF_CLOSE)

    async def fails(connection: Connection) -> bool:
        return any(b"x-bad: c" in request.headers for request in connection.requests)

    smallest = asyncio.run(shrink(whole, fails))
    (request,) = smallest.requests
    assert request.headers == (*GET.headers, b"x-bad: c")
    assert (smallest.cuts, smallest.end) == ((), End.WAIT)

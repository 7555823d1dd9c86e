from __future__ import annotations

import pytest

from vercel_emu.guest.functions_api.vercel.cache._client.wire import (
    MAX_HEAD_BYTES,
    MalformedResponse,
    Response,
    ResponseParser,
    render_request,
)


def parse(data: bytes, *, piece: int | None = None, closed: bool = False) -> Response | None:
    parser = ResponseParser()
    step = piece or len(data)
    for start in range(0, len(data), step):
        response = parser.feed(data[start : start + step])
        if response is not None:
            assert start + step >= len(data) or piece is None
            return response
    return parser.feed(b"") if closed else None


LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: 1\r\nx-a: 2\r\n\r\nhello"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    b"3\r\nhel\r\n2;note=x\r\nlo\r\n0\r\ntrailer: x\r\n\r\n"
)


@pytest.mark.parametrize("piece", [None, 1, 7])
def test_a_body_of_known_length(piece: int | None) -> None:
    fields = {"content-length": "5", "x-a": "1, 2"}
    assert parse(LENGTH, piece=piece) == Response(200, "OK", fields, b"hello", True)


@pytest.mark.parametrize("piece", [None, 1, 7])
def test_a_chunked_body(piece: int | None) -> None:
    response = parse(CHUNKED, piece=piece)
    assert response is not None
    assert (response.body, response.reusable) == (b"hello", True)


def test_a_body_that_ends_with_the_connection_spends_it() -> None:
    response = parse(b"HTTP/1.1 200 OK\r\n\r\nhello", closed=True)
    assert response is not None
    assert (response.body, response.reusable) == (b"hello", False)


@pytest.mark.parametrize(
    ("head", "reusable"),
    [
        (b"HTTP/1.1 200 OK\r\nconnection: close", False),
        (b"HTTP/1.1 200 OK\r\nconnection: Keep-Alive", True),
        (b"HTTP/1.0 200 OK", False),
        (b"HTTP/1.0 200 OK\r\nconnection: keep-alive", True),
    ],
)
def test_whether_the_connection_is_used_again(head: bytes, reusable: bool) -> None:
    response = parse(head + b"\r\ncontent-length: 0\r\n\r\n")
    assert response is not None
    assert response.reusable is reusable


def test_bytes_after_the_answer_spend_the_connection() -> None:
    response = parse(LENGTH + b"HTTP/1.1 200 OK\r\n")
    assert response is not None
    assert (response.body, response.reusable) == (b"hello", False)


def test_interim_answers_are_skipped_and_empty_reasons_kept() -> None:
    response = parse(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204\r\n\r\n")
    assert response == Response(204, "", {}, b"", True)


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1, 1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n-1\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nFFFFFFFFF\r\n",
        b"x" * (MAX_HEAD_BYTES + 1),
    ],
)
def test_malformed_answers(data: bytes) -> None:
    with pytest.raises(MalformedResponse):
        parse(data)


@pytest.mark.parametrize("whole", [LENGTH, CHUNKED])
def test_an_answer_that_breaks_off_is_malformed(whole: bytes) -> None:
    for end in range(1, len(whole) - 1):
        with pytest.raises(MalformedResponse):
            parse(whole[:end], closed=True)


def test_a_request_as_bytes() -> None:
    headers = {"Authorization": "Bearer t", "Content-Length": "9", "x-raw": b"v"}
    assert render_request("POST", "/k", "h:1", headers, b"12") == (
        b"POST /k HTTP/1.1\r\nhost: h:1\r\nauthorization: Bearer t\r\nx-raw: v\r\n"
        b"content-length: 2\r\n\r\n12"
    )
    assert render_request("GET", "/", "h", {"Host": "other"}, None) == (
        b"GET / HTTP/1.1\r\nhost: other\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        ({"a": "x\r\nb: y"}, ValueError),
        ({"a\r\n": "x"}, ValueError),
        ({"a": "é"}, UnicodeEncodeError),
        ({"a": 5}, TypeError),
    ],
)
def test_headers_that_cannot_be_sent(headers: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        render_request("GET", "/", "h", headers, None)

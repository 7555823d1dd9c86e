"""Random raw answers of an app: what a `handler` may write that no server would."""

from __future__ import annotations

from random import Random

from tests.fuzz.connections import IN_TRAILER

STATUSES = (200, 200, 200, 204, 304, 404, 500, 205, 299, 999, 101, 100, 103)


def raw_response(rng: Random, tag: str) -> bytes:
    """The whole of what the app writes: about half is right, the rest is odd in one way."""
    kinds = (
        plain,
        plain,
        bodiless,
        bodiless,
        wrong_length,
        interim,
        with_trailers,
        twice,
        odd_head,
        framing,
    )
    return rng.choice(kinds)(rng, tag)


def head(status: int, tag: str, *lines: str, reason: str = "Fine") -> bytes:
    listed = "".join(f"{line}\r\n" for line in (f"x-echo: {tag}", *lines))
    return f"HTTP/1.1 {status} {reason}\r\n{listed}\r\n".encode("latin-1")


def plain(rng: Random, tag: str) -> bytes:
    body = f"echo {tag} raw".encode()
    if rng.random() < 0.5:
        return head(200, tag, f"content-length: {len(body)}") + body
    return head(200, tag, "transfer-encoding: chunked") + b"%x\r\n%b\r\n0\r\n\r\n" % (
        len(body),
        body,
    )


def bodiless(rng: Random, tag: str) -> bytes:
    """A body after a head that has none."""
    body = rng.choice((b"", b"body that must not be", plain(rng, tag)))
    lines = rng.choice(([], [f"content-length: {len(body)}"], ["transfer-encoding: chunked"]))
    return head(rng.choice((204, 304, 204, 304, 205)), tag, *lines) + body


def wrong_length(rng: Random, tag: str) -> bytes:
    body = b"0123456789" * rng.randint(1, 5)
    off = rng.choice((-7, -1, 1, 5, 1000))
    return head(rng.choice((200, 404, 500)), tag, f"content-length: {len(body) + off}") + body


def interim(rng: Random, tag: str) -> bytes:
    first = head(rng.choice((100, 102, 103, 199)), tag, "link: </a>", reason="Wait")
    return first * rng.randint(1, 3) + plain(rng, tag)


def with_trailers(rng: Random, tag: str) -> bytes:
    names = ("x-trailer", "content-length", "set-cookie", "x-vercel-id", "transfer-encoding")
    lines = "".join(f"{name}: {IN_TRAILER}\r\n" for name in rng.sample(names, rng.randint(1, 2)))
    start = head(200, tag, "transfer-encoding: chunked", "trailer: x-trailer")
    return start + b"3\r\nabc\r\n0\r\n" + lines.encode() + b"\r\n"


def twice(rng: Random, tag: str) -> bytes:
    return plain(rng, tag) + rng.choice((plain(rng, tag), b"garbage", b"\r\n", b"\x00" * 20))


def odd_head(rng: Random, tag: str) -> bytes:
    lines = (
        *("x a: b", "no-colon", ": empty", "x-a: a\x00b", "x-a: a\x01b", "x-a: a\rb", "x-\xe9: c"),
        *("x-a: \xff", " folded: x", "x-a: b\n c", "connection: content-length, x-echo", "x-a:"),
        *("connection: close", "upgrade: websocket", "x-a : b", "keep-alive: timeout=0", "x(a: b"),
        *("connection: transfer-encoding, date", "x-vercel-internal-a: b", "server: own"),
    )
    body = b"hello"
    start = head(rng.choice(STATUSES), tag, rng.choice(lines), "content-length: 5")
    if rng.random() < 0.3:
        bad = (b"HTTP/2.0 200", b"HTTP/1.1  200", b"HTTP/1.1 20", b"HTTP/1.1 2000", b"http/1.1 200")
        start = rng.choice((*bad, b"ICY 200 OK", b"\r\n", b"\x00")) + start[12:]
    return start + body


def framing(rng: Random, tag: str) -> bytes:
    """Lengths and codings that contradict each other."""
    length = ("content-length: 5", "content-length: +5", "content-length: 5, 5", "content-length:")
    coding = ("transfer-encoding: chunked", "transfer-encoding: gzip, chunked")
    codings = (*coding, "transfer-encoding: identity", "transfer-encoding: xchunked")
    both = [rng.choice((*length, "content-length: 99999999999999999999")), rng.choice(codings)]
    lines = rng.choice((both, both[:1], both[1:], ["content-length: 5", "content-length: 9"], []))
    chunks = b"5\r\nhello\r\n0\r\n\r\n"
    body = rng.choice(
        (b"hello", chunks, b"5;a=b\r\nhello\r\n0\r\n\r\n", b"zz\r\nhello", chunks[:9])
    )
    return head(200, tag, *lines) + body

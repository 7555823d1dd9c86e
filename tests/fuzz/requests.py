"""Random requests: well-formed ones, and the mutations that make them odd."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from tests.fuzz.connections import FORGED, IN_TRAILER, PUBLIC_FILE, App, Request

type Mutation = Callable[[Random, Draft], None]

METHODS = ("GET", "GET", "GET", "POST", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH")
PLATFORM_NAMES = (
    *("x-real-ip", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "forwarded"),
    *("x-vercel-id", "x-vercel-ip-city", "x-vercel-ip-country", "x-vercel-forwarded-for"),
    *("x-vercel-internal-invocation-id", "x-vercel-internal-deadline", "x-vercel-oidc-token"),
    *("x-vercel-sc-host", "x-vercel-proxied-for", "x-vercel-deployment-url", "x-now-trace"),
)
FRAMING_NAMES = (
    *("content-length", "transfer-encoding", "host", "upgrade", "connection", "x-vercel-id"),
    *("x-real-ip", "close", "keep-alive", "expect", "te", "x-fuzz", "content-type", "cookie"),
)
ODD_BYTES = (b"\x00", b"\x01", b"\x0b", b"\x0c", b"\x7f", b"\x80", b"\xff", b"\r", b"\n", b"\t")


@dataclass(slots=True)
class Draft:
    """A request in the making; header lines are whole, without their line ends."""

    tag: str
    method: str
    target: bytes
    version: bytes = b"HTTP/1.1"
    line: bytes | None = None
    headers: list[bytes] = field(default_factory=list)
    body: bytes = b""
    blank: bytes = b"\r\n"
    after: bytes = b""
    mutations: list[str] = field(default_factory=list)

    def finish(self) -> Request:
        line = self.line or b" ".join((self.method.encode("latin-1"), self.target, self.version))
        first = line.split(maxsplit=1)[:1] if self.line else [self.method.encode("latin-1")]
        return Request(
            tag=self.tag,
            method=b"".join(first).decode("latin-1"),
            line=line,
            headers=tuple(self.headers),
            body=self.body,
            mutations=tuple(self.mutations),
            blank=self.blank,
            after=self.after,
        )

    def drop(self, name: bytes) -> None:
        self.headers = [one for one in self.headers if not one.lower().startswith(name + b":")]


def well_formed(rng: Random, app: App, tag: str) -> Draft:
    """A request that every app answers."""
    draft = Draft(tag, rng.choice(METHODS), f"/f/{tag}".encode())
    if rng.random() < 0.15:
        status = rng.choice((200, 201, 204, 304, 404, 500)) if app is not App.HANDLER else 200
        draft.target = f"/status/{status}?{tag}".encode()
    elif rng.random() < 0.1:
        draft.target = f"/unread/{tag}".encode()
    elif rng.random() < 0.05:
        draft.target = f"{PUBLIC_FILE}?{tag}".encode()
    draft.headers = [b"host: localhost", f"x-fuzz: {tag}".encode()]
    if draft.method in ("POST", "PUT", "PATCH") or rng.random() < 0.1:
        with_body(rng, draft)
    return draft


def with_body(rng: Random, draft: Draft) -> None:
    """A body with a length or in chunks; often one that reads as a request."""
    content = rng.choice((b"", b"abc", bytes(rng.randrange(200)), inner_request(rng, draft.tag)))
    draft.drop(b"content-length")
    draft.drop(b"transfer-encoding")
    if rng.random() < 0.6:
        draft.headers.append(b"content-length: %d" % len(content))
        draft.body = content
    else:
        draft.headers.append(b"transfer-encoding: chunked")
        draft.body = chunked(rng, content)


def chunked(rng: Random, content: bytes, trailers: bytes = b"") -> bytes:
    parts = []
    while content:
        size = rng.randint(1, len(content))
        parts.append(b"%x\r\n%b\r\n" % (size, content[:size]))
        content = content[size:]
    return b"".join(parts) + b"0\r\n" + trailers + b"\r\n"


def inner_request(rng: Random, tag: str) -> bytes:
    """What must stay a body: a request with the platform's headers made up."""
    names = rng.sample(PLATFORM_NAMES, 3)
    forged = "".join(f"{name}: {FORGED}\r\n" for name in names)
    return f"GET /inner/{tag} HTTP/1.1\r\nhost: x\r\nx-fuzz: {tag}\r\n{forged}\r\n".encode()


# Mutations -----------------------------------------------------------------------------------


def odd_method(rng: Random, draft: Draft) -> None:
    draft.method = rng.choice(
        ("get", "G\x00T", "CONNECT", "TRACE", "PRI", "QUERY", "X" * 300, "GE T", "", "M-SEARCH")
    )


def odd_target(rng: Random, draft: Draft) -> None:
    tag = draft.tag.encode()
    draft.target = rng.choice(
        (
            *(b"*", b"//" + tag, b"/..//../" + tag, b"/f/%00" + tag, b"/f/%zz" + tag, b"", b"?a"),
            *(b"/f/" + tag + b"#x", b"http://other.example/f/" + tag, b"http://u:p@h/f/" + tag),
            *(b"/f/\xff" + tag, b"/f/\x01" + tag, b"/f/ a b/" + tag, b"/f/" + b"a" * 15000),
            *(b"http://a;for=" + FORGED.encode() + b"/f/" + tag, b"http:///f/" + tag, b"f/" + tag),
            *(b"h:80", b"/_vercel/ping", b"/_vercel/ping?" + tag, b"/f/%0d%0ahost:%20x/" + tag),
        )
    )


def odd_version(rng: Random, draft: Draft) -> None:
    versions = (b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2.0", b"HTTP/9.9", b"HTTP/1.2", b"HTTP/1.10")
    draft.version = rng.choice((*versions, b"http/1.1", b"ICE/1.0", b"HTTP/1", b"HTTP/11"))


def no_version(rng: Random, draft: Draft) -> None:
    draft.line = draft.method.encode("latin-1") + b" " + draft.target


def odd_line(rng: Random, draft: Draft) -> None:
    parts = [draft.method.encode("latin-1"), draft.target, draft.version]
    draft.line = rng.choice((b"  ", b"\t", b" \x0b")).join(parts) + rng.choice((b"", b" ", b"\t"))


def odd_bytes(rng: Random, draft: Draft) -> None:
    at, odd = rng.randrange(len(draft.headers) + 1), rng.choice(ODD_BYTES)
    name = b"x-a" + (odd if rng.random() < 0.3 else b"")
    draft.headers.insert(at, name + b": a" + (odd if name == b"x-a" else b"") + b"b")


def forged_headers(rng: Random, draft: Draft) -> None:
    for name in rng.sample(PLATFORM_NAMES, rng.randint(1, 4)):
        if rng.random() < 0.3:
            name = rng.choice((name.upper(), name.replace("-", "_"), name.title()))
        at = rng.randrange(len(draft.headers) + 1)
        draft.headers.insert(at, f"{name}: {FORGED}".encode())


def obs_fold(rng: Random, draft: Draft) -> None:
    at = rng.randrange(len(draft.headers) + 1)
    folded = rng.choice((b"more", b"x-real-ip: " + FORGED.encode(), b"", b"chunked"))
    draft.headers.insert(at, rng.choice((b" ", b"\t")) + folded)


def before_colon(rng: Random, draft: Draft) -> None:
    name = rng.choice((b"content-length", b"x-real-ip", b"x-a", b"transfer-encoding", b"host"))
    value = {b"content-length": b"3", b"transfer-encoding": b"chunked"}.get(name, FORGED.encode())
    space = rng.choice((b" ", b"\t", b"\x0b"))
    draft.headers.insert(rng.randrange(len(draft.headers) + 1), name + space + b": " + value)


def odd_header_line(rng: Random, draft: Draft) -> None:
    lines = (b":", b": a", b"no-colon", b"x:", b"x-\xe9: a", b"a b: c", b"x(y): a", b'"q": a')
    many, long = b"x-many: a\r\n" * 50 + b"x-last: a", b"x-long: " + b"a" * 20_000
    draft.headers.insert(
        rng.randrange(len(draft.headers) + 1), rng.choice((*lines, many, long, b"cookie: a=b;;c"))
    )


def odd_host(rng: Random, draft: Draft) -> None:
    draft.drop(b"host")
    forged = FORGED.encode()
    hosts = (
        *(b"h;for=" + forged, b"a b", b'a"b', b"a/b", b"u@h", b"[::1", b"[::1]:80", b"a:b"),
        *(b"h, for=" + forged, b"a\\b", b"a?b", b"a#b", b"\xff", b"a<b", b"a:80:90", b"h:99999"),
        *(b"a,b", b"h;proto=" + forged, b'h";for=' + forged + b';x="', b"%00", b"h\x01"),
    )
    draft.headers.insert(0, b"host: " + rng.choice(hosts))


def two_hosts(rng: Random, draft: Draft) -> None:
    draft.headers.append(rng.choice((b"host: other.example", b"Host: localhost", b"HOST: b")))


def no_host(rng: Random, draft: Draft) -> None:
    draft.drop(b"host")


def connection_lists(rng: Random, draft: Draft) -> None:
    """What frames a message, or what the platform says, listed as if it were the client's."""
    if rng.random() < 0.7:
        with_body(rng, draft)
    names = rng.sample(FRAMING_NAMES, rng.randint(1, 3))
    draft.headers.append(f"connection: {', '.join(names)}".encode())


def odd_length(rng: Random, draft: Draft) -> None:
    draft.drop(b"content-length")
    draft.drop(b"transfer-encoding")
    draft.body = inner_request(rng, draft.tag) if rng.random() < 0.6 else b"abc"
    size = len(draft.body)
    values = (
        *(f"+{size}", f"-{size}", f"{size}, {size}", f"0{size}", f"{size}a", f"0x{size:x}", ""),
        *(f"{size} {size}", "9" * 25, str(2**64 + size), str(2**32 + size), f"{size}.0"),
    )
    draft.headers.append(f"content-length: {rng.choice(values)}".encode())


def two_lengths(rng: Random, draft: Draft) -> None:
    draft.drop(b"transfer-encoding")
    draft.drop(b"content-length")
    draft.body = inner_request(rng, draft.tag)
    lengths = [len(draft.body), rng.choice((0, 3, len(draft.body)))]
    rng.shuffle(lengths)
    draft.headers += [b"content-length: %d" % one for one in lengths]


def length_and_chunks(rng: Random, draft: Draft) -> None:
    draft.drop(b"content-length")
    draft.drop(b"transfer-encoding")
    inner = inner_request(rng, draft.tag)
    draft.body = rng.choice((b"0\r\n\r\n" + inner, chunked(rng, inner), inner))
    both = [
        b"content-length: %d" % rng.choice((len(draft.body), 3, 5, 0)),
        b"transfer-encoding: "
        + rng.choice((b"chunked", b"Chunked", b"gzip, chunked", b"chunked ")),
    ]
    rng.shuffle(both)
    draft.headers += both


def odd_coding(rng: Random, draft: Draft) -> None:
    draft.drop(b"content-length")
    draft.drop(b"transfer-encoding")
    values = (
        b"xchunked",
        b"identity",
        b"chunked, identity",
        b"gzip",
        b"chunked;a=b",
        b"chunke\x64",
    )
    value = rng.choice((*values, b'"chunked"', b"\x0bchunked", b"chunked, chunked", b",chunked"))
    draft.headers.append(b"transfer-encoding: " + value)
    draft.body = chunked(rng, inner_request(rng, draft.tag))


def odd_chunks(rng: Random, draft: Draft) -> None:
    draft.drop(b"content-length")
    draft.drop(b"transfer-encoding")
    draft.headers.append(b"transfer-encoding: chunked")
    sizes = (
        *(b"3;a=b", b'3;a="x\r\n', b"3 ;x", b"0003", b"0x3", b"+3", b"3g", b"-3", b" 3", b"3\t"),
        *(b"FFFFFFFFFFFFFFFFF", b"100000000000000003", b"3;" + b"x" * 5000, b"", b"3\n", b"3\r"),
    )
    rest = rng.choice((b"0\r\n\r\n", b"0\r\n\r\n" + inner_request(rng, draft.tag)))
    draft.body = rng.choice(sizes) + b"\r\nabc" + rng.choice((b"\r\n", b"", b"xx", b"\n")) + rest


def trailers(rng: Random, draft: Draft) -> None:
    draft.drop(b"content-length")
    draft.drop(b"transfer-encoding")
    draft.headers.append(b"transfer-encoding: chunked")
    names = ("host", "authorization", "x-vercel-ip-city", "x-real-ip", "content-length", "x-other")
    lines = "".join(f"{name}: {IN_TRAILER}\r\n" for name in rng.sample(names, rng.randint(1, 3)))
    draft.body = chunked(rng, rng.choice((b"", b"abc")), lines.encode())


def expect(rng: Random, draft: Draft) -> None:
    draft.headers.append(b"expect: " + rng.choice((b"100-continue", b"100-Continue", b"other")))


def hop_by_hop(rng: Random, draft: Draft) -> None:
    values = ("keep-alive", "close", "Keep-Alive, close", "te", "", ",,", "upgrade")
    draft.headers.append(f"connection: {rng.choice(values)}".encode())
    if rng.random() < 0.3:
        draft.headers.append(b"te: trailers")


def websocket(rng: Random, draft: Draft) -> None:
    """A handshake, good, refused or bad; then bytes that belong to nobody if it was refused."""
    draft.method = rng.choice(("GET", "GET", "GET", "POST"))
    if not draft.target.startswith(b"/raw/") or rng.random() < 0.3:
        path = rng.choice((b"/ws", b"/ws-refused", b"/f/" + draft.tag.encode()))
        draft.target = path + b"?" + draft.tag.encode()
    draft.headers += [
        rng.choice((b"upgrade: websocket", b"Upgrade: WebSocket", b"upgrade: h2c", b"upgrade: x")),
        rng.choice((b"connection: Upgrade", b"connection: keep-alive, upgrade")),
    ]
    if rng.random() < 0.6:
        draft.headers.append(b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==")
        draft.headers.append(b"sec-websocket-version: " + rng.choice((b"13", b"13", b"8")))
    if rng.random() < 0.6:
        draft.after = inner_request(rng, draft.tag)


def odd_line_ends(rng: Random, draft: Draft) -> None:
    draft.headers = [*draft.headers[:-1], draft.headers[-1] + rng.choice((b"\n", b"\r", b"\n\n"))]


def blank_lines_first(rng: Random, draft: Draft) -> None:
    line = b" ".join((draft.method.encode("latin-1"), draft.target, draft.version))
    draft.line = rng.choice((b"\r\n", b"\n", b"\r\n\r\n", b"\x00", b" ")) + line


def garbage(rng: Random, draft: Draft) -> None:
    draft.line = rng.choice((rng.randbytes(30), b"\x16\x03\x01\x02\x00\x01", b"PRI * HTTP/2.0"))


MUTATIONS: tuple[tuple[Mutation, int], ...] = (
    *((odd_method, 2), (odd_target, 4), (odd_version, 2), (no_version, 1), (odd_line, 1)),
    *((odd_bytes, 3), (forged_headers, 5), (obs_fold, 2), (before_colon, 2)),
    *((odd_header_line, 3), (odd_host, 3), (two_hosts, 1), (no_host, 1), (connection_lists, 5)),
    *((odd_length, 3), (two_lengths, 2), (length_and_chunks, 4), (odd_coding, 2)),
    *((odd_chunks, 4), (trailers, 3), (expect, 2), (hop_by_hop, 2), (websocket, 5)),
    *((odd_line_ends, 1), (blank_lines_first, 1), (garbage, 1)),
)


def mutate(rng: Random, draft: Draft) -> None:
    """One mutation, noted by its name."""
    kinds, weights = zip(*MUTATIONS, strict=True)
    mutation = rng.choices(kinds, weights)[0]
    mutation(rng, draft)
    draft.mutations.append(mutation.__name__)

"""From a client's request to the request head that the instance gets (vercel.com/docs/headers).

Plain functions from values to bytes. What a client says about itself in the platform's headers is
dropped; what the platform says comes after, built from the visitor and the request.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from vercel_emu.platform import header_names as names
from vercel_emu.visitors.headers import forwarded_value, geo_headers
from vercel_emu.visitors.visitor import Visitor

HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
"""RFC 9110 section 7.6.1: they concern one connection only."""
FRAMING = frozenset({b"content-length", b"host", b"transfer-encoding", b"upgrade"})
"""What a message is and where it ends is never for the other side's `Connection` header to say."""

_OVERWRITTEN = frozenset(
    name.encode()
    for name in (
        names.FORWARDED,
        names.FORWARDED_FOR,
        names.FORWARDED_HOST,
        names.FORWARDED_PROTO,
        names.FORWARDED_PORT,
        names.REAL_IP,
    )
)
_CRON_SCHEDULE = names.CRON_SCHEDULE.encode()
_CRON_PROOF = names.CRON_PROOF.encode()
_VISITOR_COOKIE = names.EMU_VISITOR_COOKIE.encode() + b"="
_PLATFORM_PREFIXES = (b"x-vercel-", b"x-emu-", b"x-now-")
_JA4_DIGEST = "t13d1516h2_8daaf6152771_02713d6af862"
_SIGNATURE_LIFETIME = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheAccess:
    """Where the runtime cache is reached, as the platform tells it with each request."""

    host: str
    basepath: str
    headers: str


def listed_names(headers: Iterable[tuple[bytes, bytes]]) -> frozenset[bytes]:
    """The names that `Connection` headers list, lower case, and that end with this connection."""
    listed: frozenset[bytes] = frozenset()
    for name, value in headers:
        if name == b"connection":
            listed |= {token.strip().lower() for token in value.split(b",")}
    return listed - FRAMING


def kept_headers(
    headers: Iterable[tuple[bytes, bytes]], *, upgrade: bool = False, cron_proof: str = ""
) -> list[tuple[bytes, bytes]]:
    """The client's own headers that travel on; `headers` have lower-case names.

    Those that frame the body do not: whoever sends it on frames it anew (`framing`).

    With `upgrade` the WebSocket handshake's `Connection` and `Upgrade` stay. The scheduler's
    requests come in through the front door too: theirs carry `cron_proof`.
    """
    pairs = list(headers)
    listed = listed_names(pairs)
    kept = []
    for name, value in pairs:
        # WSGI has one name for `x-real-ip` and `x_real_ip`: a client must not say either.
        dashed = name.replace(b"_", b"-")
        if dashed in _OVERWRITTEN or dashed.startswith(_PLATFORM_PREFIXES):
            if name == _CRON_SCHEDULE and cron_proof and _proven(pairs, cron_proof):
                kept.append((name, value))
            continue
        if name in HOP_BY_HOP or name in listed:
            if upgrade and name in (b"connection", b"upgrade"):
                kept.append((name, value))
            continue
        if name == b"expect" or name in FRAMING:
            continue
        if name == b"cookie" and _VISITOR_COOKIE in value:
            value = _without_visitor(value)
            if not value:
                continue
        kept.append((name, value))
    return kept


def framing(content_length: int | None, *, chunked: bool) -> list[tuple[bytes, bytes]]:
    """The headers that say where a request's body ends."""
    if chunked:
        return [(b"transfer-encoding", b"chunked")]
    return [] if content_length is None else [(b"content-length", b"%d" % content_length)]


def _without_visitor(cookies: bytes) -> bytes:
    """A `Cookie` header without the emulator's own; the rest stays byte for byte."""
    pairs = cookies.split(b";")
    kept = [pair for pair in pairs if not pair.strip().startswith(_VISITOR_COOKIE)]
    rest = b";".join(kept)
    # Where ours came first, the blank after it goes as well.
    return rest if kept[:1] == pairs[:1] else rest.lstrip(b" \t")


def _proven(headers: list[tuple[bytes, bytes]], proof: str) -> bool:
    given = next((value for name, value in headers if name == _CRON_PROOF), b"")
    return hmac.compare_digest(given, proof.encode())


@lru_cache(maxsize=512)
def platform_headers(
    visitor: Visitor, host: str, scheme: str, cache: CacheAccess | None, minute: int
) -> bytes:
    """The headers that depend on the visitor and host alone, as one block of header lines.

    `minute` (epoch minutes) dates the proxy signature, so the block is built once a minute.
    """
    issued = minute * 60 + _SIGNATURE_LIFETIME
    signature = "Bearer " + hashlib.sha256(f"{visitor.ip}{host}{issued}".encode()).hexdigest()
    port = host.rpartition(":")[2] if _has_port(host) else ("443" if scheme == "https" else "80")
    pairs: list[tuple[str, str]] = [
        ("host", host),
        (names.FORWARDED_HOST, host),
        (names.FORWARDED_PROTO, scheme),
        (names.FORWARDED_PORT, port),
        (names.FORWARDED_FOR, visitor.ip),
        (names.REAL_IP, visitor.ip),
        (names.VERCEL_FORWARDED_FOR, visitor.ip),
        (names.VERCEL_PROXIED_FOR, visitor.ip),
        (names.DEPLOYMENT_URL, host),
        (names.JA4_DIGEST, _JA4_DIGEST),
        (names.PROXY_SIGNATURE, signature),
        (names.PROXY_SIGNATURE_TS, str(issued)),
        (names.FORWARDED, forwarded_value(visitor.ip, host, scheme, signature, issued)),
    ]
    if cache is not None:
        pairs += [
            (names.SC_HOST, cache.host),
            (names.SC_BASEPATH, cache.basepath),
            (names.SC_HEADERS, cache.headers),
            (names.SC_PROTOCOL, "http"),
            (names.SC_RUNTIME_CACHE, "1"),
            (names.SC_NO_HEADER_LEAK, "1"),
        ]
    pairs += visitor.headers
    lines = [f"{name}: {value}\r\n".encode("latin-1") for name, value in pairs]
    lines += [name + b": " + value + b"\r\n" for name, value in geo_headers(visitor)]
    return b"".join(lines)


def request_head(
    *,
    method: bytes,
    target: bytes,
    kept: Iterable[tuple[bytes, bytes]],
    platform: bytes,
    vercel_id: str,
    invocation_id: str,
    request_number: int,
    deadline: str,
    framed: Iterable[tuple[bytes, bytes]] = (),
) -> bytes:
    """The whole request head for the instance, with its final blank line."""
    lines = [method, b" ", target, b" HTTP/1.1\r\n", platform]
    for name, value in (*kept, *framed):
        lines += (name, b": ", value, b"\r\n")
    lines.append(
        f"{names.VERCEL_ID}: {vercel_id}\r\n"
        f"{names.INVOCATION_ID}: {invocation_id}\r\n"
        f"{names.REQUEST_ID}: {request_number}\r\n"
        f"{names.DEADLINE}: {deadline}\r\n\r\n".encode()
    )
    return b"".join(lines)


def _has_port(host: str) -> bool:
    return host.rpartition(":")[2].isdigit() and not host.endswith("]")

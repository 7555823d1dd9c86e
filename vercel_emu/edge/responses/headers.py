"""From a function's response headers to the client's (vercel.com/docs/headers). Plain functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from starlette.types import Message, Send

from vercel_emu.edge.request_headers import HOP_BY_HOP, listed_names
from vercel_emu.platform import header_names as names

HSTS = b"strict-transport-security"
DEFAULT_CACHE_CONTROL = b"public, max-age=0, must-revalidate"
_INTERNAL = names.INTERNAL_PREFIX.encode()
_EDGE_DIRECTIVES = (b"s-maxage", b"stale-while-revalidate")
_SERVER_OWN = frozenset(
    {b"server", b"date", b"x-vercel-id", b"x-vercel-cache", b"vercel-cdn-cache-control"}
)
"""Set by the edge, or meant for it alone."""
_NOT_BY_RULE = HOP_BY_HOP | {b"content-length"}
"""What frames a message is no rule's to say."""


def response_headers(
    headers: Iterable[tuple[bytes, bytes]],
    vercel_id: str,
    extra: Sequence[tuple[bytes, bytes]] = (),
) -> list[tuple[bytes, bytes]]:
    """What the client gets: the function's own headers, then the edge's.

    `headers` have lower-case names. `extra` come from vercel.json: the function's own value wins.
    """
    pairs = list(headers)
    listed = listed_names(pairs)
    kept: list[tuple[bytes, bytes]] = []
    cache_control = False
    for name, value in pairs:
        if name in HOP_BY_HOP or name in _SERVER_OWN or name in listed:
            continue
        if name.startswith(_INTERNAL):
            continue
        if name == b"cache-control":
            cache_control = True
            value = client_cache_control(value)
        kept.append((name, value))
    if extra:
        own = {name for name, _ in kept}
        cache_control = cache_control or any(name == b"cache-control" for name, _ in extra)
        kept += [
            (name, client_cache_control(value) if name == b"cache-control" else value)
            for name, value in extra
            if name not in own and name not in _SERVER_OWN
        ]
    if not cache_control:
        kept.append((b"cache-control", DEFAULT_CACHE_CONTROL))
    kept += edge_headers(vercel_id)
    return kept


def without_hsts(send: Send) -> Send:
    """A `send` that leaves out `Strict-Transport-Security`.

    Over HTTPS a browser would keep it for `localhost`: http:// of every other project, on every
    port, would be refused.
    """

    async def checked(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [h for h in message["headers"] if h[0] != HSTS]}
        await send(message)

    return checked


def rule_headers(headers: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    """Headers from rules of vercel.json, as they are sent: none that frames the message."""
    return [
        (name.encode("latin-1"), value.encode("latin-1", "replace"))
        for name, value in framing_left_out(headers)
    ]


def framing_left_out(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The same headers with lower-case names, without those that frame a message."""
    pairs = [(name.lower(), value) for name, value in headers]
    return [pair for pair in pairs if pair[0].encode("latin-1", "replace") not in _NOT_BY_RULE]


def edge_headers(vercel_id: str, cache: bytes = b"MISS") -> list[tuple[bytes, bytes]]:
    """The headers that every response of the platform carries."""
    return [
        (b"server", b"Vercel"),
        (b"x-vercel-cache", cache),
        (b"x-vercel-id", vercel_id.encode()),
    ]


def client_cache_control(value: bytes) -> bytes:
    """`s-maxage` and `stale-while-revalidate` are for the edge; the client sees the rest."""
    lowered = value.lower()
    if not any(directive in lowered for directive in _EDGE_DIRECTIVES):
        return value
    rest = [
        part.strip()
        for part in value.split(b",")
        if part.strip().partition(b"=")[0].strip().lower() not in _EDGE_DIRECTIVES
    ]
    return b", ".join(rest) if rest else DEFAULT_CACHE_CONTROL

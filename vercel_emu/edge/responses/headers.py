"""From a function's response headers to the client's (vercel.com/docs/headers). Plain functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vercel_emu.edge.request_headers import HOP_BY_HOP, client_names
from vercel_emu.platform import header_names as names

DEFAULT_CACHE_CONTROL = b"public, max-age=0, must-revalidate"
_INTERNAL = names.INTERNAL_PREFIX.encode()
_EDGE_DIRECTIVES = (b"s-maxage", b"stale-while-revalidate")
_SERVER_OWN = frozenset(
    {b"server", b"date", b"x-vercel-id", b"x-vercel-cache", b"vercel-cdn-cache-control"}
)
"""Set by the edge, or meant for it alone."""


def response_headers(
    headers: Iterable[tuple[bytes, bytes]],
    vercel_id: str,
    extra: Sequence[tuple[bytes, bytes]] = (),
) -> list[tuple[bytes, bytes]]:
    """What the client gets: the function's own headers, then the edge's.

    `headers` have lower-case names. `extra` come from vercel.json: the function's own value wins.
    """
    pairs = list(headers)
    listed = client_names(pairs)
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

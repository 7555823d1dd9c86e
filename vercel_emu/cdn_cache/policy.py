"""What the CDN keeps, for how long, and for whom (vercel.com/docs/headers). No clock.

Header names are lower-case bytes throughout, as ASGI has them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl

from vercel_emu.platform.limits import CACHE_TAG_BYTES, CACHE_TAGS, CDN_MAX_AGE
from vercel_emu.transport.headers import HeaderPairs

STATUSES = frozenset({200, 301, 302, 307, 308, 404, 410})

TAG_HEADER = b"vercel-cache-tag"
_PRIORITY = (b"vercel-cdn-cache-control", b"cdn-cache-control", b"cache-control")
_FORBIDDING = frozenset({b"private", b"no-cache", b"no-store"})
_NO_CACHE = "_vercel_no_cache"


@dataclass(frozen=True, slots=True, kw_only=True)
class Storable:
    """A response that may be kept: seconds of freshness, then of staleness, and its tags."""

    fresh: int
    stale: int = 0
    tags: frozenset[str] = frozenset()
    vary: tuple[bytes, ...] = ()


def asks_cache(method: str, headers: HeaderPairs, query: bytes) -> str:
    """How the cache treats a request: `use`, `bypass` (x-vercel-cache says so), or `ignore`."""
    if method not in ("GET", "HEAD"):
        return "ignore"
    for name, value in headers:
        if name in (b"authorization", b"range"):
            return "bypass"
        if name == b"cookie" and _has_no_cache_cookie(value):
            return "bypass"
    if _NO_CACHE.encode() in query and _NO_CACHE in dict(parse_qsl(query.decode("latin-1"), True)):
        return "bypass"
    return "use"


def storable(method: str, status: int, headers: HeaderPairs) -> Storable | None:
    """What to keep of a function's response; None where it may not be kept.

    `headers` are the function's own, before anything was taken out of them for the client.
    """
    if method != "GET" or status not in STATUSES:
        return None
    if any(name == b"set-cookie" for name, _ in headers):
        return None
    vary = _listed(value for name, value in headers if name == b"vary")
    if b"*" in vary:
        return None
    found = governing(headers)
    if found is None:
        return None
    name, directives = found
    if _FORBIDDING & directives.keys():
        return None
    fresh = _seconds(directives, b"s-maxage")
    if fresh is None and name != b"cache-control":
        # The two headers are for caches like this one alone, so their max-age means it.
        fresh = _seconds(directives, b"max-age")
    if not fresh:
        return None
    return Storable(
        fresh=min(fresh, CDN_MAX_AGE),
        stale=min(_seconds(directives, b"stale-while-revalidate") or 0, CDN_MAX_AGE),
        tags=tags_of(headers),
        vary=vary,
    )


def governing(headers: HeaderPairs) -> tuple[bytes, dict[bytes, bytes]] | None:
    """The first of the three cache-control headers that is there, and its directives."""
    for wanted in _PRIORITY:
        values = [value for name, value in headers if name == wanted]
        if values:
            return wanted, _directives(b",".join(values))
    return None


def tags_of(headers: HeaderPairs) -> frozenset[str]:
    """The tags that are within the platform's limits; the others are dropped."""
    tags: dict[str, None] = {}
    for name, value in headers:
        if name == TAG_HEADER:
            parts = (part.strip() for part in value.split(b","))
            good = (part for part in parts if 0 < len(part) <= CACHE_TAG_BYTES)
            tags |= dict.fromkeys(part.decode("utf-8", "replace") for part in good)
    return frozenset(list(tags)[:CACHE_TAGS])


def variant(vary: tuple[bytes, ...], headers: HeaderPairs) -> tuple[bytes, ...]:
    """The values of the request's headers that the response depends on."""
    return tuple(b",".join(value for name, value in headers if name == wanted) for wanted in vary)


def is_match(if_none_match: bytes, etag: bytes) -> bool:
    """Whether a conditional request has the cached representation (weak comparison)."""
    if not etag:
        return False
    wanted = [tag.strip().removeprefix(b"W/") for tag in if_none_match.split(b",")]
    return b"*" in wanted or etag.removeprefix(b"W/") in wanted


def _listed(values: Iterable[bytes]) -> tuple[bytes, ...]:
    names = (part.strip().lower() for value in values for part in value.split(b","))
    return tuple(sorted({name for name in names if name}))


def _directives(value: bytes) -> dict[bytes, bytes]:
    pairs = (part.partition(b"=") for part in value.split(b","))
    return {name.strip().lower(): given.strip().strip(b'"') for name, _, given in pairs}


def _seconds(directives: dict[bytes, bytes], name: bytes) -> int | None:
    given = directives.get(name, b"")
    return int(given) if given.isdigit() else None


def _has_no_cache_cookie(value: bytes) -> bool:
    names = (part.partition(b"=")[0].strip() for part in value.split(b";"))
    return _NO_CACHE.encode() in names

"""What may be kept, for how long, and which requests ask the cache at all."""

from __future__ import annotations

import pytest

from vercel_emu.cdn_cache import policy
from vercel_emu.cdn_cache.policy import Storable, asks_cache, storable
from vercel_emu.platform.limits import CACHE_TAGS, CDN_MAX_AGE


def headers(*pairs: tuple[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in pairs]


def cached(value: str, *more: tuple[str, str], status: int = 200) -> Storable | None:
    return storable("GET", status, headers(("cache-control", value), *more))


@pytest.mark.parametrize(
    ("value", "fresh", "stale"),
    [
        ("s-maxage=60", 60, 0),
        ("public, s-maxage=60, stale-while-revalidate=30", 60, 30),
        ("S-MaxAge=5", 5, 0),
        ('s-maxage="7"', 7, 0),
        ("max-age=10, s-maxage=60", 60, 0),
        ("s-maxage=99999999999", CDN_MAX_AGE, 0),
    ],
)
def test_cache_control(value: str, fresh: int, stale: int) -> None:
    found = cached(value)
    assert found is not None
    assert (found.fresh, found.stale) == (fresh, stale)


@pytest.mark.parametrize(
    "value",
    [
        "max-age=60",
        "s-maxage=0",
        "s-maxage=x",
        "s-maxage=60, private",
        "no-store, s-maxage=60",
        "s-maxage=60, no-cache",
        "",
    ],
)
def test_not_kept(value: str) -> None:
    assert cached(value) is None


@pytest.mark.parametrize(
    ("pairs", "fresh"),
    [
        ([("vercel-cdn-cache-control", "max-age=1"), ("cdn-cache-control", "max-age=2")], 1),
        ([("cdn-cache-control", "s-maxage=2"), ("cache-control", "s-maxage=3")], 2),
        ([("cache-control", "max-age=9"), ("vercel-cdn-cache-control", "s-maxage=4")], 4),
        ([("cdn-cache-control", "no-store"), ("cache-control", "s-maxage=3")], None),
        ([("cache-control", "private"), ("cdn-cache-control", "max-age=8")], 8),
        ([("cdn-cache-control", "max-age=5, s-maxage=6")], 6),
    ],
)
def test_priority_of_the_three_headers(pairs: list[tuple[str, str]], fresh: int | None) -> None:
    found = storable("GET", 200, headers(*pairs))
    assert (found and found.fresh) == fresh


@pytest.mark.parametrize("status", [200, 301, 302, 307, 308, 404, 410])
def test_kept_statuses(status: int) -> None:
    assert cached("s-maxage=1", status=status)


@pytest.mark.parametrize("status", [201, 204, 206, 303, 304, 400, 500, 504])
def test_other_statuses(status: int) -> None:
    assert cached("s-maxage=1", status=status) is None


def test_cookies_vary_and_method() -> None:
    assert cached("s-maxage=1", ("set-cookie", "a=b")) is None
    assert cached("s-maxage=1", ("vary", "accept, *")) is None
    assert storable("HEAD", 200, headers(("cache-control", "s-maxage=1"))) is None
    found = cached("s-maxage=1", ("vary", "Accept-Language, X-Vercel-IP-Country"), ("vary", "a"))
    assert found is not None
    assert found.vary == (b"a", b"accept-language", b"x-vercel-ip-country")


def test_tags() -> None:
    many = ",".join(f"t{n}" for n in range(200))
    found = cached("s-maxage=1", ("vercel-cache-tag", f"a, b ,{'x' * 257},,a"))
    assert found is not None
    assert found.tags == {"a", "b"}
    found = cached("s-maxage=1", ("vercel-cache-tag", many))
    assert found is not None
    assert len(found.tags) == CACHE_TAGS


@pytest.mark.parametrize(
    ("method", "pairs", "query", "verdict"),
    [
        ("GET", [], "", "use"),
        ("HEAD", [], "a=1", "use"),
        ("POST", [], "", "ignore"),
        ("GET", [("authorization", "x")], "", "bypass"),
        ("GET", [("range", "bytes=0-1")], "", "bypass"),
        ("GET", [("cookie", "a=1; _vercel_no_cache=1")], "", "bypass"),
        ("GET", [("cookie", "a=_vercel_no_cache")], "", "use"),
        ("GET", [], "_vercel_no_cache=1", "bypass"),
        ("GET", [], "x=_vercel_no_cache", "use"),
    ],
)
def test_requests(method: str, pairs: list[tuple[str, str]], query: str, verdict: str) -> None:
    assert asks_cache(method, headers(*pairs), query.encode()) == verdict


def test_conditional_requests() -> None:
    assert policy.is_match(b'"a", W/"b"', b'"b"')
    assert policy.is_match(b"*", b'"b"')
    assert not policy.is_match(b'"a"', b'"b"')
    assert not policy.is_match(b"*", b"")

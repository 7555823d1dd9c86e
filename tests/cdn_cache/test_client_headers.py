"""What is for the CDN alone does not reach the client, whoever set it."""

from __future__ import annotations

from vercel_emu.edge.responses.headers import response_headers


def test_headers_of_the_function_and_of_vercel_json() -> None:
    own = [(b"vercel-cdn-cache-control", b"max-age=60"), (b"cdn-cache-control", b"max-age=9")]
    extra = [(b"cache-control", b"s-maxage=60, max-age=5"), (b"cdn-cache-control", b"no-store")]
    seen = dict(response_headers(own, "iad1::iad1::1", extra))
    assert b"vercel-cdn-cache-control" not in seen
    assert seen[b"cdn-cache-control"] == b"max-age=9"
    assert seen[b"cache-control"] == b"max-age=5"

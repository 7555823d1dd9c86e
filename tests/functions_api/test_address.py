from __future__ import annotations

import pytest

from vercel_emu.guest.functions_api.vercel.cache._client.address import (
    is_loopback,
    parse_endpoint,
    target_of_key,
)


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        ("http://127.0.0.1:4783/v1/suspense-cache/", True),
        ("http://localhost:1", True),
        ("HTTP://[::1]:1/x", True),
        ("http://127.8.8.8/", True),
        ("https://127.0.0.1/", False),
        ("http://127.0.0.1.example/", False),
        ("http://localhost.example/", False),
        ("http://cache.example/", False),
        ("http://127.0.0.1@cache.example/", False),
        ("nonsense", False),
        ("", False),
    ],
)
def test_which_endpoints_are_on_this_machine(endpoint: str, expected: bool) -> None:
    assert is_loopback(endpoint) is expected


@pytest.mark.parametrize(
    ("url", "host_header"),
    [
        ("http://127.0.0.1:80/", "127.0.0.1"),
        ("https://h:443/", "h"),
        ("http://h:443/", "h:443"),
        ("http://[::1]:5/", "[::1]:5"),
    ],
)
def test_the_host_header(url: str, host_header: str) -> None:
    assert parse_endpoint(url).host_header == host_header


def test_a_key_never_leaves_the_origin() -> None:
    endpoint = parse_endpoint("http://127.0.0.1:1/v1/")
    assert target_of_key(endpoint, "//evil.example/x") == "/v1///evil.example/x"
    assert target_of_key(endpoint, "../../..") == "/"

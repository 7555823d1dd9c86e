"""A visitor as the platform's request headers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vercel_emu.visitors.headers import address_headers, forwarded_value, geo_headers
from vercel_emu.visitors.resolve import NOBODY
from vercel_emu.visitors.visitor import NEW_YORK


def test_new_york_in_full() -> None:
    assert dict(geo_headers(NEW_YORK)) == {
        b"x-vercel-ip-city": b"New%20York",
        b"x-vercel-ip-country": b"US",
        b"x-vercel-ip-country-region": b"NY",
        b"x-vercel-ip-continent": b"NA",
        b"x-vercel-ip-latitude": b"40.7128",
        b"x-vercel-ip-longitude": b"-74.0060",
        b"x-vercel-ip-timezone": b"America/New_York",
        b"x-vercel-ip-postal-code": b"10001",
        b"x-vercel-ip-as-number": b"64496",
    }


@pytest.mark.parametrize(
    ("city", "encoded"),
    [
        ("São Paulo", b"S%C3%A3o%20Paulo"),
        ("東京", b"%E6%9D%B1%E4%BA%AC"),
        ("Tel Aviv/Yafo & co", b"Tel%20Aviv%2FYafo%20%26%20co"),
    ],
)
def test_the_city_is_percent_encoded(city: str, encoded: bytes) -> None:
    assert dict(geo_headers(replace(NEW_YORK, city=city)))[b"x-vercel-ip-city"] == encoded


def test_an_absent_field_has_no_header() -> None:
    assert geo_headers(NOBODY) == ()
    assert b"x-vercel-ip-city" not in dict(geo_headers(replace(NEW_YORK, city=None)))


def test_zero_is_a_coordinate() -> None:
    headers = dict(geo_headers(replace(NEW_YORK, latitude=-0.0, longitude=0.0)))
    assert headers[b"x-vercel-ip-latitude"] == headers[b"x-vercel-ip-longitude"] == b"0.0000"


def test_the_address_in_the_headers_that_hold_nothing_else() -> None:
    assert dict(address_headers("203.0.113.195")) == {
        b"x-forwarded-for": b"203.0.113.195",
        b"x-real-ip": b"203.0.113.195",
        b"x-vercel-forwarded-for": b"203.0.113.195",
        b"x-vercel-proxied-for": b"203.0.113.195",
    }


@pytest.mark.parametrize(
    ("ip", "host", "told"),
    [
        ("203.0.113.195", "shop.example", "for=203.0.113.195;host=shop.example"),
        ("203.0.113.195", "shop.example:80", 'for=203.0.113.195;host="shop.example:80"'),
        ("2001:db8::9", "[::1]:3000", 'for="[2001:db8::9]";host="[::1]:3000"'),
        ("2001:db8::9", 'a"b\\c', r'for="[2001:db8::9]";host="a\"b\\c"'),
        ("203.0.113.195", "münchen.example", 'for=203.0.113.195;host="münchen.example"'),
        ("203.0.113.195", "", 'for=203.0.113.195;host=""'),
    ],
)
def test_forwarded_quotes_what_is_no_token(ip: str, host: str, told: str) -> None:
    assert forwarded_value(ip, host, "http", "s", 5) == f"{told};proto=http;sig=0cw==;exp=5"

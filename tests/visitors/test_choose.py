"""Which visitor a request is from."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from vercel_emu.errors import EmuError
from vercel_emu.visitors.choose import choose_visitor, visitor_cookie
from vercel_emu.visitors.resolve import resolve_visitor
from vercel_emu.visitors.visitor import NEW_YORK, Visitor

RESOLVE = resolve_visitor


def choose(*headers: tuple[bytes, bytes], overrides: bool = True) -> Visitor:
    return choose_visitor(headers, NEW_YORK, RESOLVE, overrides=overrides)


def test_without_a_wish_it_is_the_current_visitor() -> None:
    assert choose((b"host", b"x"), (b"cookie", b"session=1")) is NEW_YORK


@pytest.mark.parametrize("value", ["São Paulo".encode(), b"S%C3%A3o%20Paulo", b"S\xe3o Paulo"])
def test_the_header_names_a_visitor(value: bytes) -> None:
    assert choose((b"x-emu-visitor", value)).city == "São Paulo"


def test_the_header_is_stronger_than_the_cookie() -> None:
    cookie = (b"cookie", b"a=b; emu_visitor=Berlin; c=d")
    assert choose(cookie).city == "Berlin"
    assert choose(cookie, (b"x-emu-visitor", b"Tokyo")).city == "Tokyo"


def test_single_fields_change_whoever_it_is() -> None:
    assert choose((b"x-emu-city", b"Albany")).country_region == "NY"
    both = choose((b"cookie", b"emu_visitor=Berlin"), (b"x-emu-postal-code", b"10999"))
    assert (both.city, both.postal_code) == ("Berlin", "10999")
    header = choose((b"x-emu-ip", b"2001:db8::1"), (b"x-emu-visitor", b"Tokyo"))
    assert (header.city, header.ip) == ("Tokyo", "2001:db8::1")


def test_switched_off_nothing_of_it_counts() -> None:
    wishes = ((b"x-emu-visitor", b"Tokyo"), (b"x-emu-ip", b"x"), (b"cookie", b"emu_visitor=Rome"))
    assert choose(*wishes, overrides=False) is NEW_YORK


@pytest.mark.parametrize("cookie", [b"not_emu_visitor=Berlin", b"emu_visitor=", b"emu_visitor"])
def test_other_cookies_are_not_ours(cookie: bytes) -> None:
    assert choose((b"cookie", cookie)) is NEW_YORK


@pytest.mark.parametrize("text", ["São Paulo", "Paris, US", "東京", "none", "2001:db8::1"])
def test_a_cookie_brings_back_what_was_set(text: str) -> None:
    cookie = visitor_cookie(text).partition(";")[0]
    assert choose((b"cookie", cookie.encode())) == RESOLVE(text)
    assert unquote(cookie) == f"emu_visitor={text}"


def test_an_empty_cookie_is_a_removal() -> None:
    assert "Max-Age=0" in visitor_cookie("")


def test_a_stale_cookie_counts_no_more_and_is_told() -> None:
    told: list[tuple[str, str]] = []
    cookie = (b"cookie", b"emu_visitor=Nowhereville")

    def choose_told(*headers: tuple[bytes, bytes]) -> Visitor:
        return choose_visitor(
            headers, NEW_YORK, RESOLVE, on_stale=lambda text, error: told.append((text, error.code))
        )

    assert choose_told(cookie) is NEW_YORK
    assert choose_told(cookie, (b"x-emu-city", b"Albany")).city == "Albany"
    assert told == [("Nowhereville", "UNKNOWN_PLACE")] * 2
    # A header that says who it is makes the cookie no matter.
    assert choose_told(cookie, (b"x-emu-visitor", b"Tokyo")).city == "Tokyo"
    assert len(told) == 2


def test_a_wrong_header_is_an_error() -> None:
    with pytest.raises(EmuError, match="x-emu-latitude"):
        choose((b"x-emu-latitude", b"north"))

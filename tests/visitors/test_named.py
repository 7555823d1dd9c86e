"""Visitors of the person's own, and single fields changed."""

from __future__ import annotations

import pytest

from vercel_emu.errors import EmuError
from vercel_emu.visitors.override import FIELDS, override_visitor
from vercel_emu.visitors.resolve import resolve_visitor
from vercel_emu.visitors.visitor import NEW_YORK, Visitor


def test_a_named_visitor_starts_from_its_place() -> None:
    table = {"place": "Kyoto", "ip": "2001:db8::7", "as-number": 64500, "headers": {"X-Team": "a"}}
    visitor = resolve_visitor("Grand Mère", named={"grand-mere": table})
    assert (visitor.label, visitor.city, visitor.country_region) == ("grand-mere", "Kyoto", "26")
    assert (visitor.ip, visitor.as_number) == ("2001:db8::7", 64500)
    assert visitor.headers == (("x-team", "a"),)


def test_a_named_visitor_without_a_place_is_only_what_it_says() -> None:
    visitor = resolve_visitor("spare", named={"spare": {"country": "Japan", "postal-code": 100}})
    assert visitor == Visitor(label="spare", ip=visitor.ip, country="JP", postal_code="100")


def test_a_named_visitor_may_build_on_another_and_hide_a_place() -> None:
    named = {"Tokyo": {"place": "Tokyo", "city": "Edo"}, "b": {"place": "Tokyo", "timezone": ""}}
    assert resolve_visitor("tokyo", named=named).city == "Edo"
    assert (resolve_visitor("b", named=named).city, resolve_visitor("b", named=named).timezone) == (
        "Edo",
        None,
    )


def test_named_visitors_that_mean_each_other_do_not_loop() -> None:
    named = {"a": {"place": "b"}, "b": {"place": "a"}}
    with pytest.raises(EmuError):
        resolve_visitor("a", named=named)


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"citty": "Kyoto"}, ["citty", "Did you mean city?", "as-number"]),
        ({"latitude": "north"}, ["latitude = 'north'", "float"]),
        ({"as-number": 1.5}, ["as-number = 1.5", "int"]),
        ({"ip": "1.2.3"}, ["ip", '"1.2.3"', "203.0.113.9"]),
        ({"latitude": 91}, ["latitude", "91", "between -90 and 90"]),
        ({"country": "Atlantis"}, ["country", "Atlantis", "ISO 3166-1"]),
        ({"edge-region": "lon1"}, ["edge-region", "lon1", "lhr1"]),
        ({"headers": {"a b": "c"}}, ["headers", "a b"]),
        ({"headers": {"a": "c\r\nd: e"}}, ["headers", "control characters"]),
        ("Tokyo", ["must be a table", "'Tokyo'"]),
    ],
)
def test_a_wrong_table_names_file_key_and_what_is_allowed(table: object, told: list[str]) -> None:
    with pytest.raises(EmuError) as caught:
        resolve_visitor("me", named={"me": table})
    assert caught.value.message.startswith("pyproject.toml: [tool.vercel-emu.visitors.me]")
    assert caught.value.where is not None
    assert str(caught.value.where.key).startswith("[tool.vercel-emu.visitors.me]")
    for words in told:
        assert words in str(caught.value)


@pytest.mark.parametrize(
    ("field", "text", "attribute", "value"),
    [
        ("ip", "2001:DB8::1", "ip", "2001:db8::1"),
        ("city", "São Paulo", "city", "São Paulo"),
        ("city", "", "city", None),
        ("country", "jp", "country", "JP"),
        ("country-region", "ca", "country_region", "CA"),
        ("continent", "eu", "continent", "EU"),
        ("latitude", "-1.5", "latitude", -1.5),
        ("timezone", "europe/berlin", "timezone", "Europe/Berlin"),
        ("postal-code", "SW1A 1AA", "postal_code", "SW1A 1AA"),
        ("as-number", "AS64500", "as_number", 64500),
        ("edge-region", "HND1", "edge_region", "hnd1"),
        ("region", "dev1", "edge_region", "dev1"),
    ],
)
def test_a_field_can_be_changed(field: str, text: str, attribute: str, value: object) -> None:
    assert getattr(override_visitor(NEW_YORK, {field: text}), attribute) == value


def test_other_fields_stay() -> None:
    changed = override_visitor(NEW_YORK, {"city": "Albany"})
    assert (changed.ip, changed.postal_code) == (NEW_YORK.ip, NEW_YORK.postal_code)
    assert override_visitor(NEW_YORK, {}) is NEW_YORK


def test_the_edge_follows_the_coordinates_unless_given() -> None:
    there = {"latitude": "35.7", "longitude": "139.7"}
    assert override_visitor(NEW_YORK, there).edge_region == "hnd1"
    assert override_visitor(NEW_YORK, {**there, "edge-region": "fra1"}).edge_region == "fra1"


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("ip", ""),
        ("ip", "fe80::1%eth0"),
        ("city", "a\r\nb"),
        ("city", "x" * 201),
        ("country", "XK2"),
        ("country-region", "US-NY"),
        ("continent", "Europe"),
        ("latitude", "nan"),
        ("longitude", "181"),
        ("timezone", "Europe/Berln"),
        ("postal-code", "a;b"),
        ("as-number", "4294967296"),
        ("as-number", "²"),
        ("edge-region", "mars1"),
        ("nonsense", "x"),
    ],
)
def test_a_bad_value_names_header_and_value(field: str, text: str) -> None:
    with pytest.raises(EmuError) as caught:
        override_visitor(NEW_YORK, {field: text})
    assert caught.value.code == "INVALID_VISITOR"
    assert f"x-emu-{field}" in caught.value.message
    assert caught.value.hint


def test_every_field_is_listed() -> None:
    with pytest.raises(EmuError) as caught:
        override_visitor(NEW_YORK, {"x": "y"})
    assert all(field in (caught.value.hint or "") for field in FIELDS)

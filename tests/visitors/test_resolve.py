"""What a person may write for a visitor."""

from __future__ import annotations

import ipaddress
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.visitors.large_cities import LARGE_CITIES
from tests.visitors.mmdb import write_mmdb
from tests.visitors.spellings import SPELLINGS
from vercel_emu.errors import EmuError
from vercel_emu.visitors.directory import VisitorDirectory
from vercel_emu.visitors.find import find_place, search_places, suggestions
from vercel_emu.visitors.fold import fold
from vercel_emu.visitors.resolve import NOBODY, resolve_visitor
from vercel_emu.visitors.visitor import NEW_YORK, Visitor

DOCUMENTATION = [
    ipaddress.ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
]


def test_there_are_two_hundred_spellings() -> None:
    assert len({spelling for spelling, *_ in SPELLINGS}) >= 200


@pytest.mark.parametrize(("spelling", "city", "region", "country"), SPELLINGS)
def test_a_spelling_means_what_a_person_expects(
    spelling: str, city: str, region: str, country: str
) -> None:
    visitor = resolve_visitor(spelling)
    assert (visitor.city, visitor.country_region or "", visitor.country) == (city, region, country)


def test_new_york_is_the_documented_visitor() -> None:
    assert resolve_visitor("New York") is NEW_YORK


def test_a_visitor_is_complete() -> None:
    assert resolve_visitor("São Paulo") == Visitor(
        label="São Paulo",
        ip=resolve_visitor("Sao Paulo").ip,
        edge_region="gru1",
        city="São Paulo",
        country="BR",
        country_region="SP",
        continent="SA",
        latitude=-23.5475,
        longitude=-46.6361,
        timezone="America/Sao_Paulo",
        postal_code="01001-000",
        as_number=resolve_visitor("Sao Paulo").as_number,
    )


@pytest.mark.parametrize("text", ["Tokyo", "Paris, US", "BV", "-33.87,151.21", "none"])
def test_addresses_are_nobodys_and_stable(text: str) -> None:
    visitor = resolve_visitor(text)
    assert any(ipaddress.ip_address(visitor.ip) in net for net in DOCUMENTATION)
    assert visitor.ip == resolve_visitor(text).ip
    number = visitor.as_number
    assert number is None or 64496 <= number <= 64511 or 65536 <= number <= 65551


def test_coordinates_are_kept_and_name_the_nearest_city() -> None:
    visitor = resolve_visitor("-33.87, 151.21")
    assert (visitor.city, visitor.country_region, visitor.country) == ("Sydney", "NSW", "AU")
    assert (visitor.latitude, visitor.longitude) == (-33.87, 151.21)
    assert (visitor.edge_region, visitor.timezone) == ("syd1", "Australia/Sydney")


@pytest.mark.parametrize(
    ("coordinates", "country"),
    [("0,0", "GH"), ("90,0", "SJ"), ("-90,0", "AQ"), ("-16.5,-180", "FJ"), ("-16.5,180", "FJ")],
)
def test_the_nearest_city_at_the_ends_of_the_map(coordinates: str, country: str) -> None:
    assert resolve_visitor(coordinates).country == country


@pytest.mark.parametrize("ip", ["203.0.113.9", "2001:db8::9", "[2001:DB8::9]", " 203.0.113.9 "])
def test_an_address_alone_says_nothing_of_a_place(ip: str) -> None:
    visitor = resolve_visitor(ip)
    assert visitor == Visitor(label=visitor.ip, ip=visitor.ip)
    assert visitor.ip in ("203.0.113.9", "2001:db8::9")


def test_none_has_an_address_and_nothing_else() -> None:
    assert resolve_visitor("None") is NOBODY
    assert Visitor(label="none", ip=NOBODY.ip) == NOBODY


@pytest.mark.parametrize("text", ["Springfield", "Springfield, US", "Cambridge"])
def test_an_ambiguous_name_lists_three_that_can_be_pasted(text: str) -> None:
    with pytest.raises(EmuError) as caught:
        resolve_visitor(text)
    assert caught.value.code == "AMBIGUOUS_PLACE"
    offered = (caught.value.hint or "").split('"')[1:6:2]
    assert len(offered) == 3
    assert len({resolve_visitor(place).latitude for place in offered}) == 3


@pytest.mark.parametrize(
    ("typo", "meant"),
    [
        ("Toyko", "Tokyo, 13, JP"),
        ("Berlni", "Berlin, BE, DE"),
        ("Sydnei, AU", "Sydney, NSW, AU"),
        ("Nariobi", "Nairobi, 30, KE"),
        ("Pariss, US", "Paris, TX, US"),
        ("Frankfrut", "Frankfurt am Main, HE, DE"),
        ("Germny", "Germany"),
        ("Kosvo", "Kosovo"),
        ("Colgne", "Köln, NW, DE"),
    ],
)
def test_a_mistyped_name_suggests_what_may_be_meant(typo: str, meant: str) -> None:
    with pytest.raises(EmuError) as caught:
        resolve_visitor(typo)
    assert caught.value.code == "UNKNOWN_PLACE"
    suggested = (caught.value.hint or "").partition(". ")[0].split('"')[1::2]
    assert meant in suggested
    assert len(suggested) <= 3
    for label in suggested:
        assert find_place(label).label == label or find_place(label).country_name == label


def test_a_country_after_a_mistyped_name_is_heeded() -> None:
    assert {label[-2:] for label in suggestions("Pariss, US")} == {"US"}
    assert suggestions("Tokyo, FR")[0] == "Tokyo, 13, JP"


@pytest.mark.parametrize(
    "text",
    ["xyzzyqwx", "qwerty", "asdf", "foo", "xxxx", "1234", "localhost", "hello world", "a,b,c"],
)
def test_nothing_is_suggested_for_nonsense(text: str) -> None:
    assert suggestions(text) == []
    with pytest.raises(EmuError) as caught:
        resolve_visitor(text)
    assert (caught.value.hint or "").startswith("A visitor is a city")


@pytest.mark.parametrize("text", ["", "  ", ",", "'", "91,0", "0,181", "a,b,c", "x" * 10_000, "🛸"])
def test_nonsense_is_an_error_with_a_hint(text: str) -> None:
    with pytest.raises(EmuError) as caught:
        resolve_visitor(text)
    assert caught.value.hint


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.text(max_size=30), st.from_regex(r"[-+0-9., :a-fA-F]{1,20}", fullmatch=True)))
def test_any_text_is_a_visitor_or_an_emu_error(text: str) -> None:
    try:
        visitor = resolve_visitor(text)
    except EmuError:
        return
    ipaddress.ip_address(visitor.ip)


@given(st.text(max_size=40))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_an_address_in_a_database_has_its_place(tmp_path: Path) -> None:
    record: dict[str, object] = {
        "city": {"names": {"en": "Boxford", "de": "Boxford"}},
        "continent": {"code": "EU"},
        "country": {"iso_code": "GB"},
        "location": {"latitude": 51.75, "longitude": -1.25, "time_zone": "Europe/London"},
        "postal": {"code": "OX1"},
        "subdivisions": [{"iso_code": "ENG"}],
    }
    file = write_mmdb(tmp_path / "city.mmdb", "203.0.113.0/24", record)
    assert resolve_visitor("203.0.113.9", geoip_db=file) == Visitor(
        label="203.0.113.9",
        ip="203.0.113.9",
        edge_region="lhr1",
        city="Boxford",
        country="GB",
        country_region="ENG",
        continent="EU",
        latitude=51.75,
        longitude=-1.25,
        timezone="Europe/London",
        postal_code="OX1",
    )
    assert resolve_visitor("198.51.100.1", geoip_db=file).country is None


def test_an_asn_database_and_one_without_ipv6(tmp_path: Path) -> None:
    asn: dict[str, object] = {"autonomous_system_number": 64500}
    file = write_mmdb(tmp_path / "asn.mmdb", "203.0.113.0/24", asn, version=4)
    assert resolve_visitor("203.0.113.9", geoip_db=file).as_number == 64500
    assert resolve_visitor("2001:db8::1", geoip_db=file).as_number is None


@pytest.mark.parametrize("content", [None, b"", b"not a database"])
def test_a_bad_database_is_named(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "bad.mmdb"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(EmuError, match=r"bad\.mmdb") as caught:
        resolve_visitor("203.0.113.9", geoip_db=file)
    assert caught.value.code == "INVALID_GEOIP_DB"


def test_a_directory_remembers() -> None:
    visitors = VisitorDirectory(named={"office": {"place": "Berlin", "ip": "198.51.100.7"}})
    assert visitors.resolve("office") is visitors.resolve("office")
    assert visitors.resolve("office").city == "Berlin"


def test_a_capital_is_not_the_larger_city_around_it() -> None:
    assert resolve_visitor("New Delhi").city == "New Delhi"
    assert resolve_visitor("Delhi").city == "Delhi"


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Brasília", "Brasília, DF, BR"),
        ("Brasilia", "Brasília, DF, BR"),
        ("Salvador", "Salvador, BA, BR"),
        ("Granada", "Granada, AN, ES"),
        ("Norfolk", "Norfolk, VA, US"),
        ("Columbia", "Columbia, SC, US"),
        ("Franca", "Franca, SP, BR"),
        ("Guadalupe", "Guadalupe, NLE, MX"),
        ("Man", "Man, MG, CI"),
        ("Bra", "Bra, 21, IT"),
        ("Santa Helena", "Santa Helena, PR, BR"),
        ("Tailandia", "Tailândia, PA, BR"),
    ],
)
def test_a_city_is_not_beaten_by_a_foreign_word_for_a_country(text: str, label: str) -> None:
    assert find_place(text).label == label
    assert search_places(text)[0].label == label


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("Francia", "FR"),
        ("Alemania", "DE"),
        ("España", "ES"),
        ("Nederland", "NL"),
        ("Holland", "NL"),
        ("Macau", "MO"),
        ("Mexico", "MX"),
        ("Lebanon", "LB"),
        ("Jordan", "JO"),
        ("BRA", "BR"),
        ("MUS", "MU"),
        ("bo", "BO"),
        ("Нидерланды", "NL"),
        ("नेपाल", "NP"),
        ("सूडान", "SD"),
    ],
)
def test_a_country_by_its_own_name_or_a_word_of_no_city_is_one(text: str, country: str) -> None:
    assert find_place(text).country == country


@pytest.mark.parametrize(("english", "own", "country"), LARGE_CITIES)
def test_a_large_city_is_found_by_its_own_and_its_english_name(
    english: str, own: str, country: str
) -> None:
    place = find_place(own)
    assert place.country == country
    assert fold(english) in place.names
    for name in (english, without_accents(own), own.upper(), f"{own}, {country}"):
        assert find_place(name) == place


def without_accents(name: str) -> str:
    """As people type it whose keyboards have none; only Latin letters have accents."""
    plain = name.translate(str.maketrans("łŁđĐøØı", "lLdDoOi"))
    bare = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    return bare if bare.isascii() else name


def test_there_are_four_hundred_large_cities() -> None:
    assert len({(english, country) for english, _, country in LARGE_CITIES}) >= 400


@pytest.mark.parametrize("label", ["Mianzhu, Deyang, Sichuan, SC, CN", "New Delhi, DL, IN"])
def test_what_the_places_command_shows_can_be_written(label: str) -> None:
    assert find_place(label).label == label

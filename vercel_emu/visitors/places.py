"""The offline gazetteer: a gzipped text that is searched, never parsed as a whole.

Each city is one line, most populous first, that ends in all its folded names between bars; so
finding a name is one `bytes.find`, and starting costs a decompression (~20 ms, on first use).
`scripts/build_places.py` makes the file; its first lines tell the layout, sources and licences.
"""

from __future__ import annotations

import gzip
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files

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
    code: str
    name: str
    continent: str
    capital: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Subdivision:
    country: str
    code: str
    name: str
    names: tuple[str, ...]


class Gazetteer:
    """The file, decompressed; use the shared one of `gazetteer()`."""

    def __init__(self, text: bytes) -> None:
        self.notice, countries, subdivisions, cities = text.split(b"\n\n")
        self._countries = countries
        self._subdivisions = subdivisions
        self._cities = b"\n" + cities

    @cached_property
    def countries(self) -> dict[str, Country]:
        rows = (line.split("\t") for line in self._countries.decode().split("\n"))
        return {row[0]: Country(row[0], row[1], row[2], row[3], _names(row[4])) for row in rows}

    @cached_property
    def subdivisions(self) -> dict[tuple[str, str], Subdivision]:
        rows = (line.split("\t") for line in self._subdivisions.decode().split("\n"))
        return {(r[0], r[1]): Subdivision(r[0], r[1], r[2], _names(r[3])) for r in rows}

    @cached_property
    def _country_by_name(self) -> dict[str, str]:
        return {name: c.code for c in reversed(self.countries.values()) for name in c.names}

    @cached_property
    def _subdivisions_by_name(self) -> dict[str, frozenset[tuple[str, str]]]:
        found: dict[str, set[tuple[str, str]]] = {}
        for key, subdivision in self.subdivisions.items():
            for name in subdivision.names:
                found.setdefault(name, set()).add(key)
        return {name: frozenset(keys) for name, keys in found.items()}

    def country(self, text: str) -> Country | None:
        """By ISO code or by any of its names."""
        code = text.strip().upper()
        return self.countries.get(code) or self.countries.get(
            self._country_by_name.get(fold(text), "")
        )

    def subdivisions_called(self, text: str) -> frozenset[tuple[str, str]]:
        """(country, code) of every subdivision with this code (`MA`, `US-MA`) or name."""
        country, _, code = text.strip().upper().rpartition("-")
        by_code = {key for key in self.subdivisions if key[1] == code and country in ("", key[0])}
        return self._subdivisions_by_name.get(fold(text), frozenset()) | by_code

    def cities_called(self, name: str) -> list[Place]:
        """Every city with this name in any language, most populous first."""
        folded = fold(name)
        return list(self._matches(f"|{folded}|".encode())) if folded else []

    def cities_containing(self, folded: str) -> Iterator[Place]:
        """Every city with these letters in one of its names (already folded)."""
        wanted = folded.encode()
        return (p for p in self._matches(wanted) if any(folded in name for name in p.names))

    def largest_city(self, country: str) -> Place | None:
        found = self._matches(f"\t{country}\t".encode())  # a subdivision may have the same code
        return next((place for place in found if place.country == country), None)

    def cities(self) -> Iterator[Place]:
        return self._matches(b"\n", at_line_start=True)

    def _matches(self, needle: bytes, *, at_line_start: bool = False) -> Iterator[Place]:
        text, position = self._cities, 0
        while (position := text.find(needle, position)) >= 0:
            start = position + 1 if at_line_start else text.rfind(b"\n", 0, position + 1) + 1
            end = text.find(b"\n", start)
            position = end if end >= 0 else len(text)
            if start < position:
                yield self._place(text[start:position])

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
    def _bands(self) -> dict[int, list[tuple[float, float, int]]]:
        """Latitude in whole degrees -> (latitude, longitude, where the line starts)."""
        bands: dict[int, list[tuple[float, float, int]]] = {}
        start = 1
        for line in self._cities[1:].split(b"\n"):
            fields = line.split(b"\t", 5)
            if len(fields) > 5 and fields[0]:
                lat, lon = float(fields[3]), float(fields[4])
                bands.setdefault(math.floor(lat), []).append((lat, lon, start))
            start += len(line) + 1
        return bands

    def nearest_city(self, latitude: float, longitude: float) -> Place:
        """The city closest to a point, looking in bands of latitude from the point outwards."""
        home, best, best_start = math.floor(latitude), math.inf, 0
        for distance in range(181):
            if distance and best < math.sin(math.radians(distance - 1) / 2) ** 2:
                break
            for band in {home - distance, home + distance}:
                for lat, lon, start in self._bands.get(band, ()):
                    apart = closeness(latitude, longitude, lat, lon)
                    if apart < best:
                        best, best_start = apart, start
        return self._place(self._cities[best_start:].partition(b"\n")[0])


def _names(field: str) -> tuple[str, ...]:
    return tuple(name for name in field.split("|") if name)


@cache
def gazetteer() -> Gazetteer:
    """The places, read on first use."""
    packed = files("vercel_emu.visitors").joinpath("data/places.gz").read_bytes()
    return Gazetteer(gzip.decompress(packed).rstrip(b"\n"))

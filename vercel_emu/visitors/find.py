"""Which place a person means by `Paris`, `Paris, US`, `Springfield,MA,US`, `JP` or `Bavaria`."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import NamedTuple

from vercel_emu.errors import EmuError
from vercel_emu.visitors.fold import fold
from vercel_emu.visitors.places import Country, Place, gazetteer

# A city whose own name it is outweighs one that is also called so in some language.
OTHER_NAME_WEIGHT = 0.02
# The first of several cities is meant only where it is clearly the larger and better known.
CLEARLY_LARGER = 1.5
SAME_AREA_DEGREES = 0.7
LONGEST_QUERY = 200
# A name is suggested from so much likeness on: up to 1 for its letters, up to 0.22 for its size.
ALIKE = 0.95
SHORTEST_MISTYPED = 4
WELL_KNOWN = 40  # names that the source has for a city


def find_place(text: str) -> Place:
    """The place a person means; an `EmuError` with suggestions where that is not clear.

    What is written as `vercel-emu places` shows it comes first, then a country by its own name, a
    city by its own name, and last what either is called in other languages: Granada is a city,
    although Spanish calls Grenada so.
    """
    text = text[:LONGEST_QUERY].strip()
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts:
        raise _unknown(text)
    place = _labelled(text) or _largest_of(gazetteer().country_itself(text))
    place = place or _city_or_country(text, parts) or _subdivision(parts)
    if place is None and len(parts) == 1:
        place = _unseparated(parts[0])
    if place is None:
        raise _unknown(text)
    return place


def search_places(query: str, *, country: str | None = None, limit: int = 20) -> list[Place]:
    """Cities with the words of the query in one of their names.

    Exact names come first, the likeliest meant before others, then by size.
    """
    name, *qualifiers = [part.strip() for part in query.split(",") if part.strip()] or [""]
    wanted = fold(name)
    if not wanted:
        return []
    ranks: list[tuple[int, float, Place]] = []
    for place in gazetteer().cities_containing(wanted):
        if (country and place.country != country) or not _qualified(place, qualifiers):
            continue
        if wanted in place.names:
            ranks.append((0, -_weight(place, wanted), place))
        else:
            starts = any(known.startswith(wanted) for known in place.names)
            ranks.append((1 if starts else 2, -place.population, place))
    ranks.sort(key=lambda entry: entry[:2])
    return [place for _, _, place in ranks[:limit]]


def _largest_of(country: Country | None) -> Place | None:
    return gazetteer().largest_city(country.code) if country else None


def _labelled(text: str) -> Place | None:
    """The place with exactly this label, as `vercel-emu places` shows it; names have commas."""
    for least in (2, 1):
        name, *rest = [part.strip() for part in text.rsplit(",", least)]
        if len(rest) == least:
            region, country = rest[-2] if least == 2 else "", rest[-1]
            if place := gazetteer().city_labelled(name, region, country):
                return place
    return None


def _city_or_country(text: str, parts: list[str]) -> Place | None:
    """A city called so, unless only its other names are a foreign word for a country too."""
    cities = _cities(parts)
    country = gazetteer().country(text)
    if country and not any(_is_own_name(place, fold(parts[0])) for place in cities):
        return _largest_of(country)
    return _clearest(parts[0], cities)


def _cities(parts: list[str]) -> list[Place]:
    name, *qualifiers = parts
    return [p for p in gazetteer().cities_called(name) if _qualified(p, qualifiers)]


def _qualified(place: Place, qualifiers: Iterable[str]) -> bool:
    return all(_lies_in(place, qualifier) for qualifier in qualifiers)


def _lies_in(place: Place, text: str) -> bool:
    country = gazetteer().country(text)
    if country is not None and country.code == place.country:
        return True
    return (place.country, place.region or "") in _subdivisions(text)


@lru_cache(maxsize=1024)
def _subdivisions(text: str) -> frozenset[tuple[str, str]]:
    return frozenset(gazetteer().subdivisions_called(text.replace(".", "")))


def _subdivision(parts: list[str]) -> Place | None:
    """The largest city of a state or province, named alone or with its country."""
    name, *qualifiers = parts
    if len(fold(name)) < 4 and not qualifiers and "-" not in name:
        return None  # `MA` is a code of thirteen subdivisions
    regions: dict[str, set[str]] = {}
    for country, region in _subdivisions(name):
        regions.setdefault(country, set()).add(region)
    largest = (gazetteer().largest_city(*inside) for inside in regions.items())
    found = [place for place in largest if place and _qualified(place, qualifiers)]
    return max(found, key=lambda place: place.population, default=None)


def _unseparated(text: str) -> Place | None:
    """`London UK`, `Portland Maine`: the last words say where."""
    words = text.split()
    for cut in range(len(words) - 1, 0, -1):
        parts = [" ".join(words[:cut]), " ".join(words[cut:])]
        if place := _clearest(parts[0], _cities(parts)):
            return place
    return None


def _weight(place: Place, folded: str) -> float:
    weight = max(place.population, 1) * max(place.known_as, 1)
    return weight * (1.0 if _is_own_name(place, folded) else OTHER_NAME_WEIGHT)


def _is_own_name(place: Place, folded: str) -> bool:
    return bool(place.names) and place.names[0] == folded


def _clearest(name: str, found: list[Place]) -> Place | None:
    if not found:
        return None
    folded = fold(name)
    ranked = sorted(found, key=lambda place: -_weight(place, folded))
    first = ranked[0]
    rivals = [p for p in ranked[1:] if not _same_area(first, p)]
    if rivals and _weight(rivals[0], folded) * CLEARLY_LARGER > _weight(first, folded):
        raise _ambiguous(name, [first, *rivals])
    return first


def _same_area(one: Place, other: Place) -> bool:
    apart = math.dist((one.latitude, one.longitude), (other.latitude, other.longitude))
    return apart < SAME_AREA_DEGREES


def _ambiguous(name: str, places: list[Place]) -> EmuError:
    labels = "; ".join(f'"{place.label}"' for place in places[:3])
    return EmuError(
        "AMBIGUOUS_PLACE",
        f'"{name}" may be one of {len(places)} places.',
        f"Say which one: {labels}. All of them: vercel-emu places {_shell(name)}",
    )


def _unknown(text: str) -> EmuError:
    shown = text if len(text) <= 60 else f"{text[:60]}..."
    close = "; ".join(f'"{label}"' for label in suggestions(text))
    meant = f"The nearest are {close}. " if close else ""
    return EmuError(
        "UNKNOWN_PLACE",
        f'There is no place "{shown}".',
        f"{meant}A visitor is a city (Tokyo; Paris, US), a country (JP), coordinates "
        "(-33.87,151.21), an IP address, none, or a visitor named in pyproject.toml. "
        "Search with: vercel-emu places NAME",
    )


def suggestions(text: str, count: int = 3) -> list[str]:
    """Labels of the places that a mistyped name may mean, likeliest first; none for nonsense."""
    name, *qualifiers = text[:LONGEST_QUERY].split(",")
    wanted = fold(name)
    if len(wanted) < SHORTEST_MISTYPED and wanted.isascii():
        return []
    matcher = difflib.SequenceMatcher(autojunk=False)
    matcher.set_seq2(wanted)
    found: dict[str, tuple[float, Place | None]] = {}
    for known in _plausible(wanted):
        matcher.set_seq1(known.name)
        if matcher.quick_ratio() + known.fame >= ALIKE:
            likeness = matcher.ratio() + known.fame
            if likeness >= max(ALIKE, found.get(known.label, (0.0, None))[0]):
                found[known.label] = likeness, known.place
    labels = sorted(found, key=lambda label: -found[label][0])
    inside = [label for label in labels if _is_there(found[label][1], qualifiers)]
    return (inside or labels)[:count]


def _is_there(place: Place | None, qualifiers: list[str]) -> bool:
    return not qualifiers or (place is not None and _qualified(place, qualifiers))


def _plausible(wanted: str) -> list[_Known]:
    """A cheap first look at all names: about as long, and half of the letters in common."""
    letters = set(wanted)
    return [
        known
        for known in _names_to_suggest()
        if abs(len(known.name) - len(wanted)) <= 3
        and len(letters.intersection(known.name)) * 2 >= len(letters)
    ]


class _Known(NamedTuple):
    """A folded name, what to write for it, and how much likelier than a village it is meant."""

    name: str
    label: str
    fame: float
    place: Place | None


@cache
def _names_to_suggest() -> list[_Known]:
    """The own names of all cities, every name of well-known ones, and the countries'."""
    known = [
        _Known(name, place.label, math.log10(place.population + 1) * 0.03, place)
        for place in gazetteer().cities()
        for name in (place.names if place.known_as >= WELL_KNOWN else place.names[:1])
        # Shorter ones are codes of airports.
        if len(name) >= SHORTEST_MISTYPED or not name.isascii()
    ]
    countries = gazetteer().countries.values()
    return known + [_Known(name, c.name, 0.18, None) for c in countries for name in c.own_names]


def _shell(text: str) -> str:
    return f'"{text}"' if " " in text else text

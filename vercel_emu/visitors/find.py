"""Which place a person means by `Paris`, `Paris, US`, `Springfield,MA,US`, `JP` or `Bavaria`."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable
from functools import cache, lru_cache

from vercel_emu.errors import EmuError
from vercel_emu.visitors.fold import fold
from vercel_emu.visitors.places import Place, gazetteer

# A city whose own name it is outweighs one that is also called so in some language.
OTHER_NAME_WEIGHT = 0.02
# The first of several cities is meant only where it is clearly the larger and better known.
CLEARLY_LARGER = 1.5
SAME_AREA_DEGREES = 0.7
LONGEST_QUERY = 200


def find_place(text: str) -> Place:
    """The place a person means; an `EmuError` with suggestions where that is not clear."""
    parts = [part.strip() for part in text[:LONGEST_QUERY].split(",") if part.strip()]
    if not parts:
        raise _unknown(text)
    place = _country(text) or _labelled(text) or _city(parts) or _subdivision(parts)
    if place is None and len(parts) == 1:
        place = _unseparated(parts[0])
    if place is None:
        raise _unknown(text)
    return place


def search_places(query: str, *, country: str | None = None, limit: int = 20) -> list[Place]:
    """Cities with the words of the query in one of their names: exact names first, then by size."""
    name, *qualifiers = [part.strip() for part in query.split(",") if part.strip()] or [""]
    wanted = fold(name)
    if not wanted:
        return []
    ranks: list[tuple[int, int, Place]] = []
    for place in gazetteer().cities_containing(wanted):
        if (country and place.country != country) or not _qualified(place, qualifiers):
            continue
        starts = any(known.startswith(wanted) for known in place.names)
        rank = 0 if wanted in place.names else 1 if starts else 2
        ranks.append((rank, -place.population, place))
    ranks.sort(key=lambda entry: entry[:2])
    return [place for _, _, place in ranks[:limit]]


def _country(text: str) -> Place | None:
    country = gazetteer().country(text[:LONGEST_QUERY])
    return gazetteer().largest_city(country.code) if country else None


def _labelled(text: str) -> Place | None:
    """The place with exactly this label, as `vercel-emu places` shows it; names have commas."""
    if text.count(",") < 2:
        return None
    name = text.rsplit(",", 2)[0]
    wanted = text.strip()
    return next((p for p in gazetteer().cities_called(name) if p.label == wanted), None)


def _city(parts: list[str]) -> Place | None:
    name, *qualifiers = parts
    return _clearest(
        name, [p for p in gazetteer().cities_called(name) if _qualified(p, qualifiers)]
    )


def _qualified(place: Place, qualifiers: Iterable[str]) -> bool:
    return all(_lies_in(place, qualifier) for qualifier in qualifiers)


def _lies_in(place: Place, text: str) -> bool:
    country = gazetteer().country(text)
    if country is not None and country.code == place.country:
        return True
    return (place.country, place.region) in _subdivisions(text)


@lru_cache(maxsize=1024)
def _subdivisions(text: str) -> frozenset[tuple[str, str | None]]:
    return frozenset(gazetteer().subdivisions_called(text.replace(".", "")))


def _subdivision(parts: list[str]) -> Place | None:
    """The largest city of a state or province, named alone or with its country."""
    name, *qualifiers = parts
    if len(fold(name)) < 4 and not qualifiers and "-" not in name:
        return None  # `MA` is a code of thirteen subdivisions
    found = _subdivisions(name)
    if not found:
        return None
    inside = (p for p in gazetteer().cities() if (p.country, p.region) in found)
    return next((place for place in inside if _qualified(place, qualifiers)), None)


def _unseparated(text: str) -> Place | None:
    """`London UK`, `Portland Maine`: the last words say where."""
    words = text.split()
    for cut in range(len(words) - 1, 0, -1):
        if place := _city([" ".join(words[:cut]), " ".join(words[cut:])]):
            return place
    return None


def _weight(place: Place, folded: str) -> float:
    own_name = bool(place.names) and place.names[0] == folded
    weight = max(place.population, 1) * max(place.known_as, 1)
    return weight * (1.0 if own_name else OTHER_NAME_WEIGHT)


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
    """Labels of the places whose names are most like a mistyped one, larger cities first."""
    wanted = fold(text[:LONGEST_QUERY].partition(",")[0])
    labels = _alike(wanted, _plausible(wanted), least=0.6)
    if len(dict.fromkeys(labels)) < count:
        labels += _alike(wanted, _names_to_suggest()[:1000], least=0.0)
    return list(dict.fromkeys(labels))[:count]


def _plausible(wanted: str) -> list[tuple[str, str, float]]:
    """A cheap first look at 34,000 names: about as long, and half of the letters in common."""
    letters = set(wanted)
    return [
        entry
        for entry in _names_to_suggest()
        if abs(len(entry[0]) - len(wanted)) <= 3
        and len(letters.intersection(entry[0])) * 2 >= len(letters)
    ]


def _alike(wanted: str, entries: list[tuple[str, str, float]], least: float) -> list[str]:
    matcher = difflib.SequenceMatcher(autojunk=False)
    matcher.set_seq2(wanted)
    scored: list[tuple[float, str]] = []
    for name, label, bonus in entries:
        matcher.set_seq1(name)
        if matcher.quick_ratio() >= least:
            scored.append((matcher.ratio() + bonus, label))
    return [label for _, label in sorted(scored, key=lambda entry: -entry[0])]


@cache
def _names_to_suggest() -> list[tuple[str, str, float]]:
    cities = [
        (place.names[0], place.label, math.log10(place.population + 1) * 0.03)
        for place in gazetteer().cities()
        if place.names
    ]
    return cities + [(c.names[0], c.name, 0.18) for c in gazetteer().countries.values()]


def _shell(text: str) -> str:
    return f'"{text}"' if " " in text else text

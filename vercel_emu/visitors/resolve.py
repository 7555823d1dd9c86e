"""What a person writes for a visitor (`Tokyo`, `JP`, `203.0.113.9`, `none`...) to the `Visitor`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from vercel_emu.errors import EmuError
from vercel_emu.platform.regions import nearest_region
from vercel_emu.visitors.addresses import documentation_as_number, documentation_ip, parse_ip
from vercel_emu.visitors.find import find_place
from vercel_emu.visitors.fold import fold
from vercel_emu.visitors.named import build_named
from vercel_emu.visitors.places import Place, gazetteer
from vercel_emu.visitors.visitor import NEW_YORK, Visitor

NOBODY = Visitor(label="none", ip=documentation_ip("none"))
"""A visitor of whom the platform knows nothing but the address."""

_COORDINATES = re.compile(r"\s*([-+]?\d{1,4}(?:\.\d+)?)\s*[,;]\s*([-+]?\d{1,4}(?:\.\d+)?)\s*", re.A)


def resolve_visitor(
    text: str,
    *,
    named: Mapping[str, object] | None = None,
    geoip_db: Path | None = None,
    file: str = "pyproject.toml",
) -> Visitor:
    """The visitor that the text means; an `EmuError` says what is wrong with it.

    `named` are the tables `[tool.vercel-emu.visitors.NAME]` of `file`.
    """
    text = text.strip()
    known = named or {}
    if (name := _own_name(text, known)) is not None:
        others = {key: table for key, table in known.items() if key != name}

        def resolve_place(place: str) -> Visitor:
            return resolve_visitor(place, named=others, geoip_db=geoip_db, file=file)

        return build_named(name, known[name], resolve_place, file=file)
    if text.lower() == "none":
        return NOBODY
    if match := _COORDINATES.fullmatch(text):
        return _visitor_near(text, float(match[1]), float(match[2]))
    if ip := parse_ip(text):
        return _visitor_of_ip(ip, geoip_db)
    return visitor_at(find_place(text))


def visitor_at(place: Place) -> Visitor:
    """A visitor in this place, with an address of nobody's."""
    if (place.name, place.country) == (NEW_YORK.city, NEW_YORK.country):
        return NEW_YORK
    return Visitor(
        label=place.name or place.country_name,
        ip=documentation_ip(place.label),
        edge_region=nearest_region(place.latitude, place.longitude),
        city=place.name,
        country=place.country,
        country_region=place.region,
        continent=place.continent,
        latitude=place.latitude,
        longitude=place.longitude,
        timezone=place.timezone,
        postal_code=place.postal_code,
        as_number=documentation_as_number(place.label),
    )


def _own_name(text: str, named: Mapping[str, object]) -> str | None:
    if text in named:
        return text
    folded = fold(text)
    return next((name for name in named if folded and fold(name) == folded), None)


def _visitor_near(text: str, latitude: float, longitude: float) -> Visitor:
    if abs(latitude) > 90 or abs(longitude) > 180:
        raise EmuError(
            "INVALID_COORDINATES",
            f'"{text}" is not a place on the globe.',
            "Write latitude (-90 to 90), then longitude (-180 to 180): -33.87,151.21",
        )
    city = visitor_at(gazetteer().nearest_city(latitude, longitude))
    return replace(
        city,
        label=text.replace(" ", ""),
        ip=documentation_ip(text),
        latitude=latitude,
        longitude=longitude,
        edge_region=nearest_region(latitude, longitude),
    )


def _visitor_of_ip(ip: str, geoip_db: Path | None) -> Visitor:
    if geoip_db is None:
        return Visitor(label=ip, ip=ip)
    from vercel_emu.visitors.geoip import visitor_from_database

    return visitor_from_database(ip, geoip_db)

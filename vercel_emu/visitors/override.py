"""Change single fields of a visitor: `x-emu-city: Kyoto`, `[tool.vercel-emu.visitors.NAME]`.

Each field has one checker here, so that header, config and scenario accept the same values and
complain in the same words. An empty value takes the field away: its header is then absent.
"""

from __future__ import annotations

import difflib
import math
import re
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from vercel_emu.errors import EmuError
from vercel_emu.platform.regions import check_region, nearest_region
from vercel_emu.visitors.addresses import check_ip
from vercel_emu.visitors.places import gazetteer
from vercel_emu.visitors.visitor import Visitor

CONTINENTS = ("AF", "AN", "AS", "EU", "NA", "OC", "SA")
LONGEST_TEXT = 200


def override_visitor(
    visitor: Visitor, fields: Mapping[str, str], *, where: str = "x-emu-"
) -> Visitor:
    """The visitor with these fields changed; `where` goes before a field's name in an error.

    The edge region stays the nearest one where the coordinates change and it is not given.
    """
    if not fields:
        return visitor
    changes: dict[str, Any] = {}
    for name, value in fields.items():
        attribute, check = _checker(name, where)
        changes[attribute] = check(value.strip(), f"{where}{name}")
    changed = replace(visitor, **changes)
    moved = "latitude" in changes or "longitude" in changes
    if moved and "edge_region" not in changes:
        return with_nearest_region(changed)
    return changed


def with_nearest_region(visitor: Visitor) -> Visitor:
    if visitor.latitude is None or visitor.longitude is None:
        return visitor
    return replace(visitor, edge_region=nearest_region(visitor.latitude, visitor.longitude))


def _checker(name: str, where: str) -> tuple[str, Callable[[str, str], object]]:
    attribute = _ALIASES.get(name.lower().replace("-", "_"), name.lower().replace("-", "_"))
    if attribute in _CHECKERS:
        return attribute, _CHECKERS[attribute]
    close = difflib.get_close_matches(attribute, _CHECKERS, n=1)
    meant = f"Did you mean {close[0].replace('_', '-')}? " if close else ""
    raise EmuError(
        "INVALID_VISITOR",
        f"{where}{name} is not a field of a visitor.",
        f"{meant}The fields are {', '.join(FIELDS)}.",
    )


def _wrong(where: str, value: str, allowed: str) -> EmuError:
    return EmuError("INVALID_VISITOR", f'{where}: "{value}" is not {allowed}.', _EMPTY_HINT)


_EMPTY_HINT = "An empty value takes the field away, so that its header is absent."


def _ip(value: str, where: str) -> str:
    return check_ip(value, where)


def _edge_region(value: str, where: str) -> str:
    try:
        return check_region(value)
    except EmuError as error:
        raise EmuError("INVALID_VISITOR", f"{where}: {error.message}", error.hint) from None


def _text(value: str, where: str) -> str | None:
    if len(value) > LONGEST_TEXT or not value.isprintable():
        raise _wrong(where, value[:40], f"a printable text of at most {LONGEST_TEXT} characters")
    return value or None


def _country(value: str, where: str) -> str | None:
    if not value:
        return None
    country = gazetteer().country(value)
    if country is None:
        raise _wrong(where, value, "a country: write its ISO 3166-1 code (JP) or its name")
    return country.code


def _country_region(value: str, where: str) -> str | None:
    if not value:
        return None
    if not re.fullmatch(r"[A-Za-z0-9]{1,3}", value):
        allowed = "an ISO 3166-2 code without the country, one to three letters or digits (NY)"
        raise _wrong(where, value, allowed)
    return value.upper()


def _continent(value: str, where: str) -> str | None:
    if value and value.upper() not in CONTINENTS:
        raise _wrong(where, value, f"one of {', '.join(CONTINENTS)}")
    return value.upper() or None


def _degrees(limit: int) -> Callable[[str, str], float | None]:
    def check(value: str, where: str) -> float | None:
        if not value:
            return None
        try:
            degrees = float(value)
        except ValueError:
            degrees = math.nan
        if not -limit <= degrees <= limit:
            raise _wrong(where, value, f"a number of degrees between -{limit} and {limit}")
        return degrees

    return check


@cache
def _time_zones() -> dict[str, str]:
    return {name.lower(): name for name in zoneinfo.available_timezones()}


def _timezone(value: str, where: str) -> str | None:
    if not value:
        return None
    known = _time_zones()
    if value.lower() in known:
        return known[value.lower()]
    if not known and re.fullmatch(r"[A-Za-z]+(/[\w+-]+)*", value):
        return value  # a machine without time zone data can't tell
    close = difflib.get_close_matches(value.lower(), known, n=3)
    meant = f" (did you mean {', '.join(known[name] for name in close)}?)" if close else ""
    raise _wrong(where, value, f"an IANA time zone such as Europe/Berlin{meant}")


def _postal_code(value: str, where: str) -> str | None:
    if value and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 -]{0,15}", value):
        raise _wrong(where, value, "a postal code: letters, digits, spaces and hyphens")
    return value or None


def _as_number(value: str, where: str) -> int | None:
    digits = value.upper().removeprefix("AS")
    if not digits:
        return None
    if not re.fullmatch(r"[0-9]{1,10}", digits) or int(digits) >= 1 << 32:
        raise _wrong(where, value, "an AS number between 0 and 4294967295")
    return int(digits)


def _label(value: str, where: str) -> str:
    return _text(value, where) or "a visitor"


_CHECKERS: dict[str, Callable[[str, str], object]] = {
    "label": _label,
    "ip": _ip,
    "city": _text,
    "country": _country,
    "country_region": _country_region,
    "continent": _continent,
    "latitude": _degrees(90),
    "longitude": _degrees(180),
    "timezone": _timezone,
    "postal_code": _postal_code,
    "as_number": _as_number,
    "edge_region": _edge_region,
}
_ALIASES = {"region": "edge_region", "lat": "latitude", "lon": "longitude"}
FIELDS = tuple(name.replace("_", "-") for name in _CHECKERS)

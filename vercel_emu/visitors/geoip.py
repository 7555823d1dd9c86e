"""The place of an IP address, from a MaxMind-format database that the person brings."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vercel_emu.errors import EmuError
from vercel_emu.visitors.override import with_nearest_region
from vercel_emu.visitors.visitor import Visitor

if TYPE_CHECKING:
    import maxminddb


def visitor_from_database(ip: str, file: Path) -> Visitor:
    """A visitor with this address and what the database (City, Country or ASN) knows of it."""
    try:
        record = open_database(file).get(ip)
    except ValueError:  # an IPv6 address in a database of IPv4 networks
        record = None
    return visitor_from_record(ip, record)


def visitor_from_record(ip: str, record: object) -> Visitor:
    """Read a record in the layout of GeoIP2 / GeoLite2; what is not there stays away."""
    found: dict[str, Any] = record if isinstance(record, dict) else {}
    location = _table(found, "location")
    subdivisions = found.get("subdivisions")
    first = subdivisions[0] if isinstance(subdivisions, list) and subdivisions else {}
    return with_nearest_region(
        Visitor(
            label=ip,
            ip=ip,
            city=_table(found, "city", "names").get("en"),
            country=_table(found, "country").get("iso_code"),
            country_region=first.get("iso_code"),
            continent=_table(found, "continent").get("code"),
            latitude=location.get("latitude"),
            longitude=location.get("longitude"),
            timezone=location.get("time_zone"),
            postal_code=_table(found, "postal").get("code"),
            as_number=found.get("autonomous_system_number"),
        )
    )


def _table(record: dict[str, Any], *path: str) -> dict[str, Any]:
    for key in path:
        inner = record.get(key)
        record = inner if isinstance(inner, dict) else {}
    return record


@functools.lru_cache(maxsize=8)
def open_database(file: Path) -> maxminddb.Reader:
    """The database, opened once.

    Raises:
        EmuError: it can't be read, or the package that reads it is not installed.
    """
    try:
        import maxminddb
    except ImportError:
        raise EmuError(
            "GEOIP_NOT_INSTALLED",
            f"--geoip-db: reading {file} needs the package maxminddb, which is not installed.",
            'Install it with: pip install "vercel-emu[geoip]"',
        ) from None
    try:
        return maxminddb.open_database(file, maxminddb.MODE_MMAP)
    except (OSError, maxminddb.InvalidDatabaseError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not in the MaxMind format"
        raise EmuError(
            "INVALID_GEOIP_DB",
            f"--geoip-db: the database {file} cannot be read: {reason}.",
            "It takes a .mmdb file, such as GeoLite2-City.mmdb or DB-IP's city-lite.",
        ) from None

"""Who is asking: a frozen value that the edge turns into the platform's headers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """A visitor of the deployment. A field that is None has no header, as on the platform.

    `country` is ISO 3166-1 alpha-2, `country_region` the ISO 3166-2 code without the country
    part, `continent` one of AF AN AS EU NA OC SA, coordinates are degrees, `timezone` an IANA
    name, `edge_region` the code of the platform's region that takes the request (facts 5.1, 12).
    `label` is how the terminal calls the visitor; `headers` are extra request headers.
    """

    label: str
    ip: str
    edge_region: str = "iad1"
    city: str | None = None
    country: str | None = None
    country_region: str | None = None
    continent: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    timezone: str | None = None
    postal_code: str | None = None
    as_number: int | None = None
    headers: tuple[tuple[str, str], ...] = ()


# The visitor of the platform's own documentation example, at an address of RFC 5737.
NEW_YORK = Visitor(
    label="New York",
    ip="203.0.113.195",
    edge_region="iad1",
    city="New York",
    country="US",
    country_region="NY",
    continent="NA",
    latitude=40.7128,
    longitude=-74.0060,
    timezone="America/New_York",
    postal_code="10001",
    as_number=64496,
)

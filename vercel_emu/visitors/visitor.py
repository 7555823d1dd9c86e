"""Who is asking: a frozen value that the edge turns into the platform's headers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """A visitor of the deployment. A field that is None has no header, as on the platform.

    `country` is ISO 3166-1 alpha-2, `country_region` the ISO 3166-2 code without the country
    part, `continent` one of AF AN AS EU NA OC SA, coordinates are degrees, `timezone` an IANA
    name, `edge_region` the code of the platform's region that takes the request. `label` is how the
    terminal calls the visitor; `headers` are extra request headers. Without an `ip` it is one of
    the documentation ranges, always the same for the same label; without an `edge_region` the
    nearest, or iad1.
    """

    label: str = ""
    ip: str = ""
    edge_region: str = ""
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

    def __post_init__(self) -> None:
        label = self.label or self.city or self.country or self.ip or "visitor"
        object.__setattr__(self, "label", label)
        object.__setattr__(self, "ip", self.ip or _own_ip(label))
        object.__setattr__(self, "edge_region", self.edge_region or _nearest(self))


def _own_ip(label: str) -> str:
    from vercel_emu.visitors.addresses import documentation_ip

    return documentation_ip(label)


def _nearest(visitor: Visitor) -> str:
    if visitor.latitude is None or visitor.longitude is None:
        return "iad1"
    from vercel_emu.platform.regions import nearest_region

    return nearest_region(visitor.latitude, visitor.longitude)


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

"""A visitor as the request headers that the platform adds (vercel.com/docs/headers)."""

from __future__ import annotations

import base64
from functools import lru_cache
from urllib.parse import quote

from vercel_emu.platform import header_names as names
from vercel_emu.visitors.visitor import Visitor

type HeaderTuple = tuple[tuple[bytes, bytes], ...]


@lru_cache(maxsize=1024)
def geo_headers(visitor: Visitor) -> HeaderTuple:
    """The `x-vercel-ip-*` headers; a field that is None has none."""
    values = (
        (names.IP_CITY, visitor.city and quote(visitor.city, safe="")),
        (names.IP_COUNTRY, visitor.country),
        (names.IP_COUNTRY_REGION, visitor.country_region),
        (names.IP_CONTINENT, visitor.continent),
        (names.IP_LATITUDE, _degrees(visitor.latitude)),
        (names.IP_LONGITUDE, _degrees(visitor.longitude)),
        (names.IP_TIMEZONE, visitor.timezone),
        (names.IP_POSTAL_CODE, visitor.postal_code),
        (names.IP_AS_NUMBER, None if visitor.as_number is None else str(visitor.as_number)),
    )
    return tuple(
        (name.encode(), value.encode("latin-1", "replace")) for name, value in values if value
    )


@lru_cache(maxsize=1024)
def address_headers(ip: str) -> HeaderTuple:
    """The headers that hold nothing but the visitor's address."""
    carriers = (
        names.FORWARDED_FOR,
        names.REAL_IP,
        names.VERCEL_FORWARDED_FOR,
        names.VERCEL_PROXIED_FOR,
    )
    return tuple((name.encode(), ip.encode()) for name in carriers)


def client_headers(
    visitor: Visitor,
    host: str,
    *,
    proto: str = "https",
    signature: str = "",
    expires: int = 0,
) -> HeaderTuple:
    """The visitor's address in every header that the platform puts it in.

    `signature` is the value of `x-vercel-proxy-signature`, `expires` that of its `-ts`: the
    `forwarded` header repeats both.
    """
    forwarded = forwarded_value(visitor.ip, host, proto, signature, expires)
    return (*address_headers(visitor.ip), (names.FORWARDED.encode(), forwarded))


@lru_cache(maxsize=1024)
def forwarded_value(
    ip: str, host: str, proto: str = "https", signature: str = "", expires: int = 0
) -> bytes:
    """`for=IP;host=HOST;proto=https;sig=0<base64>;exp=<unix>`.

    RFC 7239 wants quotes around a value with a colon, and brackets around an IPv6 address.
    """
    node = f'"[{ip}]"' if ":" in ip else ip
    value = f"for={node};host={_token(host)};proto={proto}"
    if signature:
        packed = base64.b64encode(signature.encode("latin-1", "replace")).decode()
        value += f";sig=0{packed};exp={expires}"
    return value.encode("latin-1", "replace")


def _degrees(value: float | None) -> str | None:
    """Four decimals, as the platform prints them: `-74.0060`."""
    return None if value is None else f"{value + 0.0:.4f}".replace("-0.0000", "0.0000")


def _token(value: str) -> str:
    if value and all(c.isalnum() or c in "!#$%&'*+-.^_`|~" for c in value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'

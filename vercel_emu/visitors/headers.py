"""A visitor as the request headers that the platform adds (vercel.com/docs/headers)."""

from __future__ import annotations

import base64
import re
from functools import lru_cache
from urllib.parse import quote

from vercel_emu.platform import header_names as names
from vercel_emu.visitors.visitor import Visitor

type HeaderTuple = tuple[tuple[bytes, bytes], ...]

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


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


def forwarded_value(ip: str, host: str, proto: str, signature: str, expires: int) -> str:
    """`for=IP;host=HOST;proto=https;sig=0<base64>;exp=<unix>`.

    `signature` is the value of `x-vercel-proxy-signature`, `expires` that of its `-ts`.
    """
    node = f"[{ip}]" if ":" in ip else ip
    packed = base64.b64encode(signature.encode()).decode()
    return f"for={_quoted(node)};host={_quoted(host)};proto={proto};sig=0{packed};exp={expires}"


def _degrees(value: float | None) -> str | None:
    """Four decimals, as the platform prints them: `-74.0060`."""
    return None if value is None else f"{value + 0.0:.4f}".replace("-0.0000", "0.0000")


def _quoted(value: str) -> str:
    """In quotes, unless it is a token (RFC 7239 section 4): one with a colon is none."""
    if _TOKEN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'

"""Who is asking and from where: the headers that the platform adds to every request."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, ParamSpec, Protocol, TypedDict, TypeVar
from urllib.parse import unquote

__all__ = [
    "Geo",
    "HeadersContext",
    "geolocation",
    "get_headers",
    "headers_from_asgi_scope",
    "headers_from_wsgi_environ",
    "ip_address",
    "set_headers",
]

CITY_HEADER_NAME = "x-vercel-ip-city"
COUNTRY_HEADER_NAME = "x-vercel-ip-country"
IP_HEADER_NAME = "x-real-ip"
LATITUDE_HEADER_NAME = "x-vercel-ip-latitude"
LONGITUDE_HEADER_NAME = "x-vercel-ip-longitude"
REGION_HEADER_NAME = "x-vercel-ip-country-region"
POSTAL_CODE_HEADER_NAME = "x-vercel-ip-postal-code"
REQUEST_ID_HEADER_NAME = "x-vercel-id"

# A flag is two "regional indicator" letters: 🇦 lies this far behind A.
EMOJI_FLAG_UNICODE_STARTING_POSITION = ord("\N{REGIONAL INDICATOR SYMBOL LETTER A}") - ord("A")

P = ParamSpec("P")
R = TypeVar("R")

_current: ContextVar[Mapping[str, str] | None] = ContextVar("vercel_headers", default=None)


class _HeadersLike(Protocol):
    def get(self, name: str) -> str | None: ...


class _RequestLike(Protocol):
    @property
    def headers(self) -> _HeadersLike: ...


class Geo(TypedDict, total=False):
    """A visitor's place. Every value is a string or None, the coordinates (in degrees) too.

    `region` is the platform's region that the request entered (`fra1`; `dev1` where there is no
    platform); `countryRegion` is the visitor's own (`BE`, the part of ISO 3166-2 after the dash).
    """

    city: str | None
    country: str | None
    flag: str | None
    region: str | None
    countryRegion: str | None
    latitude: str | None
    longitude: str | None
    postalCode: str | None


def set_headers(headers: Mapping[str, str] | None) -> None:
    """Make `headers` the current request's, in this task or thread; the runtime does it for you."""
    _current.set(headers)


def get_headers() -> Mapping[str, str] | None:
    """The current request's headers with lower-case names; None outside a request."""
    return _current.get()


@dataclass(frozen=True)
class HeadersContext:
    """A request's headers, kept to be the current ones again elsewhere, such as in a thread."""

    headers: Mapping[str, str] | None

    @contextmanager
    def use(self) -> Iterator[None]:
        """They are the current ones inside the `with` block."""
        token = _current.set(self.headers)
        try:
            yield
        finally:
            _current.reset(token)

    def run(self, func: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """They are the current ones while `func` runs."""
        with self.use():
            return func(*args, **kwargs)


def headers_from_asgi_scope(scope: Mapping[str, Any]) -> dict[str, str]:
    """The headers of an ASGI scope; of a repeated one, the last."""
    pairs = scope.get("headers", [])
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in pairs}


def headers_from_wsgi_environ(environ: Mapping[str, Any]) -> dict[str, str]:
    """The headers of a WSGI environ, under names such as `X-Real-Ip`."""
    headers = {
        name: str(environ[key])
        for key, name in (("CONTENT_TYPE", "Content-Type"), ("CONTENT_LENGTH", "Content-Length"))
        if key in environ
    }
    for key, value in environ.items():
        if key.startswith("HTTP_"):
            headers[key.removeprefix("HTTP_").replace("_", "-").title()] = str(value)
    return headers


def ip_address(input: _RequestLike | _HeadersLike) -> str | None:
    """The visitor's IP address, from a request or from its headers; None where unknown."""
    headers: _HeadersLike = input.headers if hasattr(input, "headers") else input
    return headers.get(IP_HEADER_NAME)


def geolocation(request: _RequestLike) -> Geo:
    """The visitor's place, from a request (anything with `.headers`); fields unknown are None."""
    headers = request.headers
    city = headers.get(CITY_HEADER_NAME)
    country = headers.get(COUNTRY_HEADER_NAME)
    return {
        # The city alone is percent-encoded, since it need not be ASCII.
        "city": None if city is None else unquote(city),
        "country": country,
        "flag": _flag(country),
        "countryRegion": headers.get(REGION_HEADER_NAME),
        "region": _region(headers.get(REQUEST_ID_HEADER_NAME)),
        "latitude": headers.get(LATITUDE_HEADER_NAME),
        "longitude": headers.get(LONGITUDE_HEADER_NAME),
        "postalCode": headers.get(POSTAL_CODE_HEADER_NAME),
    }


def _flag(country: str | None) -> str | None:
    if not country or len(country) != 2 or not country.isalpha():
        return None
    return "".join(chr(EMOJI_FLAG_UNICODE_STARTING_POSITION + ord(c)) for c in country.upper())


def _region(request_id: str | None) -> str:
    """`fra1::iad1::abc-123` entered the platform in `fra1`."""
    return "dev1" if request_id is None else request_id.split(":")[0]

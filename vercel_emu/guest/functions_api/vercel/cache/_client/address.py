"""Where a request goes: the endpoint taken apart, and a key made part of a request target.

A key is appended to the endpoint unescaped, as the official package does, so what a `?`, `#`,
`..` or a space in a key means is decided here, in the same way.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

MAX_URL_LENGTH = 65536

_ENDPOINT = re.compile(
    r"(?i)(https?)://(\[[0-9a-f:.]+\]|[^/?#\[\]:@\s]+)(?::(\d{1,5}))?(/[^?#\x00-\x1f]*)\Z"
)
_LOOPBACK = re.compile(r"(?i)localhost|127(?:\.\d{1,3}){3}|::1")

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_$~-]*\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_UNSAFE_IN_PATH = re.compile(r"[^!$-;=@-_a-z|~]")
_UNSAFE_IN_QUERY = re.compile(r"[^!$-;=?-~]")


class Endpoint(NamedTuple):
    """A cache endpoint such as `http://127.0.0.1:4783/v1/suspense-cache/`."""

    url: str
    secure: bool
    host: str
    port: int
    path: str

    @property
    def host_header(self) -> str:
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == (443 if self.secure else 80) else f"{name}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Plain HTTP to this machine: what the keep-alive sockets serve."""
        return not self.secure and _LOOPBACK.fullmatch(self.host) is not None


@lru_cache(maxsize=32)
def parse_endpoint(url: str) -> Endpoint:
    """Take an endpoint apart; a `ValueError` says what one looks like."""
    match = _ENDPOINT.match(url)
    if match is None:
        raise ValueError(
            f"The runtime cache endpoint {url!r} is not an address"
            " such as http://127.0.0.1:4783/v1/suspense-cache/."
        )
    scheme, host, port, path = match.groups()
    secure = scheme.lower() == "https"
    number = int(port) if port else (443 if secure else 80)
    return Endpoint(url, secure, host.strip("[]").lower(), number, _target_path(path))


def is_loopback(endpoint: str) -> bool:
    """Whether `endpoint` is plain HTTP to this machine."""
    try:
        return parse_endpoint(endpoint.rstrip("/") + "/").loopback
    except ValueError:
        return False


def target_of_key(endpoint: Endpoint, key: str) -> str:
    """The request target that addresses `key`: its path, and its query if the key has a `?`."""
    if len(endpoint.url) + len(key) > MAX_URL_LENGTH:
        raise ValueError("URL too long")
    if _PLAIN_KEY.match(key):
        return endpoint.path + key
    if control := _CONTROL.search(key):
        position = len(endpoint.url) + control.start()
        raise ValueError(
            "Invalid non-printable ASCII character in URL,"
            f" {control.group()!r} at position {position}."
        )
    rest, _, fragment = key.partition("#")
    fragment.encode()  # it isn't sent, but what can't be encoded is refused there too
    path, question, query = rest.partition("?")
    target = _target_path(endpoint.path + path) or "/"
    return f"{target}?{_UNSAFE_IN_QUERY.sub(_percent, query)}" if question else target


def target_of_tags(endpoint: Endpoint, tags: object) -> str:
    """The request target that expires `tags`, already joined with commas."""
    from urllib.parse import urlencode

    query = urlencode({"tags": _query_text(tags)})
    if len(query) > MAX_URL_LENGTH:
        raise ValueError("URL component 'query' too long")
    return f"{endpoint.path}revalidate?{query}"


def _query_text(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _target_path(path: str) -> str:
    return _UNSAFE_IN_PATH.sub(_percent, _without_dots(path))


def _percent(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match.group().encode())


def _without_dots(path: str) -> str:
    """`/a/./b/../c` is `/a/c`, and nothing climbs above the root."""
    segments = path.split("/")
    if "." not in segments and ".." not in segments:
        return path
    kept: list[str] = []
    for segment in segments:
        if segment == "..":
            if kept not in ([], [""]):
                kept.pop()
        elif segment != ".":
            kept.append(segment)
    return "/".join(kept)

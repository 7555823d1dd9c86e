"""The answers of the runtime cache protocol, as ASGI messages made once where possible."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from vercel_emu.platform import header_names as names
from vercel_emu.runtime_cache.model import Item
from vercel_emu.transport.headers import RawHeaders

_STATE = (names.CACHE_STATE.encode(), b"fresh")
_TAGS = names.CACHE_TAGS.encode()
_NAME = names.CACHE_ITEM_NAME.encode()
_JSON = (b"content-type", b"application/json")


@dataclass(frozen=True, slots=True)
class Response:
    """A whole response."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    def start(self) -> dict[str, Any]:
        """The message that begins it; a new one each time, as a middleware may change it."""
        return {
            "type": "http.response.start",
            "status": self.status,
            "headers": list(self.headers),
        }


def _response(status: int, body: bytes, headers: Iterable[tuple[bytes, bytes]]) -> Response:
    return Response(status, (*headers, (b"content-length", b"%d" % len(body))), body)


def _plain(status: int, text: str, *headers: tuple[bytes, bytes]) -> Response:
    return _response(status, text.encode(), [(b"content-type", b"text/plain"), *headers])


def json_response(status: int, value: object) -> Response:
    return _response(status, msgspec.json.encode(value), [_JSON])


def problem(status: int, reason: str) -> Response:
    """A refusal with its reason."""
    return json_response(status, {"error": reason})


def hit(item: Item) -> Response:
    """A fresh item, its bytes as they came."""
    headers: RawHeaders = [_JSON, _STATE, (b"age", b"%d" % max(0, int(item.age)))]
    if item.tags:
        headers.append((_TAGS, ",".join(item.tags).encode()))
    if item.name:
        headers.append((_NAME, item.name.encode()))
    return _response(200, item.body, headers)


FORBIDDEN = _plain(403, "Forbidden")
UNAUTHORIZED = _plain(401, "Unauthorized", (b"www-authenticate", b"Bearer"))
NOT_FOUND = _plain(404, "Not Found")
METHOD_NOT_ALLOWED = _plain(405, "Method Not Allowed")
INTERNAL_ERROR = _plain(500, "Internal Server Error")
DONE = json_response(200, {"success": True})
REVALIDATED = json_response(200, {"revalidated": True})

"""The answers of the runtime cache protocol, as ASGI messages made once where possible."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from vercel_emu.platform import header_names as names
from vercel_emu.runtime_cache.model import Item

type Headers = list[tuple[bytes, bytes]]

_STATE = (names.CACHE_STATE.encode(), b"fresh")
_TAGS = names.CACHE_TAGS.encode()
_NAME = names.CACHE_ITEM_NAME.encode()
_JSON = (b"content-type", b"application/json")


@dataclass(frozen=True, slots=True)
class Answer:
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


def _answer(status: int, body: bytes, headers: Iterable[tuple[bytes, bytes]]) -> Answer:
    return Answer(status, (*headers, (b"content-length", b"%d" % len(body))), body)


def _plain(status: int, text: str, *headers: tuple[bytes, bytes]) -> Answer:
    return _answer(status, text.encode(), [(b"content-type", b"text/plain"), *headers])


def json_answer(status: int, value: object) -> Answer:
    return _answer(status, msgspec.json.encode(value), [_JSON])


def problem(status: int, reason: str) -> Answer:
    """A refusal with its reason."""
    return json_answer(status, {"error": reason})


def hit(item: Item) -> Answer:
    """A fresh item, its bytes as they came."""
    headers: Headers = [_JSON, _STATE, (b"age", b"%d" % max(0, int(item.age)))]
    if item.tags:
        headers.append((_TAGS, ",".join(item.tags).encode()))
    if item.name:
        headers.append((_NAME, item.name.encode()))
    return _answer(200, item.body, headers)


FORBIDDEN = _plain(403, "Forbidden")
UNAUTHORIZED = _plain(401, "Unauthorized", (b"www-authenticate", b"Bearer"))
NOT_FOUND = _plain(404, "Not Found")
METHOD_NOT_ALLOWED = _plain(405, "Method Not Allowed")
INTERNAL_ERROR = _plain(500, "Internal Server Error")
DONE = json_answer(200, {"success": True})
REVALIDATED = json_answer(200, {"revalidated": True})

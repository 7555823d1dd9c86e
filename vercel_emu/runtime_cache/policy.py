"""The platform's rules of the runtime cache, as plain functions.

Where its documentation is stricter than the official CLI's own dev cache (tag count and
length), the documentation wins: a deployment would refuse the item as well.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from vercel_emu.platform.limits import CACHE_ITEM_BYTES, CACHE_TAG_BYTES, CACHE_TAGS

ONE_YEAR = 31_536_000.0

ITEM_OVERHEAD = 256
"""Bytes that an item costs beside what its writer sent: row, index entries, times."""

_FOREVER = frozenset({"Infinity", "false", "False", "FALSE", "f", "F"})
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_LARGEST = 2**53 - 1
_LONGEST = 100
_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an item is not stored: the answer's status and reason, and the event's code."""

    status: int
    code: str
    reason: str
    numbers: str = ""
    """What the reason does not say, because the platform's own answer doesn't either."""

    def __str__(self) -> str:
        return f"{self.reason}: {self.numbers}" if self.numbers else self.reason


def parse_ttl(text: str) -> float | None:
    """Seconds to live of an `x-vercel-revalidate` value; None where it is refused.

    As the official CLI's dev cache reads it (64.0.2): whole numbers that JavaScript can count to,
    or a word for one year. The SDK sends `str(ttl)`, so 1.5, 60.0, `inf` and True are refused.
    """
    text = text.strip()
    if text in _FOREVER:
        return ONE_YEAR
    if not _WHOLE.fullmatch(text) or len(text) > _LONGEST:
        return None
    seconds = int(text)
    return float(seconds) if 0 <= seconds <= _LARGEST else None


def refuse_ttl(text: str) -> Refusal:
    """Why an item with such a ttl is not stored."""
    shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    numbers = f"the ttl is {shown!a}, and only whole seconds are taken, from 0 on"
    return Refusal(400, "CACHE_INVALID_TTL", "Invalid revalidate value", numbers)


def is_ttl(seconds: float | None) -> bool:
    """Whether something can live so long; None is for ever."""
    return seconds is None or (math.isfinite(seconds) and seconds > 0)


def parse_tags(text: str) -> tuple[str, ...]:
    """Tags of a header or query value: the protocol joins them by commas.

    Blanks around a tag are dropped, as HTTP drops them around a header's value.
    """
    return unique_tags(text.split(","))


def unique_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Tags in their order, without blanks around them, empty ones and repetitions."""
    return tuple(dict.fromkeys(tag for raw in tags if (tag := raw.strip())))


def decode_key(raw: bytes) -> str | None:
    """The key of a request path; None where its percent-encoding is broken."""
    if _BAD_ESCAPE.search(raw):
        return None
    try:
        return unquote_to_bytes(raw).decode()
    except UnicodeDecodeError:
        return None


def too_large(size: int) -> Refusal | None:
    """The platform's item limit."""
    if size <= CACHE_ITEM_BYTES:
        return None
    numbers = f"{size:,} bytes (limit {CACHE_ITEM_BYTES:,})"
    return Refusal(413, "CACHE_ITEM_TOO_LARGE", "Cache item is too large", numbers)


def refuse_labels(tags: Sequence[str], name: str) -> Refusal | None:
    """Why these tags, or this name, can't be stored."""
    if len(tags) > CACHE_TAGS:
        reason = f"Too many cache tags: {len(tags)} (limit {CACHE_TAGS})"
        return Refusal(400, "CACHE_TOO_MANY_TAGS", reason)
    for tag in tags:
        length = len(tag.encode())
        if length > CACHE_TAG_BYTES:
            reason = f"Cache tag is too long: {length} bytes (limit {CACHE_TAG_BYTES})"
            return Refusal(400, "CACHE_TAG_TOO_LONG", reason)
    if any(_CONTROL.search(text) for text in (*tags, name)):
        reason = "Control characters in a cache tag or item name"
        return Refusal(400, "CACHE_INVALID_LABEL", reason)
    return None


def expiry(now: float, ttl: float | None) -> float | None:
    """When an item written now ends; None is never."""
    return None if ttl is None else now + ttl


def expired(expires: float | None, now: float) -> bool:
    """The moment an item ends it is a miss: there is no stale state."""
    return expires is not None and now >= expires


def weight(key: str, name: str, tags: str, body: bytes) -> int:
    """Bytes an item counts against the size bound."""
    return len(body) + len(key) + len(name) + len(tags) + ITEM_OVERHEAD

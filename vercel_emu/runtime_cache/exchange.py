"""The lines of `cache export` and `cache import`: one JSON object for each item.

A body is text where it is UTF-8 (the SDK's always is), so that people can read and edit a file;
other bytes are base64. Both come back byte for byte.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from vercel_emu.errors import EmuError, Where
from vercel_emu.runtime_cache.operations import Record
from vercel_emu.runtime_cache.policy import is_ttl


class Line(Struct, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One exported item; `ttl` is the time it had left, in seconds."""

    key: str
    body: str | None = None
    body_base64: bytes | None = None
    tags: tuple[str, ...] = ()
    name: str = ""
    ttl: float | None = None


def to_line(record: Record) -> bytes:
    """A record as its line, with the newline."""
    line = Line(key=record.key, tags=record.tags, name=record.name, ttl=record.ttl)
    try:
        line.body = record.body.decode()
    except UnicodeDecodeError:
        line.body_base64 = record.body
    return msgspec.json.encode(line) + b"\n"


def from_line(text: bytes, where: Where) -> Record:
    """The record of a line.

    Raises:
        EmuError: not a line of ours.
    """
    try:
        line = msgspec.json.decode(text, type=Line)
    except (ValueError, RecursionError) as error:
        raise _invalid(where, str(error)) from None
    if (line.body is None) == (line.body_base64 is None):
        raise _invalid(where, "an item has either `body` or `body_base64`")
    if not is_ttl(line.ttl):
        raise _invalid(where, f"`ttl` is {line.ttl}, it must be above 0")
    body = line.body.encode() if line.body is not None else line.body_base64 or b""
    return Record(key=line.key, body=body, tags=line.tags, name=line.name, ttl=line.ttl)


def _invalid(where: Where, reason: str) -> EmuError:
    return EmuError(
        "INVALID_CACHE_EXPORT",
        f"{where}: {reason}.",
        "Each line is one item as `vercel-emu cache export` writes it. "
        "The lines before this one were imported.",
        where=where,
    )

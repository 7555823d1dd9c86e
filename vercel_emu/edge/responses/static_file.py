"""Answers for static files: what to send is decided with values, `send_file` sends it.

Headers are those of the platform's static files. A header from vercel.json replaces ours.
"""

from __future__ import annotations

import asyncio
import hashlib
import mimetypes
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from urllib.parse import quote

from starlette.types import Send

from vercel_emu.deployment.routing.conditions import header_value

type RawHeaders = Sequence[tuple[bytes, bytes]]

CHUNK = 256 * 1024

_RANGE = re.compile(r"bytes=\s*(\d*)-(\d*)\s*", re.ASCII)
_TYPES = {
    ".js": "application/javascript",
    ".mjs": "application/javascript",
    ".json": "application/json",
    ".map": "application/json",
    ".webmanifest": "application/manifest+json",
    ".gz": "application/gzip",
    ".wasm": "application/wasm",
    ".xml": "application/xml",
    ".md": "text/markdown",
    ".ico": "image/vnd.microsoft.icon",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".svg": "image/svg+xml",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".ttf": "font/ttf",
    ".otf": "font/otf",
}
_WITH_CHARSET = ("application/javascript", "application/json", "application/manifest+json")


@dataclass(frozen=True, slots=True)
class FileFacts:
    name: str
    size: int
    etag: str


@dataclass(frozen=True, slots=True)
class StaticResponse:
    """What to send: `length` bytes from `offset` of the file (none for HEAD, 304, 405 and 416)."""

    status: int
    headers: tuple[tuple[str, str], ...]
    offset: int = 0
    length: int = 0


def decide(
    method: str,
    request_headers: RawHeaders,
    facts: FileFacts,
    *,
    status: int = 200,
    headers: Sequence[tuple[str, str]] = (),
) -> StaticResponse:
    """The answer for a file; `headers` (lower-case names) replace the usual ones."""
    if method not in ("GET", "HEAD"):
        refused = {"allow": "GET, HEAD"} | dict(headers) | {"content-length": "0"}
        return StaticResponse(405, tuple(refused.items()))
    usual = {
        "cache-control": "public, max-age=0, must-revalidate",
        "content-disposition": _disposition(facts.name),
        "content-type": content_type(facts.name),
        "etag": facts.etag,
        "accept-ranges": "bytes",
    } | dict(headers)
    asked = header_value(request_headers, "range") if method == "GET" and status == 200 else None
    if asked is None and status == 200 and _is_unchanged(request_headers, facts.etag):
        usual.pop("content-type")
        return StaticResponse(304, tuple(usual.items()))
    span = _span(asked, request_headers, facts)
    if span is None:
        unmet = {"content-range": f"bytes */{facts.size}", "content-length": "0"}
        usual.pop("content-type")
        return StaticResponse(416, tuple((usual | unmet).items()))
    offset, length = span
    if length != facts.size or offset:
        status = 206
        usual["content-range"] = f"bytes {offset}-{offset + length - 1}/{facts.size}"
    usual["content-length"] = str(length)
    return StaticResponse(status, tuple(usual.items()), offset, length if method == "GET" else 0)


def _is_unchanged(request_headers: RawHeaders, etag: str) -> bool:
    known = header_value(request_headers, "if-none-match")
    if known is None:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in known.split(",")]
    return etag in tags or "*" in tags


def _span(
    asked: str | None, request_headers: RawHeaders, facts: FileFacts
) -> tuple[int, int] | None:
    """`(offset, length)` to send; None where the range can't be met.

    Anything but one range of bytes is ignored, as a server may, and the whole file is sent.
    """
    whole = (0, facts.size)
    found = _RANGE.fullmatch(asked) if asked is not None and len(asked) < 200 else None
    if found is None or found.groups() == ("", ""):
        return whole
    condition = header_value(request_headers, "if-range")
    if condition is not None and condition != facts.etag:
        return whole
    first, last = found.groups()
    if not first:
        length = min(int(last), facts.size)
        return (facts.size - length, length) if length else None
    start, end = int(first), min(int(last), facts.size - 1) if last else facts.size - 1
    if last and int(last) < start:
        return whole
    return (start, end - start + 1) if start < facts.size else None


def content_type(name: str) -> str:
    extension = PurePosixPath(name).suffix.lower()
    kind = _TYPES.get(extension) or mimetypes.guess_type(f"x{extension}", strict=False)[0]
    if kind is None:
        return "application/octet-stream"
    is_text = kind.startswith("text/") or kind in _WITH_CHARSET
    return f"{kind}; charset=utf-8" if is_text else kind


def _disposition(name: str) -> str:
    plain = "".join(c if " " <= c <= "~" and c not in '"\\%' else "?" for c in name)
    if plain == name:
        return f'inline; filename="{name}"'
    encoded = quote(name, safe="", errors="surrogateescape")
    return f"inline; filename=\"{plain}\"; filename*=UTF-8''{encoded}"


# -- reading and sending -------------------------------------------------------------------------


class EtagCache:
    """The ETag of a file, worked out again only when its time or size has changed."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[int, int, str]] = {}

    def etag(self, file: Path, opened: BinaryIO) -> str:
        stat = os.fstat(opened.fileno())
        known = self._known.get(file)
        if known is not None and known[:2] == (stat.st_mtime_ns, stat.st_size):
            return known[2]
        digest = hashlib.sha1(f"{file.suffix}-".encode(), usedforsecurity=False)
        while chunk := opened.read(CHUNK):
            digest.update(chunk)
        etag = f'"{digest.hexdigest()}"'
        self._known[file] = (stat.st_mtime_ns, stat.st_size, etag)
        return etag


async def send_file(
    file: Path,
    method: str,
    request_headers: RawHeaders,
    send: Send,
    etags: EtagCache,
    *,
    status: int = 200,
    headers: Sequence[tuple[str, str]] = (),
) -> StaticResponse | None:
    """Send `file` as an ASGI response; None, with nothing sent, where it has gone meanwhile."""
    try:
        opened = await asyncio.to_thread(file.open, "rb")
    except OSError:
        return None
    try:
        etag = await asyncio.to_thread(etags.etag, file, opened)
        facts = FileFacts(file.name, os.fstat(opened.fileno()).st_size, etag)
        response = decide(method, request_headers, facts, status=status, headers=headers)
        await _send_response(response, opened, send)
    finally:
        opened.close()
    return response


async def _send_response(response: StaticResponse, opened: BinaryIO, send: Send) -> None:
    raw = [(k.encode("latin-1"), v.encode("latin-1", "replace")) for k, v in response.headers]
    await send({"type": "http.response.start", "status": response.status, "headers": raw})
    opened.seek(response.offset)
    left = response.length
    while left > 0:
        chunk = await asyncio.to_thread(opened.read, min(CHUNK, left))
        if not chunk:
            # The file was cut while it was sent: the promised length can't be met any more.
            raise ConnectionAbortedError("a static file became shorter while it was being sent")
        left -= len(chunk)
        await send({"type": "http.response.body", "body": chunk, "more_body": left > 0})
    if response.length == 0:
        await send({"type": "http.response.body", "body": b"", "more_body": False})

"""HTTP/1.1 as bytes, with no sockets in it: a request rendered, a response parsed as it arrives."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

MAX_HEAD_BYTES = 128 * 1024
MAX_BODY_BYTES = 64 * 1024 * 1024

_HEADER_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_HEADER_VALUE = re.compile(rb"(?:[^\x00\s]+(?:[ \t]+[^\x00\s]+)*)?\Z")
_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) (\d{3})(?: ([^\r\n]*))?\Z")

# Framing is ours: a caller's own value could only make the message lie about its length.
_OURS = frozenset({"connection", "content-length", "transfer-encoding"})


class MalformedResponse(ConnectionError):
    """What came back is not HTTP/1.1."""


class Response(NamedTuple):
    status: int
    reason: str
    headers: dict[str, str]
    body: bytes
    reusable: bool


def render_request(
    method: str, target: str, host: str, headers: Mapping[str, object], body: bytes | None
) -> bytes:
    """One request, ready to send. Header values must be ASCII, as for the official client."""
    lines = [f"{method} {target} HTTP/1.1\r\n".encode("ascii")]
    names = [name.lower() for name in headers]
    if "host" not in names:
        lines.append(f"host: {host}\r\n".encode("ascii"))
    for name, value in zip(names, headers.values(), strict=True):
        if name not in _OURS:
            lines.append(_header_line(name, value))
    if body is None:
        body = b""
    if body or method == "POST":
        lines.append(b"content-length: %d\r\n" % len(body))
    return b"".join((*lines, b"\r\n", body))


def _header_line(name: str, value: object) -> bytes:
    if isinstance(value, bytes):
        value = value.decode("latin-1")
        return _rendered(name, value, "latin-1")
    if not isinstance(value, str):
        raise TypeError(f"Header value must be str or bytes, not {type(value)}")
    return _rendered(name, value, "ascii")


@lru_cache(maxsize=256)
def _rendered(name: str, value: str, encoding: str) -> bytes:
    raw_name, raw_value = name.encode("ascii"), value.encode(encoding)
    if not _HEADER_NAME.match(raw_name):
        raise ValueError(f"Illegal header name {raw_name!r}")
    if not _HEADER_VALUE.match(raw_value):
        raise ValueError(f"Illegal header value {raw_value!r}")
    return b"%b: %b\r\n" % (raw_name, raw_value)


class ResponseParser:
    """Feed it what arrives; it returns the response once that is complete."""

    __slots__ = ("_body", "_buffer", "_chunked", "_head", "_length", "started")

    def __init__(self) -> None:
        self.started = False
        self._buffer = bytearray()
        self._head: Response | None = None
        self._body = bytearray()
        self._chunked = False
        self._length: int | None = None

    def feed(self, data: bytes) -> Response | None:
        """Take `data` (empty: the peer has closed); return the response, or None for "more"."""
        self.started = self.started or bool(data)
        self._buffer += data
        while self._head is None:
            if not self._take_head():
                if not data:
                    raise MalformedResponse(
                        "The connection was closed before the answer was complete."
                    )
                return None
        if self._chunked:
            return self._take_chunks(closed=not data)
        return self._take_body(closed=not data)

    def _take_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end > MAX_HEAD_BYTES or (end < 0 and len(self._buffer) > MAX_HEAD_BYTES):
            raise MalformedResponse(f"The answer's headers are larger than {MAX_HEAD_BYTES} bytes.")
        if end < 0:
            return False
        first, *rest = bytes(self._buffer[:end]).split(b"\r\n")
        del self._buffer[: end + 4]
        status_line = _STATUS_LINE.match(first)
        if status_line is None:
            raise MalformedResponse(
                f"The answer starts with {first[:80]!r}, which is not HTTP/1.1."
            )
        status = int(status_line[2])
        if 100 <= status < 200:  # such as "100 Continue": the real answer follows
            return True
        self._frame(status, status_line, _header_fields(rest))
        return True

    def _frame(self, status: int, line: re.Match[bytes], headers: dict[str, str]) -> None:
        """How long the body is, and whether the connection outlives it."""
        connection = headers.get("connection", "").lower()
        keep = "close" not in connection if line[1] == b"1" else "keep-alive" in connection
        self._chunked = headers.get("transfer-encoding", "").lower().endswith("chunked")
        if status in (204, 304):
            self._length, self._chunked = 0, False
        elif "content-length" in headers and not self._chunked:
            length = headers["content-length"]
            if not (length.isascii() and length.isdigit()) or int(length) > MAX_BODY_BYTES:
                raise MalformedResponse(f"The answer's content-length is {length[:40]!r}.")
            self._length = int(length)
        elif not self._chunked:
            keep = False  # the body ends where the connection does
        reason = (line[3] or b"").decode("ascii", "ignore")
        self._head = Response(status, reason, headers, b"", keep)

    def _take_body(self, *, closed: bool) -> Response | None:
        self._check_size(len(self._buffer))
        if self._length is None:
            return self._finish(bytes(self._buffer), leftover=False) if closed else None
        if len(self._buffer) >= self._length:
            body = bytes(self._buffer[: self._length])
            return self._finish(body, leftover=len(self._buffer) > self._length)
        if closed:
            raise MalformedResponse("The connection was closed before the answer was complete.")
        return None

    def _take_chunks(self, *, closed: bool) -> Response | None:
        while (line_end := self._buffer.find(b"\r\n")) >= 0:
            size_text = bytes(self._buffer[:line_end]).partition(b";")[0].strip()
            try:
                size = int(size_text, 16) if size_text.isalnum() else -1
            except ValueError:
                size = -1
            if size < 0:
                raise MalformedResponse(f"A chunk of the answer has the size {size_text[:40]!r}.")
            self._check_size(len(self._body) + size)
            if size == 0:
                if (response := self._take_trailers(line_end)) is not None:
                    return response
                break
            chunk_end = line_end + 2 + size
            if len(self._buffer) < chunk_end + 2:
                break
            self._body += self._buffer[line_end + 2 : chunk_end]
            del self._buffer[: chunk_end + 2]
        if closed:
            raise MalformedResponse("The connection was closed before the answer was complete.")
        return None

    def _take_trailers(self, last_chunk_line_end: int) -> Response | None:
        end = self._buffer.find(b"\r\n\r\n", last_chunk_line_end)
        if end < 0:
            return None
        return self._finish(bytes(self._body), leftover=len(self._buffer) > end + 4)

    def _check_size(self, size: int) -> None:
        if size > MAX_BODY_BYTES:
            raise MalformedResponse(f"The answer is larger than {MAX_BODY_BYTES} bytes.")

    def _finish(self, body: bytes, *, leftover: bool) -> Response:
        head = self._head
        assert head is not None
        # Bytes after the answer belong to nothing: such a connection isn't used again.
        return head._replace(body=body, reusable=head.reusable and not leftover)


def _header_fields(lines: list[bytes]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for line in lines:
        raw_name, colon, raw_value = line.partition(b":")
        if not colon or not _HEADER_NAME.match(raw_name):
            raise MalformedResponse(f"The answer has the header line {line[:80]!r}.")
        name, value = raw_name.decode("ascii").lower(), raw_value.strip().decode("latin-1")
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    return fields

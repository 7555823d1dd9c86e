"""The values that the fuzzer makes and plays: requests, and whole connections."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from enum import StrEnum

PUBLIC_FILE = "/file.txt"
FORGED = "forged-by-client"
"""Is in every value that a client makes up for a header of the platform's."""
IN_TRAILER = "from-a-trailer"
"""Is in the value of every trailer, of requests and responses."""

# What RFC 3986 lets a host be; that `;` and `=` are safe is seen by what becomes of them.
_HOST = re.compile(rb"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~%!$&'()*+,;=-]+)(:[0-9]*)?")
_LENGTH = re.compile(rb"[0-9]+")


class App(StrEnum):
    FASTAPI = "fastapi"
    FLASK = "flask"
    HANDLER = "handler"


class End(StrEnum):
    """What the client does once it has sent everything."""

    WAIT = "wait"
    """It takes the answers, then leaves."""
    HALF_CLOSE = "half-close"
    """It closes its sending side and reads to the end."""
    ABORT = "abort"
    """It is gone at once."""
    REFUSED = "refused"
    """It waits until the other side has closed, which must come."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it is sent. `mutations` name what is odd about it; none: it is well-formed."""

    tag: str
    method: str
    line: bytes
    headers: tuple[bytes, ...]
    body: bytes = b""
    mutations: tuple[str, ...] = ()
    blank: bytes = b"\r\n"
    """Ends the head; empty where it never ends."""
    after: bytes = b""
    """Comes along behind the request, and is none."""

    def encode(self) -> bytes:
        head = b"".join(line + b"\r\n" for line in (self.line, *self.headers))
        return head + self.blank + self.body + self.after

    def values(self, name: bytes) -> list[bytes]:
        """What the header lines of exactly this name say."""
        parts = [line.partition(b":") for line in self.headers]
        return [value.strip(b" \t") for given, _, value in parts if given.lower() == name]

    @property
    def must_not_arrive(self) -> str:
        """Why no app may ever see this request; empty where one may."""
        version = self.line.rpartition(b" ")[2]
        if version not in (b"HTTP/1.0", b"HTTP/1.1"):
            return f"its version is {version!r}"
        hosts = self.values(b"host")
        if len(hosts) > 1 or (not hosts and version == b"HTTP/1.1"):
            return f"it has {len(hosts)} Host headers"
        if hosts and not _HOST.fullmatch(hosts[0]):
            return f"its Host is {hosts[0]!r}"
        lengths = self.values(b"content-length")
        if len(set(lengths)) > 1 or any(not _LENGTH.fullmatch(one) for one in lengths):
            return f"its Content-Length is {lengths!r}"
        codings = b",".join(self.values(b"transfer-encoding"))
        if codings and codings.rpartition(b",")[2].strip().lower() != b"chunked":
            return f"its Transfer-Encoding is {codings!r}"
        for line in self.headers:
            name, colon, _ = line.partition(b":")
            if colon and name.strip(b" \t") and name != name.rstrip(b" \t"):
                return "a header has white space before its colon"
        return ""


@dataclass(frozen=True, slots=True)
class Connection:
    """One client's whole connection. `cuts` are where one write ends and the next begins."""

    index: int
    app: App
    requests: tuple[Request, ...]
    cuts: tuple[int, ...] = ()
    end: End = End.WAIT
    length: int | None = None
    """Only so many bytes are sent."""

    def writes(self) -> list[bytes]:
        whole = b"".join(one.encode() for one in self.requests)[: self.length]
        edges = [0, *sorted({cut for cut in self.cuts if 0 < cut < len(whole)}), len(whole)]
        return [whole[start:end] for start, end in itertools.pairwise(edges)]

    @property
    def whole(self) -> bool:
        """Nothing is odd here: each request must get its answer."""
        return (
            self.length is None
            and self.end is End.WAIT
            and not any(one.mutations for one in self.requests)
        )

    def describe(self) -> str:
        """A reproduction to paste: the app, each write in Python literals, and the end."""
        odd = sorted({name for one in self.requests for name in one.mutations})
        lines = [f"app: {self.app}; odd: {', '.join(odd) or 'nothing'}"]
        lines += [f"  s.sendall({literal(one)})" for one in self.writes()]
        return "\n".join([*lines, f"  # then: {self.end}"])


def literal(data: bytes) -> str:
    """Bytes as a Python literal; a long run of one byte is written as a product."""
    if len(data) > 4000:
        return f"{data[:400]!r} + ...{len(data) - 800} bytes... + {data[-400:]!r}"
    return repr(data)

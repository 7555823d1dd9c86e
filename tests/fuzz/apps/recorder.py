"""Goes along with each app under test: keeps every request head that reaches the instance.

What the runtime hands to user code lacks the headers between platform and runtime, so heads are
noted one step earlier.
"""

import json
import threading
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler
from typing import Any

PIECE = 100
"""Heads in one answer; of the largest kind they stay below what a function may answer."""

_lock = threading.Lock()
_seen: list[dict[str, Any]] = []


def note(kind: str, line: str, headers: Iterable[tuple[str, str]] | None) -> None:
    """One request; `headers` is None where the head could not be read."""
    pairs = None if headers is None else [[name.lower(), value] for name, value in headers]
    with _lock:
        _seen.append({"kind": kind, "line": line, "headers": pairs})


def drain() -> bytes:
    """The next of what was noted, as JSON: ask until there is nothing but the asking."""
    with _lock:
        taken = _seen[:PIECE]
        del _seen[:PIECE]
    return json.dumps(taken).encode()


def watch_http_server() -> None:
    """Note what the runtime's servers for WSGI and `handler` read."""
    original = BaseHTTPRequestHandler.parse_request

    def parse_request(self: BaseHTTPRequestHandler) -> bool:
        ok = original(self)
        line = bytes(vars(self)["raw_requestline"]).decode("latin-1")
        if not line.startswith("GET /_vercel/ping "):
            note("raw", line, self.headers.items() if ok else None)
        return ok

    setattr(BaseHTTPRequestHandler, "parse_request", parse_request)  # noqa: B010

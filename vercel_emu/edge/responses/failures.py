"""The platform's own answers when there is none from a function (vercel.com/docs/errors).

Status, code and body shape are Vercel's. A browser gets a page that also shows what the platform
would hide: the user's traceback, and what to do.
"""

from __future__ import annotations

import json

from vercel_emu.edge.failure import Failure
from vercel_emu.edge.responses.error_page import render
from vercel_emu.edge.responses.overlay import Overlay
from vercel_emu.platform import header_names as names

STRIPPED_CACHE_CONTROL = "public, max-age=0, must-revalidate"


def wants(accept: str) -> str:
    """Which body a client gets: `json`, `html` or `plain`, as the platform reads `Accept`."""
    accept = accept.lower()
    if "json" in accept:
        return "json"
    return "html" if "html" in accept else "plain"


def body(failure: Failure, accept: str, vercel_id: str, *, overlay: Overlay) -> tuple[str, bytes]:
    """Content type and body of a failure for a client's `Accept` header."""
    match wants(accept):
        case "json":
            error = {"code": str(failure.status), "message": failure.message}
            return "application/json; charset=utf-8", json.dumps({"error": error}).encode()
        case "html":
            return "text/html; charset=utf-8", render(failure, vercel_id, overlay=overlay).encode()
        case _:
            text = f"{failure.message}\n\n{failure.code}\n\n{vercel_id}\n"
            return "text/plain; charset=utf-8", text.encode()


def headers(failure: Failure, content_type: str, length: int) -> list[tuple[bytes, bytes]]:
    """Response headers of a failure, without those that every response has."""
    found = [
        (b"cache-control", STRIPPED_CACHE_CONTROL.encode()),
        (b"content-type", content_type.encode()),
        (b"content-length", str(length).encode()),
        (names.VERCEL_ERROR.encode(), failure.code.encode()),
    ]
    if failure.error is not None:
        found.append((names.EMU_ERROR.encode(), json.dumps(failure.error.as_dict()).encode()))
    return found

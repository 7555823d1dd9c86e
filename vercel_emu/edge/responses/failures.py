"""The platform's own answers when there is none from a function (vercel.com/docs/errors).

Status, code and body shape are Vercel's. A browser gets a page that also shows what the platform
would hide: the user's traceback, and what to do.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from vercel_emu.errors import EmuError
from vercel_emu.platform import header_names as names

_NOT_FOUND = "The page could not be found"
_SERVER_ERROR = "A server error has occurred"
_DEPLOYMENT_ERROR = "An error occurred with your deployment"

# code -> (status, the platform's message)
CODES: dict[str, tuple[int, str]] = {
    "BAD_REQUEST": (400, "Bad request"),
    "INVALID_VISITOR": (400, "Bad request"),
    "MALFORMED_REQUEST_HEADER": (400, "Bad request"),
    "UNAUTHORIZED": (401, "Unauthorized"),
    "PAYMENT_REQUIRED": (402, "Payment required"),
    "FORBIDDEN": (403, "You don't have the required permissions"),
    "NOT_FOUND": (404, _NOT_FOUND),
    "INVALID_REQUEST_METHOD": (405, "Method not allowed"),
    "NOT_ALLOWED": (405, "Method not allowed"),
    "GONE": (410, "The deployment has been removed"),
    "PAYLOAD_TOO_LARGE": (413, "Request Entity Too Large"),
    "RATE_LIMITED": (429, "Rate limited"),
    "NOT_IMPLEMENTED": (501, "Not implemented"),
    "BAD_GATEWAY": (502, "An error occurred with this application."),
    "SERVICE_UNAVAILABLE": (503, "The deployment is currently unavailable"),
    "GATEWAY_TIMEOUT": (504, _DEPLOYMENT_ERROR),
    "INFINITE_LOOP": (508, "Infinite loop detected"),
    "UNKNOWN_ERROR": (500, "Error occurred"),
    "FUNCTION_PAYLOAD_TOO_LARGE": (413, "Request Entity Too Large"),
    "URL_TOO_LONG": (414, "Request-URI Too Large"),
    "REQUEST_HEADER_TOO_LARGE": (431, "Request Header Fields Too Large"),
    "FUNCTION_INVOCATION_FAILED": (500, _SERVER_ERROR),
    "FUNCTION_RESPONSE_PAYLOAD_TOO_LARGE": (500, _SERVER_ERROR),
    "INTERNAL_SERVER_ERROR": (500, _SERVER_ERROR),
    "NO_RESPONSE_FROM_FUNCTION": (502, "An error occurred with this application."),
    "ROUTER_CANNOT_MATCH": (502, "An error occurred with this application."),
    "ROUTER_EXTERNAL_TARGET_CONNECTION_ERROR": (502, "An error occurred with this application."),
    "FUNCTION_THROTTLED": (503, "The deployment is currently unavailable"),
    "FUNCTION_INVOCATION_TIMEOUT": (504, _DEPLOYMENT_ERROR),
    "INFINITE_LOOP_DETECTED": (508, "Infinite loop detected"),
}

STRIPPED_CACHE_CONTROL = "public, max-age=0, must-revalidate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A platform error on its way to a client.

    `explanation` and `detail` (a traceback) are for the person at the terminal and in the browser;
    programs get the platform's body alone. `error` is one of the emulator's own, for its commands.
    """

    code: str
    explanation: str = ""
    detail: str = ""
    location: str = ""
    caused_by: tuple[str, ...] = ()
    status_override: int | None = None
    error: EmuError | None = None

    @property
    def status(self) -> int:
        return self.status_override or CODES[self.code][0]

    @property
    def message(self) -> str:
        # The platform has no such error: every client is told what is wrong.
        return self.explanation if self.code == "INVALID_VISITOR" else CODES[self.code][1]


def wants(accept: str) -> str:
    """Which body a client gets: `json`, `html` or `plain`, as the platform reads `Accept`."""
    accept = accept.lower()
    if "json" in accept:
        return "json"
    return "html" if "html" in accept else "plain"


def body(failure: Failure, accept: str, vercel_id: str, *, overlay: bool) -> tuple[str, bytes]:
    """Content type and body of a failure for a client's `Accept` header."""
    match wants(accept):
        case "json":
            error = {"code": str(failure.status), "message": failure.message}
            return "application/json; charset=utf-8", json.dumps({"error": error}).encode()
        case "html":
            from vercel_emu.edge.responses.error_page import render

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

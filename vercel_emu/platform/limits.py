"""The platform's size limits (vercel.com/docs/functions/limitations), as plain checks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

DEFAULT_MAX_DURATION = 300
"""Seconds a function may run where nothing else is set."""
HOBBY_MAX_DURATION = 300
PRO_MAX_DURATION = 800
"""What `"max"` stands for: the documented maximum of the paid plans."""
DEFAULT_MEMORY_MB = 2048
PRO_MEMORY_MB = 4096
FILE_DESCRIPTORS = 1024
BUNDLE_BYTES = 500 * 1024 * 1024
ENVIRONMENT_BYTES = 64 * 1024
CRONS = 100
RULES = 2048
"""Redirects, rewrites and headers, each."""
PATTERN_CHARACTERS = 4096
CACHE_ITEM_BYTES = 2 * 1024 * 1024
CDN_RESPONSE_BYTES = 10 * 1024 * 1024
CDN_MAX_AGE = 31_536_000
CACHE_TAGS = 128
"""Tags of an item of the runtime cache, and of a response of the CDN cache."""
CACHE_TAG_BYTES = 256

BODY_BYTES = 4_500_000
"""4.5 MB for a request body and for a response that is not streamed."""
URL_BYTES = 14 * 1024
HEADER_BYTES = 16 * 1024
HEADERS_BYTES = 32 * 1024
SELF_CALLS = 20
"""How deep a request may call the deployment itself; the platform tells no number. Below the 40
threads that serve blocking code in ASGI frameworks, where a loop would stall unseen."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, `self_calls` in nested requests; None lifts a limit."""

    body: int | None = BODY_BYTES
    response: int | None = BODY_BYTES
    url: int | None = URL_BYTES
    header: int | None = HEADER_BYTES
    headers: int | None = HEADERS_BYTES
    self_calls: int | None = SELF_CALLS

    @classmethod
    def lifted(cls) -> Limits:
        return cls(None, None, None, None, None, None)


def refused(
    limits: Limits,
    target: bytes,
    headers: Iterable[tuple[bytes, bytes]],
    content_length: int | None,
) -> str | None:
    """The platform's error code where a request is over a limit by its head alone."""
    if limits.url is not None and len(target) > limits.url:
        return "URL_TOO_LONG"
    if limits.header is not None and limits.headers is not None:
        total = 0
        for name, value in headers:
            size = len(name) + len(value)
            if size > limits.header:
                return "REQUEST_HEADER_TOO_LARGE"
            total += size + 4
        if total > limits.headers:
            return "REQUEST_HEADER_TOO_LARGE"
    if limits.body is not None and content_length is not None and content_length > limits.body:
        return "FUNCTION_PAYLOAD_TOO_LARGE"
    return None

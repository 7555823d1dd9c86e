"""Identifiers in the platform's formats (facts section 5.1)."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime

_POD_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


def make_pod() -> str:
    """Five characters that name the edge's machine, such as `5j6x4`."""
    return "".join(secrets.choice(_POD_ALPHABET[:26] + "23456789") for _ in range(5))


def request_id(pod: str) -> str:
    """`<pod>-<epoch ms>-<12 hex>`, the part of `x-vercel-id` that names the request."""
    return f"{pod}-{time.time_ns() // 1_000_000}-{secrets.token_hex(6)}"


def deadline(seconds: float) -> str:
    """RFC 3339 time `seconds` from now, to the millisecond, in UTC."""
    moment = datetime.fromtimestamp(time.time() + seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"

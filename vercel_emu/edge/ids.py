"""Identifiers in the platform's formats (vercel.com/docs/headers)."""

from __future__ import annotations

import random
import time
from functools import lru_cache

_POD_ALPHABET = "abcdefghijklmnopqrstuvwxyz23456789"


def make_pod() -> str:
    """Five characters that name the edge's machine, such as `5j6x4`."""
    return "".join(random.choices(_POD_ALPHABET, k=5))


def request_id(pod: str) -> str:
    """`<pod>-<epoch ms>-<12 hex>`, the part of `x-vercel-id` that names the request."""
    digits = random.getrandbits(48)
    return f"{pod}-{time.time_ns() // 1_000_000}-{digits:012x}"


def deadline(seconds: float) -> str:
    """RFC 3339 time `seconds` from now, to the millisecond, in UTC."""
    whole, thousandths = divmod(round((time.time() + seconds) * 1000), 1000)
    return f"{_second(whole)}.{thousandths:03d}Z"


@lru_cache(maxsize=64)
def _second(epoch: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(epoch))

"""Identifiers in the platform's formats (vercel.com/docs/headers)."""

from __future__ import annotations

import time
from functools import lru_cache
from random import SystemRandom

_POD_ALPHABET = "abcdefghijklmnopqrstuvwxyz23456789"
_random = SystemRandom()


def make_pod() -> str:
    """Five characters that name the edge's machine, such as `5j6x4`."""
    return "".join(_random.choice(_POD_ALPHABET) for _ in range(5))


class RequestIds:
    """Makes `<pod>-<epoch ms>-<12 hex>`, the part of `x-vercel-id` that names the request.

    The hex digits run through all values in an order that looks random; they are no secret.
    """

    _STEP = 0x9E3779B97F4B | 1
    _BITS = (1 << 48) - 1

    def __init__(self, pod: str) -> None:
        self._pod = pod
        self._last = _random.getrandbits(48)

    def __call__(self) -> str:
        self._last = (self._last + self._STEP) & self._BITS
        return f"{self._pod}-{time.time_ns() // 1_000_000}-{self._last:012x}"


def deadline(seconds: float) -> str:
    """RFC 3339 time `seconds` from now, to the millisecond, in UTC."""
    whole, thousandths = divmod(round((time.time() + seconds) * 1000), 1000)
    return f"{_second(whole)}.{thousandths:03d}Z"


@lru_cache(maxsize=64)
def _second(epoch: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(epoch))

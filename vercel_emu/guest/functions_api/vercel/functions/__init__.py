"""What a function can ask of the platform: its environment, its visitor, the cache, its deadline.

>>> from vercel.functions import RuntimeCache, geolocation, get_deadline, get_env, wait_until
"""

from __future__ import annotations

from ..cache import AsyncRuntimeCache, RuntimeCache, get_cache
from ..env import Env, get_env
from ..headers import Geo, geolocation, get_headers, ip_address, set_headers
from .deadline import get_deadline
from .wait_until import wait_until

__all__ = [
    "AsyncRuntimeCache",
    "Env",
    "Geo",
    "RuntimeCache",
    "geolocation",
    "get_cache",
    "get_deadline",
    "get_env",
    "get_headers",
    "ip_address",
    "set_headers",
    "wait_until",
]

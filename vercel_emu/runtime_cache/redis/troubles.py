"""What a server's errors mean for a person: a code, a sentence, and what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from redis.exceptions import (
    AskError,
    AuthenticationError,
    AuthenticationWrongNumberOfArgsError,
    ClusterCrossSlotError,
    ClusterDownError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)

_CLASS_NAME = re.compile(r" \w+:\w+Error$")
"""What the client adds to a server's text."""

_CLUSTER = "is a cluster, which is not supported"
_TO_A_SINGLE_SERVER = "Give the address of a single server with `--cache`."
_PASSWORD_HINT = "Correct the address of `--cache`: redis://USER:PASSWORD@HOST:PORT/DB."
_FULL_HINT = "Set `maxmemory-policy allkeys-lru` on it, or give it more memory."


class Trouble(NamedTuple):
    """`text` completes "The runtime cache at ADDRESS ..."."""

    code: str
    text: str
    hint: str


FULL = Trouble(
    "CACHE_FULL", "is full and refuses writes (its `maxmemory-policy` is `noeviction`)", _FULL_HINT
)
CLUSTER = Trouble("CACHE_CLUSTER", _CLUSTER, _TO_A_SINGLE_SERVER)


def trouble_of(error: Exception) -> Trouble | None:
    """What is wrong where a server answers with this error; None where it does not answer."""
    if isinstance(error.__cause__, RedisError):  # while it connected
        return trouble_of(error.__cause__)
    text = _CLASS_NAME.sub("", str(error)).rstrip(".")
    match error:
        case AuthenticationError() | AuthenticationWrongNumberOfArgsError():
            asks = "HELLO must be called" in text or "required" in text
            refused = "asks for a password" if asks else "refuses the user name or password"
            return Trouble("CACHE_WRONG_PASSWORD", refused, _PASSWORD_HINT)
        case AskError() | ClusterDownError() | ClusterCrossSlotError():
            return CLUSTER
        case OutOfMemoryError():
            return FULL
        case ReadOnlyError():
            return Trouble("CACHE_READ_ONLY", "is a read-only replica", _TO_A_SINGLE_SERVER)
        case NoPermissionError():
            refused = f"does not let this user do what the cache needs ({text})"
            return Trouble("CACHE_REFUSED", refused, "Give the user the permission.")
        case ResponseError():
            return _of_text(text)
        case _:
            return None


def _of_text(text: str) -> Trouble:
    lower = text.lower()
    if "select is not allowed in cluster mode" in lower:
        return CLUSTER
    if "db index" in lower or "invalid db" in lower:
        return Trouble(
            "CACHE_UNKNOWN_DATABASE",
            f"has no database of that number ({text})",
            "Correct the number at the end of the address of `--cache`, or leave it out.",
        )
    if text.startswith("OOM "):
        return FULL
    return Trouble(
        "CACHE_REFUSED", f"refused an operation: {text}", "Correct the server's settings."
    )


def trouble_in(info: Mapping[str, Any]) -> Trouble | None:
    """What the sections `cluster` and `memory` of INFO say will not work."""
    if info.get("cluster_enabled") == 1:
        return CLUSTER
    limit = int(info.get("maxmemory", 0))
    full = 0 < limit <= int(info.get("used_memory", 0))
    return FULL if full and info.get("maxmemory_policy") == "noeviction" else None

"""The runtime cache's protocol: what is asked for each operation, and what an answer means.

No sockets here. `Ask` is a request not yet addressed to a transport; the `read_*` functions turn
the response into what the caller gets, or raise.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .address import Endpoint, target_of_key, target_of_tags
from .wire import Response

HEADERS_VERCEL_CACHE_STATE = "x-vercel-cache-state"
HEADERS_VERCEL_REVALIDATE = "x-vercel-revalidate"
HEADERS_VERCEL_CACHE_TAGS = "x-vercel-cache-tags"
HEADERS_VERCEL_CACHE_ITEM_NAME = "x-vercel-cache-item-name"


class RuntimeCacheError(RuntimeError):
    """A runtime cache operation failed, in strict mode."""


class Ask(NamedTuple):
    method: str
    target: str
    headers: Mapping[str, Any]
    body: bytes | None = None


def ask_get(endpoint: Endpoint, headers: Mapping[str, Any], key: str) -> Ask:
    return Ask("GET", target_of_key(endpoint, key), headers)


def ask_set(
    endpoint: Endpoint,
    headers: Mapping[str, Any],
    key: str,
    value: object,
    options: dict[str, Any] | None,
) -> Ask:
    extra = _item_headers(options) if options else {}
    body = json.dumps(value).encode()
    return Ask("POST", target_of_key(endpoint, key), {**headers, **extra}, body)


def _item_headers(options: Mapping[str, Any]) -> dict[str, Any]:
    """Falsy options are left out: `ttl=0` therefore means "no expiry", not "expired"."""
    extra: dict[str, Any] = {}
    if ttl := options.get("ttl"):
        extra[HEADERS_VERCEL_REVALIDATE] = str(ttl)
    if tags := options.get("tags"):
        extra[HEADERS_VERCEL_CACHE_TAGS] = ",".join(tags)
    if name := options.get("name"):
        extra[HEADERS_VERCEL_CACHE_ITEM_NAME] = name
    return extra


def ask_delete(endpoint: Endpoint, headers: Mapping[str, Any], key: str) -> Ask:
    return Ask("DELETE", target_of_key(endpoint, key), headers)


def ask_expire_tag(endpoint: Endpoint, headers: Mapping[str, Any], tag: str | Sequence[str]) -> Ask:
    tags = ",".join(tag) if isinstance(tag, list | tuple | set) else tag
    return Ask("POST", target_of_tags(endpoint, tags), headers)


def read_value(response: Response, error: type[RuntimeError]) -> Any:
    """The item, or None: not found, or found but no longer fresh."""
    if response.status == 404:
        return None
    if response.status != 200:
        raise error(f"Failed to get cache: {response.status} {response.reason}")
    return json.loads(response.body) if _is_fresh(response) else None


def read_presence(response: Response) -> bool:
    return response.status == 200 and _is_fresh(response)


def require_ok(response: Response, error: type[RuntimeError], deed: str) -> None:
    if response.status != 200:
        raise error(f"Failed to {deed}: {response.status} {response.reason}")


def _is_fresh(response: Response) -> bool:
    state = response.headers.get(HEADERS_VERCEL_CACHE_STATE)
    return not state or state.lower() == "fresh"

"""Every deliberate difference between the official package and the built-in API, with its reason.

A difference that is listed but not observed fails the suite too: the list holds nothing stale.
"""

from __future__ import annotations

from typing import NamedTuple

LOWEST = "0.5.9"
NEWEST = "0.12.1"


class Difference(NamedTuple):
    cases: tuple[str, ...]  # regular expressions that match whole case names
    observed: frozenset[str]  # what differs: returned, raised, printed, requests
    reason: str


def _difference(cases: str, observed: str, reason: str) -> Difference:
    return Difference(tuple(cases.split()), frozenset(observed.split()), reason)


ALWAYS = [
    _difference(
        "environment_headers_(spaces|name_with_space) strict_and_not_sendable"
        " strict_and_nobody_listens",
        "returned",
        "Strict mode raises the HTTP library's own exception classes for what never reached the"
        " cache (httpx2.InvalidURL, ConnectError, LocalProtocolError). The standard library has"
        " ValueError and OSError with the same text instead.",
    ),
    _difference(
        r"shape_vercel\.cache\.cache_build\.(Async)?BuildCache",
        "returned",
        "The clients satisfy the Cache protocols without inheriting from them: the runtime loads"
        " them without the rest of vercel.cache.",
    ),
]

WITH_LOWEST = [
    _difference(
        r"strict_.* environment_headers_.* in_memory_because_disabled"
        r" shape_.*\.RuntimeCacheError shape_.*\.RuntimeCache shape_.*\.resolve_cache",
        "returned raised printed requests",
        "Strict mode and RuntimeCacheError came later.",
    ),
    _difference(
        r"threads_after_a_request prime_without_anything the_environment_is_read_once"
        r" shape_.*\.(prime_runtime_cache|remember_cache) all_vercel\.cache",
        "returned raised printed requests",
        "The memory of the last request's cache, for threads, came later.",
    ),
    _difference(
        r"headers_context headers_of_scopes all_vercel\.headers all_vercel\.functions deadline"
        r" wait_until_.* shape_vercel\.functions\.(wait_until|get_deadline)"
        r" shape_vercel\.headers\.(HeadersContext|headers_from_.*)",
        "returned raised printed",
        "These names came later.",
    ),
    _difference(
        r"context_sets_only_what_is_given headers_seen_by_the_context"
        r" shape_vercel\.cache\.context\.set_context",
        "returned",
        "That None clears a part of the context came later; before, it left it as it was.",
    ),
]

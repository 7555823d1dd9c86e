"""The cases, by name. Each takes the `World` and returns what a person would get.

Split by subject: `cases_values` (environment, visitors, context), `cases_wire` (the clients and
what reaches the cache), `cases_cache` (which cache serves a call) and `cases_shape` (signatures).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from tests.functions_api.differential.peer import Peer

type Case = Callable[[World], Any]

CASES: dict[str, Case] = {}

# Cases that touch no process-wide state: their modules needn't be imported anew.
STATELESS: set[str] = set()

_VARIABLES = (
    "RUNTIME_CACHE_ENDPOINT",
    "RUNTIME_CACHE_HEADERS",
    "RUNTIME_CACHE_DISABLE_BUILD_CACHE",
    "SUSPENSE_CACHE_DEBUG",
)


class World:
    """What a case may use: the recording cache and the environment variables that lead to it."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.headers = {"authorization": "Bearer t"}

    def reset(self) -> None:
        for name in _VARIABLES:
            os.environ.pop(name, None)
        self.peer.answers.clear()
        self.peer.items.clear()
        self.peer.take_requests()

    def from_environment(self, headers: str = '{"authorization": "Bearer t"}') -> None:
        os.environ["RUNTIME_CACHE_ENDPOINT"] = self.peer.endpoint
        os.environ["RUNTIME_CACHE_HEADERS"] = headers

    def client(self, on_error: Any = print, **options: Any) -> Any:
        from vercel.cache.cache_build import BuildCache

        return BuildCache(
            endpoint=self.peer.endpoint, headers=self.headers, on_error=on_error, **options
        )

    def async_client(self, on_error: Any = print) -> Any:
        from vercel.cache.cache_build import AsyncBuildCache

        return AsyncBuildCache(endpoint=self.peer.endpoint, headers=self.headers, on_error=on_error)


def case(function: Case) -> Case:
    """Register `function` under its own name."""
    return add(function.__name__, function)


def add(name: str, function: Case, *, stateless: bool = False) -> Case:
    assert name not in CASES, name
    if stateless:
        STATELESS.add(name)
    CASES[name] = function
    return function


def attempt(function: Callable[[], Any]) -> Any:
    """What `function` returns, or the class and text of what it raises."""
    try:
        return function()
    except Exception as error:
        return ("raised", type(error).__name__, str(error))


from tests.functions_api.differential import (  # noqa: E402, F401
    cases_cache,
    cases_shape,
    cases_values,
    cases_wire,
)

"""JSON and TOML that somebody else wrote: no text makes the parser, or what comes after it, fall.

Both are nested a few levels where they configure a project. Code that goes through the values may
therefore be recursive, once no value is nested deeper than this.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from typing import Any

DEEPEST = 100


class TooDeepError(ValueError):
    """The values are nested deeper than any configuration is."""

    def __init__(self) -> None:
        super().__init__(f"it is nested more than {DEEPEST} levels deep")


def parse_json(text: str | bytes, parse_constant: Callable[[str], Any] | None = None) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: it is no JSON (`json.JSONDecodeError`), or nested too deeply.
    """
    try:
        return _bounded(json.loads(text, parse_constant=parse_constant))
    except RecursionError:
        raise TooDeepError from None


def parse_toml(text: str) -> dict[str, Any]:
    """The table of a TOML text.

    Raises:
        ValueError: it is no TOML (`tomllib.TOMLDecodeError`), or nested too deeply.
    """
    try:
        table: dict[str, Any] = _bounded(tomllib.loads(text))
    except RecursionError:
        raise TooDeepError from None
    return table


def _bounded(value: Any) -> Any:
    level = [value]
    for _ in range(DEEPEST):
        level = [child for one in level for child in _children(one)]
        if not level:
            return value
    raise TooDeepError


def _children(value: Any) -> list[Any]:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [child for child in inside if isinstance(child, dict | list)]

"""Where the errors of msgspec and tomllib say that they are.

Both put the place into their message and nowhere else. This is the only module that reads it there.
"""

from __future__ import annotations

import re
import tomllib
from typing import NamedTuple

import msgspec

_UNKNOWN_FIELD = re.compile(r"unknown field `([^`]*)`")
_LINE = re.compile(r"\(at line (\d+), column \d+\)$")


class Refusal(NamedTuple):
    """What msgspec says: the reason, the path of the value (`steps[0].expect`, empty at the top)
    and the key, where it is one that the type does not have."""

    reason: str
    path: str
    unknown: str | None


def refusal(error: msgspec.ValidationError) -> Refusal:
    """The parts of msgspec's message."""
    reason, _, place = str(error).partition(" - at ")
    path = place.rpartition("`$")[2].rstrip("`").removeprefix(".")
    unknown = _UNKNOWN_FIELD.search(reason)
    return Refusal(reason, path, unknown[1] if unknown else None)


def toml_line(error: Exception) -> int | None:
    """The line at which a text stops to be TOML, where the error names one."""
    found = _LINE.search(str(error)) if isinstance(error, tomllib.TOMLDecodeError) else None
    return int(found[1]) if found else None

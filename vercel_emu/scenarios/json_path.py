"""The small part of JSONPath that expectations need: `$.geo.city`, `items[0].id`, `["a b"]`."""

from __future__ import annotations

import re
from typing import Any, Final

type PathPart = str | int


class Missing:
    """What is found where there is nothing (None is a value)."""

    def __repr__(self) -> str:
        return "nothing"


MISSING: Final = Missing()

_STEP = re.compile(
    r"""\.?(?P<name>[^\s.\[\]"']+) | \[(?P<index>-?\d+)\]
      | \["(?P<double>[^"]*)"\] | \['(?P<single>[^']*)'\]""",
    re.VERBOSE | re.ASCII,
)


def parse_path(path: str) -> tuple[PathPart, ...]:
    """The steps of a path; a `ValueError` says where it stops making sense."""
    rest = path.strip().removeprefix("$")
    steps: list[PathPart] = []
    position = 0
    while position < len(rest):
        match = _STEP.match(rest, position)
        if match is None:
            raise ValueError(f'cannot read "{rest[position:]}" in the JSON path "{path}"')
        position = match.end()
        if match["index"] is not None:
            steps.append(int(match["index"]))
        else:
            steps.append(next(g for g in match.group("name", "double", "single") if g is not None))
    return tuple(steps)


def look_up(document: Any, steps: tuple[PathPart, ...]) -> Any:
    """What is at the path, or MISSING."""
    for step in steps:
        if isinstance(step, int):
            if not isinstance(document, list) or not -len(document) <= step < len(document):
                return MISSING
        elif not isinstance(document, dict) or step not in document:
            return MISSING
        document = document[step]
    return document

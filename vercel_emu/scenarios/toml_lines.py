"""Which line of a TOML file a key is on: `tomllib` forgets it, an error message needs it."""

from __future__ import annotations

import re
from collections import Counter

type Key = str | int

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]")
_ASSIGNMENT = re.compile(r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*[\w-]+)*)\s*=""")
_PART = re.compile(r"""[^\s."']+|"[^"]*"|'[^']*'""")


def line_of(source: str, path: tuple[Key, ...]) -> int | None:
    """The line (from 1) of the key at the path, else of the nearest table around it."""
    best: tuple[int, int] | None = None
    for number, key in _keys(source):
        length = len(key)
        if key == path[:length] and (best is None or length > best[0]):
            best = (length, number)
    return best[1] if best else None


def _keys(source: str) -> list[tuple[int, tuple[Key, ...]]]:
    """Each line that opens a table or sets a key, with the full path it does that for."""
    found: list[tuple[int, tuple[Key, ...]]] = []
    table: tuple[Key, ...] = ()
    opened: Counter[tuple[Key, ...]] = Counter()
    for number, line in enumerate(source.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = _inside_latest(_parts(header[2]), opened)
            if header[1] == "[[":
                opened[table] += 1
                table = (*table, opened[table] - 1)
            found.append((number, table))
        elif assignment := _ASSIGNMENT.match(line):
            found.append((number, (*table, *_parts(assignment[1]))))
    return found


def _inside_latest(parts: tuple[str, ...], opened: Counter[tuple[Key, ...]]) -> tuple[Key, ...]:
    """`[steps.expect]` belongs to the last `[[steps]]` before it."""
    path: tuple[Key, ...] = ()
    for position, part in enumerate(parts):
        path = (*path, part)
        if position < len(parts) - 1 and opened[path]:
            path = (*path, opened[path] - 1)
    return path


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))

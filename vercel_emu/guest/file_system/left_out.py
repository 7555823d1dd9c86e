"""Which files of the project a function does not have in a deployment.

The rules come as data (`project/bundle.py` makes them), and decide without looking at the disk.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import TypedDict

_PROBE = "qzx7"
"""A name that no rule names: what stands for all the files of a folder."""


class Rules(TypedDict):
    """Patterns of one kind: the last one that matches a path decides.

    Each of `patterns` is a regex over the path (`prefix` included), whether it leaves out what it
    matches (else it takes it back in), and why, in a sentence. With `folders` the folders of a path
    are asked before itself, as git does: what lies in one that is left out can't be taken back.
    """

    prefix: str
    folders: bool
    patterns: list[tuple[str, bool, str]]


class LeftOut:
    """A function's rules. `rules` are kinds that leave out files independently of each other."""

    def __init__(self, rules: Sequence[Rules]) -> None:
        self._rules = [
            (
                one["prefix"],
                one["folders"],
                [(re.compile(regex).match, out, why) for regex, out, why in one["patterns"]],
            )
            for one in rules
        ]
        self.why = functools.lru_cache(4096)(self._why)
        """Why the function lacks a file (relative to the root, posix); empty: it has it."""

    def why_folder(self, folder: str) -> str:
        """Why a folder is not there: whatever file it holds, the function lacks it for certain."""
        for prefix, folders, patterns in self._rules:
            path = f"{prefix}{folder}/"
            parts = (
                _folders_of(path) if folders else [f"{path}{_PROBE}", f"{path}{_PROBE}/{_PROBE}"]
            )
            found = [_decided(part, patterns) for part in parts]
            if folders:
                if any(found):
                    return next(filter(None, found))
            elif all(found) and all(out for _, out, _ in patterns):
                return found[0]
        return ""

    def _why(self, file: str) -> str:
        for prefix, folders, patterns in self._rules:
            path = prefix + file
            for part in _folders_of(path) if folders else ():
                if why := _decided(part, patterns):
                    return why
            if why := _decided(path, patterns):
                return why
        return ""


def _decided(path: str, patterns: Sequence[tuple[object, bool, str]]) -> str:
    for match, out, why in reversed(patterns):
        if match(path) is not None:  # type: ignore[operator]
            return why if out else ""
    return ""


def _folders_of(path: str) -> list[str]:
    """`a/b/c` -> `a/`, `a/b/`."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[: count + 1]) + "/" for count in range(len(parts))]

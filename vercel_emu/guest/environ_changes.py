"""What user code does to `os.environ` while it is imported, and between which imports.

Libraries read the environment when they are imported. A standby imports them before user
code runs, so it must first make the changes that this code would have made by then.
Runs inside the instance; standard library only.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from types import FrameType

from .own_code import Imports, is_library

type StrOrBytesPath = str | bytes | os.PathLike[str] | os.PathLike[bytes]


@dataclass(frozen=True)
class Change:
    """One assignment (`value` None: a deletion) made on behalf of user code.

    `after` is the last module that had begun to be imported; `where` are the own module frames it
    was made from, as file and line.
    """

    key: str
    value: str | None
    after: str
    where: tuple[tuple[str, int], ...] = ()

    def fingerprint(self, imports: dict[str, Imports]) -> list[object]:
        """Equal in two runs exactly if the change and what was imported before it are."""
        before: set[str] = set()
        for file, line in self.where:
            before.update(name for at, name in imports.get(file, ()) if at < line)
        return [self.key, self.value, sorted(before)]


class EnvironChanges:
    """Notes the changes from `start` on."""

    def __init__(self, prefixes: tuple[str, ...]) -> None:
        self._prefixes = prefixes
        self.made: list[Change] = []

    def start(self) -> None:
        """`os.environ` looks `putenv` and `unsetenv` up in its module at every change."""
        putenv, unsetenv = os.putenv, os.unsetenv

        def noting_putenv(name: StrOrBytesPath, value: StrOrBytesPath, /) -> None:
            putenv(name, value)
            self._note(os.fsdecode(name), os.fsdecode(value), sys._getframe(1))

        def noting_unsetenv(name: StrOrBytesPath, /) -> None:
            unsetenv(name)
            self._note(os.fsdecode(name), None, sys._getframe(1))

        os.putenv, os.unsetenv = noting_putenv, noting_unsetenv

    def _note(self, key: str, value: str | None, frame: FrameType | None) -> None:
        own: list[tuple[str, int]] = []
        while frame is not None:
            if frame.f_code.co_name == "<module>":
                file = frame.f_code.co_filename
                if is_library(file, self._prefixes):
                    # A library's own doing while it is imported: a standby's import does it too.
                    break
                own.append((os.path.realpath(file), frame.f_lineno))
            frame = frame.f_back
        if own:
            self.made.append(Change(key, value, next(reversed(sys.modules)), tuple(own)))

"""What a person is told is wrong: the one exception, and the warning that stops nothing.

Both say where and under which code, so that no code decides by the text of a message. `cli/` prints
them and sets the exit code; nothing else in the package prints or exits.

msgspec and tomllib put the place of an error into their message and nowhere else: this is the only
module that reads it there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import msgspec

_UNKNOWN_FIELD = re.compile(r"unknown field `([^`]*)`")
_LINE = re.compile(r"\(at line (\d+), column \d+\)$")


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a file of the project. `str()` is `file:line`, or the file alone.

    `file` is as it is shown to a person, `key` as the file's format writes it
    (`rewrites[0].source`, `[tool.vercel-emu] listen`), `line` counts from 1.
    """

    file: str
    key: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class ProjectWarning:
    """Something about the project that a person should know and that stops nothing."""

    code: str
    message: str
    hint: str | None = None
    where: Where | None = None

    def as_dict(self) -> dict[str, Any]:
        """As JSON shows it: `code`, `message`, `hint`, `where`."""
        return asdict(self)


class EmuError(Exception):
    """What is wrong (`message`), what to do next (`hint`), under a stable `code`.

    `code` is Vercel's own where the platform has one (`FASTAPI_ENTRYPOINT_NOT_FOUND`,
    `INVALID_VERCEL_CONFIG`), else an upper-case name of ours (`PORT_IN_USE`). `where` is the place
    of what concerns a file of the project; the message names it as well.
    """

    def __init__(
        self, code: str, message: str, hint: str | None = None, *, where: Where | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.where = where

    def __str__(self) -> str:
        text = f"{self.code}: {self.message}"
        return f"{text}\n{self.hint}" if self.hint else text

    def at(self, where: Where) -> EmuError:
        """The same error with its place, unless it has one."""
        return EmuError(self.code, self.message, self.hint, where=self.where or where)

    def as_dict(self) -> dict[str, Any]:
        """As JSON shows it: `code`, `message`, `hint`, `where`."""
        return {
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "where": asdict(self.where) if self.where else None,
        }

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> EmuError:
        """The error that another process wrote with `as_dict`."""
        where = told.get("where")
        return cls(
            str(told["code"]),
            str(told["message"]),
            told.get("hint"),
            where=Where(**where) if where else None,
        )


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
    from tomllib import TOMLDecodeError

    found = _LINE.search(str(error)) if isinstance(error, TOMLDecodeError) else None
    return int(found[1]) if found else None

"""A platform error on its way to a client, and how a request ends without a whole response."""

from __future__ import annotations

from dataclasses import dataclass

from vercel_emu.errors import EmuError
from vercel_emu.platform.error_codes import CODES


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A platform error on its way to a client.

    `explanation` and `detail` (a traceback) are for the person at the terminal and in the browser;
    programs get the platform's body alone. `error` is one of the emulator's own, for its commands.
    """

    code: str
    explanation: str = ""
    detail: str = ""
    location: str = ""
    caused_by: tuple[str, ...] = ()
    status_override: int | None = None
    error: EmuError | None = None

    @property
    def status(self) -> int:
        return self.status_override or CODES[self.code][0]

    @property
    def message(self) -> str:
        # The platform has no such error: every client is told what is wrong.
        return self.explanation if self.code == "INVALID_VISITOR" else CODES[self.code][1]


class HTTPError(Exception):
    """The platform answers instead of the function; nothing has been sent to the client yet."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.code)
        self.failure = failure


class ClientLeft(Exception):
    """The client hung up before its answer was complete."""


class Broken(Exception):
    """The answer ended too early: the client's connection must be cut."""

    def __init__(self, code: str = "FUNCTION_INVOCATION_FAILED") -> None:
        super().__init__(code)
        self.code = code

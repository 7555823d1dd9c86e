"""The one exception a person is meant to read.

`cli/` prints it and sets the exit code; nothing else in the package prints or exits.
"""

from __future__ import annotations


class EmuError(Exception):
    """What is wrong and where (`message`), what to do next (`hint`), under a stable `code`.

    `code` is Vercel's own where the platform has one (`FASTAPI_ENTRYPOINT_NOT_FOUND`,
    `INVALID_VERCEL_CONFIG`), else an upper-case name of ours (`PORT_IN_USE`).
    """

    def __init__(self, code: str, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.code}: {self.message}"
        return f"{text}\n{self.hint}" if self.hint else text

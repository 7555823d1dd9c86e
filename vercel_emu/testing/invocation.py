"""What became of a request inside the app: its logs, its duration, whether it started cold."""

from __future__ import annotations

from typing import Self

from vercel_emu.control import recorder
from vercel_emu.control.waiting import happened
from vercel_emu.errors import EmuError
from vercel_emu.events import LogLine
from vercel_emu.testing.background import Background

WAIT_SECONDS = 30.0
ANSWERED_SECONDS = 5.0


class Invocation:
    """A live view: logs of `wait_until` work appear while it runs. `wait` waits for its end."""

    def __init__(self, record: recorder.Invocation, background: Background) -> None:
        self._record = record
        self._background = background

    @property
    def id(self) -> str:
        """Its id: the end of `x-vercel-id`."""
        return self._record.id

    @property
    def method(self) -> str:
        """The request's method."""
        return self._record.method

    @property
    def path(self) -> str:
        """Path and query, as they were asked for."""
        return self._record.path

    @property
    def visitor(self) -> str:
        """How the visitor is called: "Tokyo"."""
        return self._record.visitor

    @property
    def function(self) -> str:
        """The function's name; empty where none was invoked (a static file, a redirect)."""
        return self._record.function

    @property
    def instance(self) -> str:
        """The instance that ran it, such as `app#1`; empty where none did."""
        return self._record.instance

    @property
    def cold(self) -> bool:
        """Whether this request waited for the start of an instance."""
        return self._record.cold

    @property
    def status(self) -> int:
        """The status of the answer; 0 until there is one."""
        return self._record.status

    @property
    def duration_ms(self) -> float:
        """From the request's head to the last byte of its answer, as the edge saw it."""
        return self._record.duration_ms

    @property
    def error_code(self) -> str:
        """The platform's code (`FUNCTION_INVOCATION_TIMEOUT`), empty where all went well."""
        return self._record.error_code

    @property
    def ended(self) -> bool:
        """Whether its `wait_until` work is done too."""
        return self._record.ended

    @property
    def logs(self) -> tuple[LogLine, ...]:
        """The lines that the app wrote for it, so far."""
        return tuple(self._record.logs)

    @property
    def text(self) -> str:
        """The log lines as one text."""
        return "\n".join(line.text for line in self.logs)

    def wait(self, seconds: float = WAIT_SECONDS) -> Self:
        """Return once it has ended.

        Raises:
            EmuError: it has not within this time.
        """
        return self._waited(self._background.run(self._end(seconds)), seconds)

    async def wait_async(self, seconds: float = WAIT_SECONDS) -> Self:
        """`wait` for code with an event loop of its own."""
        return self._waited(await self._background.run_async(self._end(seconds)), seconds)

    async def _end(self, seconds: float) -> bool:
        return await happened(self._background.project.bus, lambda: self._record.ended, seconds)

    def _waited(self, ended: bool, seconds: float) -> Self:
        if not ended:
            raise EmuError(
                "INVOCATION_RUNS",
                f"{self._record.method} {self._record.path} has not ended within {seconds:g} s.",
                "Its wait_until work may still run.",
            )
        return self

    def __repr__(self) -> str:
        record = self._record
        return f"<Invocation {record.id}: {record.method} {record.path} {record.status}>"


def invocation_of(identity: str, background: Background) -> Invocation:
    """The invocation behind an `x-vercel-id`, once its answer is on record.

    Raises:
        EmuError: no request of this emulator has the id.
    """

    async def find() -> recorder.Invocation | None:
        project = background.project
        found = project.recorder.get(identity) if identity else None
        if found is not None:
            # A client may have the answer a moment before the edge has written it down.
            await happened(project.bus, lambda: found.status != 0, ANSWERED_SECONDS)
        return found

    record = background.run(find())
    if record is None:
        raise EmuError(
            "NO_INVOCATION",
            f"No invocation has the id {identity!r}." if identity else "No x-vercel-id came back.",
            "The emulator keeps the last 2,000; pages below /_emu have none.",
        )
    return Invocation(record, background)

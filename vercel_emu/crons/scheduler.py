"""`vercel-emu dev --crons`: calls the project's cron jobs when they are due, or in fast motion.

What is due next is a plain function of the jobs and a time; the loop only waits and calls. As on
the platform, a run may overlap the one before it, and a failed one is not repeated.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from vercel_emu.crons.call import call_cron, cron_headers
from vercel_emu.crons.jobs import CronJob
from vercel_emu.errors import EmuError, Where
from vercel_emu.events import Emit, Notice
from vercel_emu.transport.client import NoAnswer

_FAR = 3600.0
"""Longest sleep in real seconds, so that a clock that was set or a suspended machine is noticed."""
_MISSED = 60.0
"""What is later than this (the machine slept) is left out, not made up for."""


@dataclass(frozen=True, slots=True)
class FastClock:
    """A clock that started at `start` and runs `speed` times as fast as the `seconds` given it."""

    start: datetime
    speed: float = 1.0

    def at(self, seconds: float) -> datetime:
        return self.start + timedelta(seconds=seconds * self.speed)

    def until(self, moment: datetime, seconds: float) -> float:
        """Real seconds from `seconds` on until the clock shows `moment`."""
        return (moment - self.start).total_seconds() / self.speed - seconds


def next_due(jobs: Sequence[CronJob], after: datetime) -> tuple[datetime, list[CronJob]] | None:
    """The next time at which anything is due, and what; None where nothing ever is."""
    times = [(job.next_runs(after, 1), job) for job in jobs if job.runs]
    due = [(runs[0], job) for runs, job in times if runs]
    if not due:
        return None
    first = min(moment for moment, _ in due)
    return first, [job for moment, job in due if moment == first]


class CronScheduler:
    """Runs jobs on a clock; `jobs` and `secret` are asked each time, for they may change."""

    def __init__(
        self,
        jobs: Callable[[], Sequence[CronJob]],
        secret: Callable[[], str],
        url: str,
        emit: Emit,
        *,
        speed: float = 1.0,
        proof: str = "",
    ) -> None:
        self._jobs = jobs
        self._secret = secret
        self._url = url
        self._emit = emit
        self._speed = speed
        self._proof = proof
        self._changed = asyncio.Event()

    def changed(self) -> None:
        """The jobs have changed: look again at what is due next."""
        self._changed.set()

    async def run(self) -> None:
        """Call what is due until cancelled; what still runs then is cancelled too."""
        self._tell_what_never_runs()
        origin = time.time()
        clock = FastClock(datetime.now(UTC), self._speed)
        after = clock.start
        async with asyncio.TaskGroup() as running:
            while True:
                due = next_due(self._jobs(), after)
                wait = clock.until(due[0], time.time() - origin) if due else _FAR
                if wait < -_MISSED or (wait > 0 and await self._wait(min(wait, _FAR))):
                    after = clock.at(time.time() - origin)
                elif due and clock.until(due[0], time.time() - origin) <= 0:
                    after = due[0]
                    for job in due[1]:
                        running.create_task(self._call(job, after))

    def _tell_what_never_runs(self) -> None:
        jobs = self._jobs()
        if not jobs:
            text, where = "--crons: vercel.json has no `crons`", Where("vercel.json", "crons")
            self._emit(Notice(level="warn", message=text, code="NO_CRONS", where=where))
        for job in jobs:
            if job.problem:
                text = f"cron {job.path} is never called: {job.schedule!r}: {job.problem}"
                self._emit(Notice(level="warn", message=text, code="CRON_INVALID", where=job.where))

    async def _wait(self, seconds: float) -> bool:
        """Sleep; True where the jobs changed meanwhile."""
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return False
        self._changed.clear()
        return True

    async def _call(self, job: CronJob, due: datetime) -> None:
        shown = f"cron {job.path} ({job.schedule}, due {due:%Y-%m-%d %H:%M} UTC)"
        self._emit(Notice(level="info", message=shown, code="CRON"))
        try:
            headers = cron_headers(job.schedule, self._secret(), self._proof)
            answer = await call_cron(self._url, job.path, headers)
        except (NoAnswer, EmuError) as error:
            text = f"{shown} got no answer: {error}"
            self._emit(Notice(level="error", message=text, code="CRON_FAILED"))
            return
        if answer.status >= 300:
            hint = "Redirects are not followed, and nothing is repeated, as on the platform."
            text = f"{shown} answered {answer.status}"
            self._emit(Notice(level="warn", message=text, hint=hint, code="CRON_FAILED"))

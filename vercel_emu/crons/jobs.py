"""The cron jobs of a project: those of vercel.json, and functions decorated by `vercel.cron`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from vercel_emu.crons.declared import declared_jobs
from vercel_emu.errors import Where
from vercel_emu.platform.cron import cron_problem, next_runs
from vercel_emu.project.vercel_json.model import Cron


@dataclass(frozen=True, slots=True, kw_only=True)
class CronJob:
    """`path` is what is called; a decorated `function` (`module:name`) has none.

    `problem` is why the platform refuses the schedule, `source` the file (and line) it stands in.
    """

    schedule: str
    source: str
    path: str = ""
    function: str = ""
    problem: str = ""
    where: Where | None = None

    @property
    def runs(self) -> bool:
        """Whether it is called on its schedule."""
        return bool(self.path) and not self.problem

    def next_runs(self, after: datetime, count: int) -> list[datetime]:
        """The next times in UTC; none where the schedule is refused or can never be met."""
        return [] if self.problem else next_runs(self.schedule, after, count)


def cron_jobs(root: Path, crons: Sequence[Cron], file_name: str | None) -> list[CronJob]:
    """Every cron job of the project; wrong ones are included and say what is wrong."""
    jobs = configured_jobs(crons, file_name)
    for found in declared_jobs(root):
        problem = cron_problem(found.schedule) or ""
        jobs.append(
            CronJob(
                function=found.function,
                schedule=found.schedule,
                source=found.place,
                problem=problem if found.is_known else found.schedule,
            )
        )
    return jobs


def configured_jobs(crons: Sequence[Cron], file_name: str | None) -> list[CronJob]:
    """Those of vercel.json."""
    file = file_name or "vercel.json"
    return [
        CronJob(
            path=cron.path,
            schedule=cron.schedule,
            source=f"{file}, crons[{index}]",
            where=Where(file, f"crons[{index}]"),
            problem=cron_problem(cron.schedule) or "",
        )
        for index, cron in enumerate(crons)
    ]

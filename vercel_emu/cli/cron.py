"""`vercel-emu cron`: the project's cron jobs and when they are due."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from vercel_emu.crons import cron_problem, next_runs, runs_more_than_daily
from vercel_emu.project.load import identify_project
from vercel_emu.project.vercel_config import load_vercel_config
from vercel_emu.project.vercel_config_model import Cron

SHOWN_RUNS = 3


@click.group()
def cron() -> None:
    """List the project's cron jobs."""


@cron.command(name="ls")
@click.argument(
    "directory", metavar="[DIR]", default=".", type=click.Path(file_okay=False, path_type=Path)
)
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def list_crons(directory: Path, as_json: bool) -> None:
    """Path, schedule and next three runs of each job, in UTC and in your time zone."""
    config = load_vercel_config(identify_project(directory).root)
    jobs = [describe(job, datetime.now(UTC)) for job in config.crons]
    if as_json:
        click.echo(json.dumps(jobs, indent=2))
        return
    if not jobs:
        click.echo("No cron jobs: `crons` in vercel.json names none.")
    for job in jobs:
        _print_job(job)


def describe(job: Cron, now: datetime) -> dict[str, Any]:
    """The documented shape of `--json`: `path`, `schedule`, `next` (ISO 8601, UTC), `problem`."""
    problem = cron_problem(job.schedule)
    runs = next_runs(job.schedule, now, SHOWN_RUNS) if problem is None else []
    return {
        "path": job.path,
        "schedule": job.schedule,
        "next": [run.isoformat() for run in runs],
        "problem": problem,
    }


def _print_job(job: dict[str, Any]) -> None:
    click.secho(f"{job['path']}  {job['schedule']}", bold=True)
    if job["problem"] is not None:
        click.secho(f"  the platform refuses this schedule: {job['problem']}", fg="red")
        return
    for text in job["next"]:
        run = datetime.fromisoformat(text)
        local = run.astimezone()
        click.echo(f"  {run:%a %Y-%m-%d %H:%M} UTC   {local:%a %Y-%m-%d %H:%M %Z}")
    if not job["next"]:
        click.echo("  never: no such day comes")
    if runs_more_than_daily(job["schedule"]):
        click.secho("  more than once a day, which a Hobby account may not deploy", dim=True)

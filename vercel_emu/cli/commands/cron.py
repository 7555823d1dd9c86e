"""`vercel-emu cron`: the project's cron jobs, and running one by hand."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from vercel_emu.cli.folder_option import json_option, project_option
from vercel_emu.cli.printing import echo_empty, echo_json
from vercel_emu.console import plain, printable_lines
from vercel_emu.control.client import ask, running_emulator
from vercel_emu.control.registry import RunningEmulator
from vercel_emu.crons.call import (
    SECRET,
    call_cron,
    cron_headers,
)
from vercel_emu.crons.jobs import CronJob, cron_jobs
from vercel_emu.deployment.config import load_vercel_config
from vercel_emu.errors import EmuError, Where
from vercel_emu.options import load_options
from vercel_emu.project.load import identify_project
from vercel_emu.project.model import Project
from vercel_emu.project.pyproject import emu_table
from vercel_emu.project.variables.env_files import read_env_files
from vercel_emu.project.vercel_json.model import VercelConfig
from vercel_emu.transport.client import NoAnswer, Response

SHOWN_TIMES = 3
_TIME = "%Y-%m-%d %H:%M"


@click.group()
def cron() -> None:
    """List the project's cron jobs, or run one."""


@cron.command()
@project_option
@json_option
def ls(folder: Path, as_json: bool) -> None:
    """List the cron jobs with the next three times, in UTC (as the platform has them) and local.

    Functions that are declared with `vercel.cron` are listed too; the platform calls them in cron
    services only, and there is no path to call here.

    JSON: {"crons": [{"path", "function", "schedule", "source", "problem", "next": [{"utc",
    "local"}]}]}; a decorated function has no path, a job of vercel.json no function.
    """
    project = identify_project(folder)
    config = load_vercel_config(project.root)
    jobs = cron_jobs(project.root, config.crons, config.file_name)
    now = datetime.now(UTC)
    if as_json:
        echo_json({"crons": [_row(job, now) for job in jobs]})
    elif jobs:
        _print_table(jobs, now)
    else:
        echo_empty("There are no cron jobs: vercel.json has no `crons`.")


@cron.command()
@click.argument("path")
@click.option("--url", metavar="URL", help="Call this address, not the running emulator's.")
@project_option
@json_option
def run(path: str, url: str | None, folder: Path, as_json: bool) -> None:
    """Call the cron job of PATH as the platform does, at the running emulator.

    A GET with the platform's user agent, the job's schedule, and CRON_SECRET of the project's
    env files as bearer token. Redirects are not followed. The exit code is 1 for a status of
    400 and above.

    JSON: {"path", "schedule", "status", "duration_ms", "id", "location", "body"}.
    """
    project = identify_project(folder)
    config = load_vercel_config(project.root)
    job = _find(path, cron_jobs(project.root, config.crons, config.file_name))
    running = None if url else running_emulator(project.root)
    address = running.url if running else url or ""
    proof = running.token if running else ""
    secret = _running_secret(running) if running else _secret(project, config)
    headers = cron_headers(job.schedule, secret, proof)
    try:
        answer = asyncio.run(call_cron(address, job.path, headers))
    except NoAnswer as error:
        raise EmuError(
            "NO_ANSWER",
            f"{address} does not answer: {error}.",
            "Is `vercel-emu dev` running there?",
        ) from None
    _print_answer(job, answer, as_json=as_json)
    click.get_current_context().exit(1 if answer.status >= 400 else 0)


def _find(path: str, jobs: list[CronJob]) -> CronJob:
    wanted = path if path.startswith("/") else f"/{path}"
    callable_jobs = [job for job in jobs if job.path]
    for job in callable_jobs:
        if job.path == wanted:
            return job
    known = ", ".join(job.path for job in callable_jobs)
    raise EmuError(
        "CRON_NOT_FOUND",
        f"vercel.json has no cron job with the path {wanted}.",
        f"There are {known}." if known else 'Add "crons": [{"path": ..., "schedule": ...}] to it.',
        where=Where("vercel.json", "crons"),
    )


def _running_secret(running: RunningEmulator) -> str:
    """CRON_SECRET as the running functions have it."""
    told = ask(running, "GET", "/environment")["variables"]
    return next((str(one["value"]) for one in told if one["name"] == SECRET), "")


def _secret(project: Project, config: VercelConfig) -> str:
    """CRON_SECRET as the functions see it: the shell's, then the env files', then vercel.json's."""
    if SECRET in os.environ:
        return os.environ[SECRET]
    options = load_options(emu_table(project.root), {}, project.root / "pyproject.toml")
    extra = () if options.env_file is None else (project.root / options.env_file,)
    files = read_env_files(project.root, extra, environ=os.environ, link_root=project.link_root)
    found = {entry.name: entry.value for entry in files.entries}
    return found.get(SECRET, config.env.get(SECRET, ""))


def _row(job: CronJob, now: datetime) -> dict[str, Any]:
    runs = job.next_runs(now, SHOWN_TIMES)
    return {
        "path": job.path or None,
        "function": job.function or None,
        "schedule": job.schedule,
        "source": job.source,
        "problem": job.problem or None,
        "next": [
            {"utc": moment.isoformat(), "local": moment.astimezone().isoformat()} for moment in runs
        ],
    }


def _print_table(jobs: list[CronJob], now: datetime) -> None:
    from rich.text import Text

    from vercel_emu.cli.terminal.tables import Cell, Column, print_table

    zone = now.astimezone().tzname() or "local"
    rows: list[tuple[Cell, ...]] = []
    for job in jobs:
        name = job.path or f"{job.function} (cron services only)"
        runs = job.next_runs(now, SHOWN_TIMES)
        if job.problem or not runs:
            rows.append((name, job.schedule, Text(plain(job.problem or "never"), style="red"), ""))
            continue
        utc = "\n".join(moment.strftime(_TIME) for moment in runs)
        local = "\n".join(moment.astimezone().strftime(_TIME) for moment in runs)
        rows.append((name, job.schedule, utc, local))
    columns = ("Path", "Schedule", "Next (UTC)", f"Local ({zone})")
    print_table([*map(Column, columns)], rows)


def _print_answer(job: CronJob, answer: Response, *, as_json: bool) -> None:
    text = answer.body.decode("utf-8", "replace")
    if as_json:
        shape = {
            "path": job.path,
            "schedule": job.schedule,
            "status": answer.status,
            "duration_ms": round(answer.duration_ms, 1),
            "id": answer.headers.get("x-vercel-id", ""),
            "location": answer.headers.get("location"),
            "body": text,
        }
        echo_json(shape)
        return
    location = answer.headers.get("location")
    to = f" to {location} (not followed)" if location else ""
    first = f"GET {plain(job.path)}  {answer.status}{plain(to)}  {answer.duration_ms:.0f} ms"
    click.echo(first, err=True)
    shown = printable_lines(text) if sys.stdout.isatty() else text
    click.echo(shown, nl=not text.endswith("\n"))

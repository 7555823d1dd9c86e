"""What is due, the fast clock, and what a call looks like."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from vercel_emu.crons.call import cron_headers
from vercel_emu.crons.jobs import CronJob, cron_jobs
from vercel_emu.crons.scheduler import FastClock, next_due
from vercel_emu.errors import EmuError
from vercel_emu.options import load_options, parse_speed
from vercel_emu.project.vercel_json.model import Cron

NOON = datetime(2026, 2, 27, 12, 0, tzinfo=UTC)


def job(path: str, schedule: str, problem: str = "") -> CronJob:
    return CronJob(path=path, schedule=schedule, source="vercel.json", problem=problem)


def test_what_is_due_next() -> None:
    jobs = [
        job("/hourly", "0 * * * *"),
        job("/quarter", "*/15 * * * *"),
        job("/leap", "0 0 29 2 *"),
        job("/never", "0 0 30 2 *"),
        job("/wrong", "* * *", "it has 3 fields"),
    ]
    assert next_due(jobs, NOON) == (NOON + timedelta(minutes=15), [jobs[1]])
    assert next_due(jobs, NOON + timedelta(minutes=45)) == (
        NOON + timedelta(hours=1),
        [jobs[0], jobs[1]],
    )
    assert next_due(jobs[2:3], NOON) == (datetime(2028, 2, 29, tzinfo=UTC), [jobs[2]])
    assert next_due(jobs[3:], NOON) is None
    assert next_due([], NOON) is None


def test_the_fast_clock() -> None:
    clock = FastClock(NOON, 60)
    assert clock.at(2) == NOON + timedelta(minutes=2)
    assert clock.until(NOON + timedelta(minutes=3), 2) == pytest.approx(1)
    assert clock.until(NOON, 1) < 0


@pytest.mark.parametrize(("text", "speed"), [("1x", 1), ("60x", 60), ("60", 60), ("0.5X", 0.5)])
def test_speeds(text: str, speed: float) -> None:
    assert parse_speed(text) == speed


@pytest.mark.parametrize("text", ["0", "-1x", "fast", "nan", "infx", "x2"])
def test_wrong_speeds(text: str) -> None:
    with pytest.raises(EmuError, match="--crons"):
        parse_speed(text)


def test_the_call() -> None:
    headers = cron_headers("0 5 * * *", "s3cret")
    assert headers == {
        "user-agent": "vercel-cron/1.0",
        "x-vercel-cron-schedule": "0 5 * * *",
        "authorization": "Bearer s3cret",
    }
    assert "authorization" not in cron_headers("0 5 * * *", "")
    with pytest.raises(EmuError, match="CRON_SECRET"):
        cron_headers("0 5 * * *", "a\nb")


def test_jobs_of_a_project(tmp_path: Path) -> None:
    (tmp_path / "jobs.py").write_text(
        "from vercel.cron import cron\n@cron('0 9 * * MON')\ndef weekly(): ...\n"
    )
    crons = (Cron("/api/a", "0 5 * * *"), Cron("/api/b", "0 5 1 * 1"))
    good, wrong, declared = cron_jobs(tmp_path, crons, "vercel.json")
    assert good.runs
    assert good.next_runs(NOON, 3)[0] == datetime(2026, 2, 28, 5, tzinfo=UTC)
    assert "day of week" in wrong.problem
    assert wrong.next_runs(NOON, 3) == []
    assert wrong.source == "vercel.json, crons[1]"
    assert (declared.function, declared.path) == ("jobs:weekly", "")
    assert "name" in declared.problem
    assert not declared.runs


def test_the_option_is_checked_wherever_it_comes_from(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    assert load_options({"crons": "60x"}, {}, file).crons == "60x"
    for table, given in (({"crons": "fast"}, {}), ({}, {"crons": "a-folder"})):
        with pytest.raises(EmuError, match="is not a speed"):
            load_options(table, given, file)

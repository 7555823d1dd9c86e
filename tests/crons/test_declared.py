"""Cron jobs that `vercel.cron` declares, read from source; compared with the package itself."""

from __future__ import annotations

import sys
import types

import pytest

from vercel_emu.crons.declared import declared_in

SOURCE = """
from vercel.cron import CronSchedule, CronTab, cron
from vercel.cron import cron as every
import vercel.cron
import vercel.cron as vc
from vercel import cron as module

tab = CronTab()

@cron("0 9 * * 1")
def weekly(): ...

@every(minute=0, hour=9)
async def daily(): ...

@vercel.cron.cron("5  4 * * *")
def spaced(): ...

@vc.cron(CronSchedule(minute="*/5"))
def often(): ...

@module.cron(CronSchedule.from_str("1 2 3 4 *"))
def yearly(): ...

@tab.register(minute=30)
def half(): ...

@tab.register(CronSchedule(0, 1))
def positional(): ...
"""
EXPECTED = {
    "jobs.run:weekly": "0 9 * * 1",
    "jobs.run:daily": "0 9 * * *",
    "jobs.run:spaced": "5 4 * * *",
    "jobs.run:often": "*/5 * * * *",
    "jobs.run:yearly": "1 2 3 4 *",
    "jobs.run:half": "30 * * * *",
    "jobs.run:positional": "0 1 * * *",
}


def test_every_form() -> None:
    found = declared_in(SOURCE, "jobs/run.py")
    assert {one.function: one.schedule for one in found} == EXPECTED
    assert found[0].place == "jobs/run.py:11"


def test_the_official_package_finds_the_same() -> None:
    module = types.ModuleType("jobs.run")
    sys.modules["jobs.run"] = module
    try:
        exec(compile(SOURCE, "run.py", "exec"), module.__dict__)
        jobs = list(module.tab.get_crons())
        for value in vars(module).values():
            if isinstance(value, types.FunctionType) and hasattr(value, "get_crons"):
                jobs += value.get_crons()
        assert dict(jobs) == EXPECTED
    finally:
        del sys.modules["jobs.run"]


@pytest.mark.parametrize(
    "source",
    [
        "def cron(x): return lambda f: f\n@cron('* * * * *')\ndef job(): ...",
        "from celery import cron\n@cron('* * * * *')\ndef job(): ...",
        "from vercel.cron import cron\ndef job(): ...",
        "from vercel.cron import cron\n@cron(",
        "tab.register(1)\n@tab.register('* * * * *')\ndef job(): ...",
    ],
)
def test_nothing_else(source: str) -> None:
    assert declared_in(source, "a.py") == []


def test_a_computed_schedule_is_named_as_such() -> None:
    source = "from vercel.cron import cron\n@cron(EVERY)\ndef job(): ..."
    (found,) = declared_in(source, "a.py")
    assert not found.is_known
    assert "computed" in found.schedule

"""Cron expressions: what the platform takes, and when they are due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vercel_emu.errors import EmuError
from vercel_emu.platform.cron import (
    check_cron,
    cron_problem,
    next_runs,
    runs_more_than_daily,
)


@pytest.mark.parametrize(
    "expression",
    [
        *("* * * * *", "0 10 * * *", "*/5 * * * *", "0 0 1 1 *", "59 23 31 12 *"),
        *("0 0 * * 0", "0 0 * * 1-5", "1,2,30-40 */2 * * 6", "0-30/10 8-18 * * *"),
    ],
)
def test_accepted(expression: str) -> None:
    assert cron_problem(expression) is None


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("* * * *", "4 fields"),
        ("0 0 0 * * *", "6 fields"),
        ("@daily", "1 fields"),
        ("0 10 * * MON", "day of week `MON` uses a name"),
        ("0 10 * JAN *", "month `JAN` uses a name"),
        ("60 * * * *", "minute `60` is outside 0 to 59"),
        ("0 24 * * *", "hour `24` is outside 0 to 23"),
        ("0 0 0 * *", "day of month `0` is outside 1 to 31"),
        ("0 0 * 13 *", "month `13` is outside 1 to 12"),
        ("0 0 * * 7", "day of week `7` is outside 0 to 6"),
        ("0 0 1 * 1", "can't both be set"),
        ("5-1 * * * *", "runs backwards"),
        ("*/0 * * * *", "step outside"),
        ("1, * * * *", "is not a number"),
        ("0 0 L * *", "uses a name or letter"),
        ("0 0 * * 1#2", "is not a number"),
        ("-1 * * * *", "is not a number"),
    ],
)
def test_refused(expression: str, problem: str) -> None:
    assert problem in (cron_problem(expression) or "")
    with pytest.raises(EmuError) as caught:
        check_cron(expression)
    assert caught.value.code == "INVALID_CRON_EXPRESSION"


def test_next_runs_are_in_utc() -> None:
    after = datetime(2026, 1, 1, 11, 30, tzinfo=timezone(timedelta(hours=2)))
    assert next_runs("0 10 * * *", after, 2) == [
        datetime(2026, 1, 1, 10, tzinfo=UTC),
        datetime(2026, 1, 2, 10, tzinfo=UTC),
    ]


def test_next_run_is_after_the_given_time() -> None:
    now = datetime(2026, 1, 1, 10, tzinfo=UTC)
    assert next_runs("0 10 * * *", now, 1) == [datetime(2026, 1, 2, 10, tzinfo=UTC)]


def test_a_day_that_never_comes_has_no_runs() -> None:
    assert next_runs("0 0 30 2 *", datetime(2026, 1, 1, tzinfo=UTC), 3) == []


@pytest.mark.parametrize(
    ("expression", "more"),
    [("0 10 * * *", False), ("0 */2 * * *", True), ("* 1 * * *", True), ("0 1,2 * * *", True)],
)
def test_more_than_once_a_day(expression: str, more: bool) -> None:
    assert runs_more_than_daily(expression) is more


@given(st.text("0123456789*,-/ LWA#", max_size=16))
def test_accepted_expressions_can_be_scheduled(expression: str) -> None:
    if cron_problem(expression) is None:
        next_runs(expression, datetime(2026, 1, 1, tzinfo=UTC), 1)

"""Cron expressions as the platform reads them: five fields, always UTC, no names.

`cronsim` works out the times. It accepts more than the platform (names, `L`, `#`, seconds, 7 for
Sunday), so the platform's rules are checked first.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from cronsim import CronSim, CronSimError

from vercel_emu.errors import EmuError

_FIELDS = (
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of month", 1, 31),
    ("month", 1, 12),
    ("day of week", 0, 6),
)
_TERM = re.compile(r"(?:(\*)|(\d{1,2})(?:-(\d{1,2}))?)(?:/(\d{1,2}))?", re.ASCII)
_HINT = "Five fields in UTC: minute hour day-of-month month day-of-week, as in `0 10 * * *`."


def cron_problem(expression: str) -> str | None:
    """Why the platform refuses `expression`; None where it doesn't."""
    fields = expression.split()
    if len(fields) != len(_FIELDS):
        return f"it has {len(fields)} fields; the platform wants five"
    for (name, low, high), text in zip(_FIELDS, fields, strict=True):
        problem = _field_problem(text, low, high)
        if problem is not None:
            return f"{name} `{text}` {problem}"
    if fields[2] != "*" and fields[4] != "*":
        return "day of month and day of week can't both be set; one must be `*`"
    return None


def check_cron(expression: str) -> None:
    """Raise an `EmuError` where the platform would refuse the expression."""
    problem = cron_problem(expression)
    if problem is not None:
        raise EmuError("INVALID_CRON_EXPRESSION", f"`{expression}`: {problem}.", _HINT)


def next_runs(expression: str, after: datetime, count: int) -> list[datetime]:
    """The next `count` times in UTC, strictly after `after` (an aware time).

    Fewer where the expression can hardly ever be met (30 February: none).
    """
    check_cron(expression)
    runs: list[datetime] = []
    try:
        simulation = CronSim(expression, after.astimezone(UTC))
        while len(runs) < count:
            runs.append(next(simulation))
    except (StopIteration, CronSimError):
        pass
    return runs


def runs_more_than_daily(expression: str) -> bool:
    """Whether a Hobby account would refuse it: minute and hour must each be one value."""
    minute, hour, *_ = expression.split()
    return not (minute.isdigit() and hour.isdigit())


def _field_problem(text: str, low: int, high: int) -> str | None:
    for term in text.split(","):
        found = _TERM.fullmatch(term)
        if found is None:
            if re.search(r"[A-Za-z]", term):
                return "uses a name or letter; the platform knows numbers, `*`, `,`, `-`, `/` only"
            return "is not a number, `*`, a range `a-b`, a list or a step `/n`"
        _, first, last, step = found.groups()
        numbers = [int(number) for number in (first, last) if number is not None]
        if any(not low <= number <= high for number in numbers):
            return f"is outside {low} to {high}"
        if last is not None and numbers[0] > numbers[1]:
            return "is a range that runs backwards"
        if step is not None and not 1 <= int(step) <= high:
            return f"has a step outside 1 to {high}"
    return None

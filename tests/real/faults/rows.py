"""The rows of docs/faults.md, each with its test."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

PHASES = (
    *("starting", "idle", "during a request", "during a response stream", "during a reload"),
    *("while writing the cache", "at shutdown"),
)


class Row(NamedTuple):
    """One line of the table."""

    fault: str
    phase: str
    saw: str


ROWS: list[Row] = []


def row[F: Callable[..., None]](fault: str, phase: str, saw: str) -> Callable[[F], F]:
    """This test is that row: its id names the fault and the phase; `saw` is what it asserts."""
    assert phase in PHASES, phase
    ROWS.append(Row(fault, phase, saw))
    return pytest.mark.parametrize((), [pytest.param(id=f"{fault}: {phase}")])


def table() -> str:
    """All rows, as they stand in docs/faults.md: by the fault's name, then by phase."""
    lines = ["| What was injected | When | What a client saw |", "| --- | --- | --- |"]
    rows = sorted(ROWS, key=lambda one: (one.fault.lower(), PHASES.index(one.phase)))
    lines += [f"| {one.fault} | {one.phase} | {one.saw} |" for one in rows]
    return "\n".join(lines)

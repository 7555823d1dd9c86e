"""Every case, run against the official package and against ours, compared as observed."""

from __future__ import annotations

import json
import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.checkout import GUEST, ROOT
from tests.functions_api.differential import runner
from tests.functions_api.differential.differences import (
    ALWAYS,
    LOWEST,
    NEWEST,
    WITH_LOWEST,
    Difference,
)
from tests.functions_api.differential.environments import environment_with
from tests.real.support import PATIENCE

BUILT_IN = GUEST / "functions_api"

Observations = dict[str, dict[str, object]]


def observe(command: list[Path]) -> Observations:
    done = subprocess.run(
        [command[0], "-P", "-m", runner.__name__, *command[1:]],
        check=False,
        capture_output=True,
        text=True,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "VERCEL_TELEMETRY_DISABLED": "1",
        },
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    observed: Observations = json.loads(done.stdout)
    return observed


@pytest.mark.parametrize(
    ("official", "expected"),
    [(LOWEST, ALWAYS + WITH_LOWEST), (NEWEST, ALWAYS)],
    ids=["lowest", "newest"],
)
def test_the_built_in_api_is_the_official_one(
    official: str, expected: list[Difference], tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.getbasetemp()
    shared = root.parent if "PYTEST_XDIST_WORKER" in os.environ else root
    python = environment_with(official, shared)

    with ThreadPoolExecutor() as both:
        theirs, ours = both.map(observe, ([python], [python, BUILT_IN]))

    assert list(theirs) == list(ours)
    unexplained, unused = compare(theirs, ours, expected)
    assert unexplained == {}
    assert unused == set()


def compare(
    theirs: Observations, ours: Observations, expected: list[Difference]
) -> tuple[dict[str, object], set[str]]:
    """What differs although it isn't listed, and what is listed although nothing differs."""
    unexplained: dict[str, object] = {}
    unused = {pattern for known in expected for pattern in known.cases}
    for case, seen in theirs.items():
        mine = ours[case]
        differing = {what for what in seen | mine if seen.get(what) != mine.get(what)}
        if not differing:
            continue
        explained = False
        for known in expected:
            matching = {pattern for pattern in known.cases if re.fullmatch(pattern, case)}
            unused -= matching
            explained = explained or bool(matching and differing <= known.observed)
        if not explained:
            unexplained[case] = {what: (seen.get(what), mine.get(what)) for what in differing}
    return unexplained, unused

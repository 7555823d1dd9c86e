"""A fixed seed of the fuzzer against real emulators; `make fuzz` plays many more."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.fuzz.run import Finding, Fuzzer
from tests.fuzz.target import emulators

SEED = 1
CONNECTIONS = 2000


def test_nothing_gets_through(tmp_path: Path) -> None:
    found: list[Finding] = []

    async def run(fuzzer: Fuzzer) -> None:
        try:
            await fuzzer.begin()
            await fuzzer.run(SEED, range(CONNECTIONS), found.append)
        finally:
            fuzzer.close()

    with emulators(tmp_path) as running:
        fuzzer = Fuzzer(running)
        asyncio.run(run(fuzzer))
    if found:
        pytest.fail("\n\n".join(map(str, found)), pytrace=False)
    assert fuzzer.tally.connections == CONNECTIONS
    # That apps answered, and not the edge alone.
    assert fuzzer.tally.statuses[200] > CONNECTIONS / 4

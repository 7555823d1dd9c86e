"""`python -m tests.fuzz`: run the fuzzer by hand, or replay one connection."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.generate import generate
from tests.fuzz.run import Fuzzer
from tests.fuzz.target import emulators


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="The first seed.")
    parser.add_argument("--seeds", type=int, default=1, help="How many seeds, one after another.")
    parser.add_argument("--connections", type=int, default=2000, help="For each seed.")
    parser.add_argument("--only", metavar="INDEX[-LAST]", help="Only these connections.")
    parser.add_argument("--show", action="store_true", help="Print the connections, play nothing.")
    parser.add_argument("--findings", type=int, default=1, help="Stop a seed after so many.")
    given = parser.parse_args()
    indexes = range(given.connections)
    if given.only:
        first, _, last = given.only.partition("-")
        indexes = range(int(first), int(last or first) + 1)
    if given.show:
        for index in indexes:
            print(generate(given.seed, index).describe())
        return 0
    # Ended from outside, it must not leave emulators behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    return asyncio.run(_run(range(given.seed, given.seed + given.seeds), indexes, given.findings))


async def _run(seeds: range, indexes: range, findings: int) -> int:
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, emulators(Path(folder)) as running:
        fuzzer = Fuzzer(running)
        try:
            await fuzzer.begin()
            for seed in seeds:
                await fuzzer.run(
                    seed,
                    indexes,
                    lambda finding: print(f"\n{finding}", flush=True),
                    most_findings=findings,
                )
                print(f"seed {seed}: {fuzzer.tally}", flush=True)
        finally:
            fuzzer.close()
    print(f"{len(seeds)} seeds in {time.perf_counter() - started:.0f} s: {fuzzer.tally}")
    return 1 if fuzzer.tally.findings else 0


if __name__ == "__main__":
    sys.exit(main())

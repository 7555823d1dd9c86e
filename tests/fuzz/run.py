"""Plays batches of connections, judges them, and finds which connection did it."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tests.fuzz.client import PATIENCE, Outcome, play
from tests.fuzz.connections import App, Connection
from tests.fuzz.generate import generate
from tests.fuzz.oracle import Fault
from tests.fuzz.shrink import shrink
from tests.fuzz.target import Target
from tests.real.support import DevProcess

BATCH = 60
AT_ONCE = 12
"""Connections that are open at the same time."""
REPEATS = 4
"""A replay repeats its connection: where it comes between two canaries is chance."""
REPLAY_PATIENCE = 3.0
MOST_SUSPECTS = 30
CALMING = 5


@dataclass(slots=True)
class Finding:
    """A fault, and the smallest connection that was found to cause it."""

    seed: int
    fault: Fault
    connection: Connection | None
    batch: Sequence[Connection]
    reproduced: bool = False

    def __str__(self) -> str:
        if self.connection is None:
            first, last = self.batch[0].index, self.batch[-1].index
            return (
                f"{self.fault}\nno connection does it alone: python -m tests.fuzz "
                f"--seed {self.seed} --only {first}-{last}"
            )
        note = "" if self.reproduced else "\n(seen once; the replay alone did not show it)"
        return (
            f"{self.fault}{note}\npython -m tests.fuzz --seed {self.seed} "
            f"--only {self.connection.index}\n{self.connection.describe()}"
        )


@dataclass(slots=True)
class Tally:
    """What a run did."""

    connections: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    canaries: int = 0
    findings: list[Finding] = field(default_factory=list)

    def add(self, outcomes: Iterable[Outcome]) -> None:
        for outcome in outcomes:
            self.statuses.update(answer.status for answer in outcome.answers.complete)

    def __str__(self) -> str:
        statuses = ", ".join(f"{status}: {n}" for status, n in sorted(self.statuses.items()))
        return (
            f"{self.connections} connections, {self.canaries} canary requests, "
            f"{len(self.findings)} findings; answers by status: {statuses}"
        )


class Fuzzer:
    """A run of one seed after another against the same emulators."""

    def __init__(self, emulators: dict[App, DevProcess]) -> None:
        self._targets = {app: Target(app, emulator) for app, emulator in emulators.items()}
        self.tally = Tally()

    async def begin(self) -> None:
        for target in self._targets.values():
            await target.begin()

    def close(self) -> None:
        for target in self._targets.values():
            target.close()

    async def run(
        self,
        seed: int,
        indexes: Sequence[int],
        tell: Callable[[Finding], None],
        *,
        most_findings: int = 1,
    ) -> None:
        """Play these connections of `seed`; each finding is told once for its kind."""
        told: set[str] = set()
        for start in range(0, len(indexes), BATCH):
            batch = [generate(seed, index) for index in indexes[start : start + BATCH]]
            faults = await self._play(batch)
            self.tally.connections += len(batch)
            for fault in distinct(faults, told):
                finding = await self._trace(seed, fault, batch)
                self.tally.findings.append(finding)
                tell(finding)
                if len(told) >= most_findings:
                    return

    async def _play(self, batch: Sequence[Connection], patience: float = PATIENCE) -> list[Fault]:
        """All of a batch, and everything that is wrong afterwards."""
        used = {connection.app for connection in batch}
        async with self._canaries(used):
            outcomes = await self._play_beside_canaries(batch, patience)
        played = {connection.index: connection for connection in batch}
        faults = [Fault("http", one.fault, one.connection.index) for one in outcomes if one.fault]
        for app in used:
            faults += await self._targets[app].faults(played)
        self.tally.add(outcomes)
        return faults

    async def _play_beside_canaries(
        self, batch: Sequence[Connection], patience: float
    ) -> list[Outcome]:
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(connection: Connection) -> Outcome:
            async with slots:
                return await play(self._targets[connection.app].port, connection, patience)

        return await asyncio.gather(*(one(connection) for connection in batch))

    @contextlib.asynccontextmanager
    async def _canaries(self, apps: Iterable[App]) -> AsyncIterator[None]:
        """Have the canaries of these apps ask all the time, and once more at the end."""
        stop = asyncio.Event()
        canaries = [canary for app in apps for canary in self._targets[app].canaries]
        before = sum(canary.asked for canary in canaries)
        tasks = [asyncio.create_task(canary.run(stop), name="canary") for canary in canaries]
        try:
            yield
            # What was left behind in a connection shows now.
            for canary in canaries:
                await canary.settle()
        finally:
            stop.set()
            await asyncio.gather(*tasks)
        self.tally.canaries += sum(canary.asked for canary in canaries) - before

    # Which one it was ---------------------------------------------------------------------------

    async def _trace(self, seed: int, fault: Fault, batch: Sequence[Connection]) -> Finding:
        known = [one for one in batch if one.index == fault.index]
        near = [one for one in batch if fault.app in (None, one.app)]
        await self._calm({one.app for one in near})
        for suspect in known or near[:MOST_SUSPECTS]:
            if await self._fails(suspect, fault.kind):
                smallest = await shrink(suspect, lambda one: self._fails(one, fault.kind))
                return Finding(seed, fault, smallest, batch, reproduced=True)
        return Finding(seed, fault, known[0] if known else None, batch)

    async def _calm(self, apps: Iterable[App]) -> None:
        """Let what was left behind come out, so that no other connection is blamed for it."""
        for _ in range(CALMING):
            async with self._canaries(apps):
                pass
            if not [fault for app in apps for fault in await self._targets[app].faults({})]:
                return

    async def _fails(self, connection: Connection, kind: str) -> bool:
        faults = await self._play([connection] * REPEATS, patience=REPLAY_PATIENCE)
        if faults:
            await self._calm([connection.app])
        return any(fault.kind == kind for fault in faults)


def distinct(faults: Iterable[Fault], told: set[str]) -> Iterator[Fault]:
    """The faults of a kind that was not told yet; telling one counts."""
    for fault in faults:
        if fault.kind not in told:
            told.add(fault.kind)
            yield fault

"""Saves under load: `python -m tests.soak.saves [--saves 5000] [--clients 8]`.

Clients ask without a pause while the app is saved. No request may fail or get code that is older
than the save before it; the emulator's memory must stay where it was after the first saves, and
nothing may be left when it has ended.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.real.reload.load import Load, version
from tests.real.support import DevProcess, clean_environ, wait_until, write_project
from vercel_emu.control.recorder import KEPT
from vercel_emu.guest import family

WARM_UP = 100
"""Saves before memory is measured for the first time; at least: the record of requests that other
commands read must be full."""
MOST_GROWTH = 1.1
LOOK_EVERY = 25
"""Saves between two looks at the processes and the log."""


@dataclass(frozen=True)
class Memory:
    """What the emulator has for itself alone, in MB; 0 where the system doesn't tell."""

    before: float
    after: float

    @property
    def wrong(self) -> list[str]:
        if self.after <= self.before * MOST_GROWTH:
            return []
        return [f"memory grew from {self.before:.1f} to {self.after:.1f} MB"]


def memory_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    found = next(line for line in lines if line.startswith("RssAnon:"))
    return int(found.split()[1]) / 1024


class Saver:
    """Saves the app of a running emulator, and looks after its processes and its log."""

    def __init__(self, process: DevProcess, load: Load) -> None:
        self._process = process
        self._load = load
        self._seen: set[family.Member] = set()
        self.wrong: list[str] = []

    def save(self, number: int) -> None:
        self._load.save(number)
        if number % LOOK_EVERY == 0:
            self.look()

    def look(self) -> None:
        """Note which processes there are; nothing may have failed in the log."""
        self._seen |= set(family.descendants([self._process.process.pid]))
        self.wrong += [str(one) for one in self._process.reported("InstanceFailed")]
        self.wrong += [str(one) for one in self._process.reported("Notice", level="error")]
        self._process.forget()

    def settled_memory(self) -> float:
        """Measured when the old instances are gone."""
        children = self._process.children
        wait_until(lambda: len(children()) <= 2, what="only an instance and its standby are left")
        return memory_mb(self._process.process.pid)

    def left(self) -> list[int]:
        """What still runs of all that was seen: ids are given again, starting times are not."""
        return [pid for pid, started in self._seen if family.started(pid) == started]


def run(root: Path, *, saves: int, clients: int) -> tuple[Load, Memory, list[str]]:
    """Save under load; what was seen, and what was wrong."""
    write_project(root, {"app.py": version(0)})
    arguments = ("--app", "app:app", "--no-install")
    with DevProcess(root, *arguments, environ=clean_environ()) as process:
        process.wait_ready()
        load = Load(process, root, most_pause=3 * clients)
        saver = Saver(process, load)
        try:
            load.start(clients)
            while load.saved < WARM_UP or load.answered < KEPT * 1.2:
                saver.save(load.saved + 1)
            before = saver.settled_memory()
            for _ in range(saves):
                saver.save(load.saved + 1)
        finally:
            load.stop()
        saver.look()
        memory = Memory(before, saver.settled_memory())
    wrong = [*load.wrong, *saver.wrong, *memory.wrong]
    if left := saver.left():
        wrong.append(f"processes are left: {left}")
    return load, memory, wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--saves", type=int, default=5000)
    parser.add_argument("--clients", type=int, default=8)
    given = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        load, memory, wrong = run(
            Path(folder) / "project", saves=given.saves, clients=given.clients
        )
    print(
        f"saves: {load.saved} in {time.monotonic() - started:.0f} s, {load.answered} requests; "
        f"memory {memory.before:.1f} MB, then {memory.after:.1f} MB; {len(wrong)} wrong"
    )
    for text in wrong[:20]:
        print(f"  {text}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()

"""What is said of a function's memory, and that a process and its children are measured."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from vercel_emu.emulator.memory_watch import Usage, judge, measure

MB = 1024 * 1024
HOLD = (
    "import sys; data = bytearray({} * 1024 * 1024); data[::4096] = bytes([1]) * len(data[::4096])"
)


@pytest.mark.parametrize(
    ("now", "peak", "verdict"),
    [
        (10, 10, ""),
        (10, 79, ""),
        (10, 80, "warn"),
        (90, 90, "warn"),
        (100, 100, "warn"),
        (101, 101, "over"),
    ],
)
def test_verdicts(now: int, peak: int, verdict: str) -> None:
    assert judge(Usage(now, peak), 100) == verdict


def test_children_count_too() -> None:
    child = f"{HOLD.format(60)}; print(1, flush=True); input()"
    script = (
        f"{HOLD.format(40)}; import subprocess; subprocess.run([sys.executable, '-c', {child!r}])"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        usage = asyncio.run(measure(process.pid))
        process.communicate("\n")
    assert usage.now > 100 * MB
    assert usage.peak >= usage.now


def test_a_process_that_is_gone() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    try:
        usage = asyncio.run(measure(process.pid))
    except OSError:
        return
    assert usage.now == 0

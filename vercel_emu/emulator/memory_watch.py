"""How much memory the instances use, against their functions' limits.

Sampled from outside and only for instances that work: nothing runs in the user's process. A
spike between two samples is still seen where the system keeps a process's peak (Linux).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from vercel_emu.events import Emit, Notice
from vercel_emu.guest import family
from vercel_emu.instance.pool import FunctionPool, Instance

INTERVAL = 1.0
STRICT_INTERVAL = 0.1
WARN_AT = 0.8
_MB = 1024 * 1024
_WORKING = -1
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Usage:
    """Resident bytes of an instance's process and all it started: now, and at most so far."""

    now: int
    peak: int


def judge(usage: Usage, limit: int) -> str:
    """`over` where the platform would end the function now, `warn` near it, else empty."""
    if usage.now > limit:
        return "over"
    return "warn" if usage.peak >= limit * WARN_AT else ""


class MemoryWatch:
    """Samples the instances of `pools`; `limit_of` gives a function's MB.

    With `strict` an instance over its limit is killed, so that the edge answers as the platform.
    """

    def __init__(
        self,
        pools: Mapping[str, FunctionPool],
        limit_of: Callable[[str], int | None],
        emit: Emit,
        *,
        strict: bool = False,
    ) -> None:
        self._pools = pools
        self._limit_of = limit_of
        self._emit = emit
        self._strict = strict
        self._seen: dict[str, int] = {}
        self._told: dict[str, str] = {}

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            await asyncio.sleep(STRICT_INTERVAL if self._strict else INTERVAL)
            for pool, instance in self._working():
                with contextlib.suppress(OSError):
                    usage = await measure(instance.process.pid or 0)
                    self._compare(pool.name, instance, usage)

    def _working(self) -> Iterator[tuple[FunctionPool, Instance]]:
        """The instances that are working, or have worked since the sample before this one.

        One that was sampled while it worked is sampled once more: its peak may have come later.
        """
        for pool in list(self._pools.values()):
            for instance, _ in pool.instances():
                served = instance.invocations.served
                if len(instance.invocations):
                    self._seen[instance.name] = _WORKING
                elif served == self._seen.get(instance.name, 0):
                    continue
                else:
                    self._seen[instance.name] = served
                yield pool, instance

    def _compare(self, function: str, instance: Instance, usage: Usage) -> None:
        limit = self._limit_of(function)
        if limit is None:
            return
        verdict = judge(usage, limit * _MB)
        if verdict and self._told.get(instance.name) != verdict:
            self._told[instance.name] = verdict
            self._emit(_notice(function, verdict, usage, limit, strict=self._strict))
        if verdict == "over" and self._strict:
            instance.process.signal_group(signal.SIGKILL)


def _notice(function: str, verdict: str, usage: Usage, limit: int, *, strict: bool) -> Notice:
    used = (usage.now if verdict == "over" else usage.peak) // _MB
    text = f"{function} uses {used:,} MB of its {limit:,} MB of memory"
    if verdict == "warn":
        hint = "Above its limit the platform ends a function with FUNCTION_INVOCATION_FAILED."
        return Notice(level="warn", message=text, hint=hint, code="MEMORY_NEAR_LIMIT")
    outcome = "it was ended" if strict else "the platform would end it"
    hint = "Use less, or raise `memory` for it under `functions` in vercel.json."
    return Notice(
        level="error" if strict else "warn",
        message=f"{text}: {outcome}",
        hint=hint if strict else f"{hint} --strict-memory ends it here too.",
        code="MEMORY_OVER_LIMIT",
    )


async def measure(pid: int) -> Usage:
    """The memory of a process and its descendants. Raises OSError where it is gone."""
    if (_PROC / "self").exists():
        return _from_proc(pid)
    return await _from_ps(pid)


def _from_proc(pid: int) -> Usage:
    now, peak = _status(pid)
    for child, _ in family.descendants([pid]):
        with contextlib.suppress(OSError):
            used, _ = _status(child)
            now += used
    return Usage(now, max(now, peak))


def _status(pid: int) -> tuple[int, int]:
    """VmRSS and VmHWM in bytes; a process that has ended has neither."""
    values = {"VmRSS": 0, "VmHWM": 0}
    for line in (_PROC / str(pid) / "status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name in values:
            values[name] = int(value.split()[0]) * 1024
    return values["VmRSS"], values["VmHWM"]


async def _from_ps(pid: int) -> Usage:
    """macOS: every instance leads a process group of its own."""
    process = await asyncio.create_subprocess_exec(
        *("/bin/ps", "-A", "-o", "pgid=,rss="),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "LC_ALL": "C"},
    )
    output, _ = await process.communicate()
    rows = (line.split() for line in output.decode().splitlines())
    now = sum(int(row[1]) * 1024 for row in rows if len(row) == 2 and row[0] == str(pid))
    return Usage(now, now)

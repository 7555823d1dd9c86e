"""Which instances are sampled: those that work, and once more when they have done."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from vercel_emu.emulator.memory_watch import MemoryWatch


class Invocations:
    def __init__(self) -> None:
        self.running = self.served = 0

    def __len__(self) -> int:
        return self.running


def test_an_instance_is_sampled_once_more_after_its_work() -> None:
    invocations = Invocations()
    instance = SimpleNamespace(name="app#1", invocations=invocations)
    pools: Any = {"app": SimpleNamespace(name="app", instances=lambda: [(instance, None)])}
    watch = MemoryWatch(pools, lambda _: None, lambda _: None)

    def sampled() -> bool:
        return bool(list(watch._working()))

    assert not sampled()
    invocations.running = invocations.served = 1
    assert sampled()
    assert sampled()
    invocations.running = 0
    assert sampled()  # its peak may have come after the last sample
    assert not sampled()
    invocations.served = 2  # a short request between two samples
    assert sampled()
    assert not sampled()

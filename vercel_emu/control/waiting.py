"""Waiting for what the emulator reports: a condition is looked at again after each event."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from vercel_emu.control.controlled import ControlledProject
from vercel_emu.events import Event, EventBus

STOPPING_SECONDS = 5.0
"""What an instance that is too slow to start may take to end."""


async def happened(bus: EventBus, condition: Callable[[], bool], seconds: float) -> bool:
    """Whether `condition` became true within `seconds`. For the emulator's own loop."""
    if condition():
        return True
    met = asyncio.Event()

    def look(event: Event) -> None:
        if condition():
            met.set()

    unsubscribe = bus.subscribe(look)
    try:
        async with asyncio.timeout(seconds):
            await met.wait()
    except TimeoutError:
        pass
    finally:
        unsubscribe()
    return condition()


async def functions_started(project: ControlledProject) -> None:
    """Return once every function that is starting serves.

    Raises:
        EmuError: one can't start; the hint is the user's own traceback.
    """
    pools = project.pools.values()
    await happened(
        project.bus,
        lambda: not any(pool.starting for pool in pools),
        project.options.startup_timeout + STOPPING_SECONDS,
    )
    for pool in pools:
        if pool.failure is not None:
            raise pool.failure.as_error()

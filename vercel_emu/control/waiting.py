"""Waiting for what the emulator reports: a condition is looked at again after each event."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from vercel_emu.events import Event, EventBus


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

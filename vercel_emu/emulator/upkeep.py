"""What is done for functions between requests: idle ones end, the one in use has the standby."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from vercel_emu.instance.pool import FunctionPool
from vercel_emu.options import Options
from vercel_emu.project.model import Function

FILE_FUNCTION_IDLE = 300.0
"""Seconds without a request after which a function of `api/` ends, where no option says else."""
INTERVAL = 1.0
"""Seconds between two looks, where no idle time is shorter."""
HOLD = 5.0
"""Seconds without a request after which a function gives its standby up to one that has some."""


def idle_timeout(function: Function, options: Options) -> float | None:
    """After how many seconds without a request a function ends; None: never.

    The one app of a project is what a person works on. A function of `api/` is one of many, and
    starts again with its next request as it does on the platform.
    """
    if options.idle_timeout is not None:
        return options.idle_timeout or None
    return None if function.path is None else FILE_FUNCTION_IDLE


class Upkeep:
    """Looks after the functions of a project until cancelled.

    A project's only function always has its standby (where the options say so). Of many functions
    one has it, the one that was called last: what a person works on, they call.
    """

    def __init__(self, functions: Mapping[str, FunctionPool], *, standby: bool) -> None:
        self._functions = functions
        self._standby = standby
        self._holder: FunctionPool | None = None

    async def run(self) -> None:
        """Look at every function again and again."""
        while True:
            limits = [one.settings.idle_timeout for one in self._functions.values()]
            shortest = min((limit for limit in limits if limit is not None), default=INTERVAL)
            await asyncio.sleep(min(INTERVAL, max(shortest / 4, 0.02)))
            for pool in self._functions.values():
                pool.stop_if_idle()
            if self._standby:
                self._place_standby()

    def _place_standby(self) -> None:
        pools = [pool for pool in self._functions.values() if pool.active]
        latest = max(pools, key=lambda pool: pool.last_used, default=None)
        holder = self._holder if self._holder in pools else None
        if holder is not None and time.monotonic() - holder.last_used < HOLD:
            latest = holder
        if latest is not self._holder:
            if self._holder is not None:
                self._holder.keep_standby(wanted=False)
            self._holder = latest
        if latest is not None:
            latest.keep_standby(wanted=True)

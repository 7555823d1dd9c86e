"""Ctrl+C, SIGTERM and SIGHUP end the emulator in order; a second one ends it at once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Iterator


class Stop(asyncio.Event):
    """Set when the person or the system asks the emulator to stop."""

    instead: Callable[[], bool] | None = None
    """Asked first at Ctrl+C: whether it was meant for something else, such as a prompt."""


@contextlib.contextmanager
def stop_requested() -> Iterator[Stop]:
    """An event that is set when the emulator shall stop."""
    loop = asyncio.get_running_loop()
    stop = Stop()

    def handle(number: int) -> None:
        if number == signal.SIGINT and stop.instead is not None and stop.instead():
            return
        if stop.is_set():
            # The instances see the control pipe close and end themselves.
            os._exit(128 + number)
        stop.set()

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, handle, number)
    try:
        yield stop
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


@contextlib.contextmanager
def undone_at_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP leave the block as Ctrl+C does, so that what is half-made is undone.

    Raises:
        SystemExit: one of them came; the exit code is what shells expect.
    """

    def handle(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    before = {one: signal.signal(one, handle) for one in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

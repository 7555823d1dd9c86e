"""Ctrl+C, SIGTERM and SIGHUP end the emulator in order; a second one ends it at once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterator


@contextlib.contextmanager
def stop_requested() -> Iterator[asyncio.Event]:
    """An event that is set when the person or the system asks the emulator to stop."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def handle(number: int) -> None:
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

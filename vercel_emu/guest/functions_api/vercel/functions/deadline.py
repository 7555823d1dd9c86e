"""When the current invocation ends at the latest."""

from __future__ import annotations

from datetime import datetime
from importlib import import_module


def get_deadline() -> datetime | None:
    """The end of the current invocation: an aware UTC time, to the millisecond.

    It is the start plus the function's maximum duration (in seconds, `maxDuration`); the platform
    ends the invocation then. None outside an invocation.
    """
    try:
        runtime = import_module("vercel_runtime")
    except ModuleNotFoundError as error:
        if error.name == "vercel_runtime":
            return None  # not run by the platform
        raise  # it is there and broken: that must not pass for "no deadline"
    ask = getattr(runtime, "get_deadline", None)
    deadline = ask() if callable(ask) else None
    return deadline if isinstance(deadline, datetime) else None

"""How long to wait after the last news before a change is acted on: a decision without a clock.

One saved file is acted on at once. Many files at once (a checkout, a formatter, an archive) end in
one reload. A file that has vanished, or has been made but not written, is most likely in the middle
of being saved by an editor that renames.
"""

from __future__ import annotations

from dataclasses import dataclass

SINGLE = 0.005
BURST = 0.05
UNFINISHED = 0.1
LOCKED = 0.25
LONGEST = 3.0
"""Seconds after which a change is acted on, however many more are coming."""


@dataclass(frozen=True, slots=True)
class Pending:
    """What is known of a change that is still going on."""

    changed: int
    vanished: int = 0
    unfinished: int = 0
    git_is_busy: bool = False


def seconds_of_quiet(pending: Pending) -> float:
    """How long nothing more must have happened before the change is acted on."""
    if pending.git_is_busy:
        return LOCKED
    if pending.unfinished or pending.vanished:
        return UNFINISHED
    return BURST if pending.changed > 1 else SINGLE

"""When a function that could not start is tried again although nothing was saved.

A start can fail for a passing reason (a database that isn't up yet), so requests try again, but
so rarely that a broken app costs next to nothing: a start that took half a second is repeated
after half a minute, then after a minute...
"""

from __future__ import annotations

from dataclasses import dataclass

LEAST = 2.0
REST = 60.0
"""Seconds of waiting for each second that the failed start took."""
LONGEST = 600.0
NEVER = float("inf")


@dataclass(slots=True)
class Retry:
    """The decision for one function; `at` is a monotonic reading before which nothing is tried."""

    at: float = 0.0
    _failures: int = 0

    def failed(self, now: float, took: float, *, timed_out: bool) -> None:
        """A start failed. One that hung until its deadline would only hang again."""
        self._failures += 1
        wait = max(LEAST, REST * took) * 2 ** (self._failures - 1)
        self.at = NEVER if timed_out else now + min(wait, LONGEST)

    def reset(self) -> None:
        """It started, or something changed."""
        self.at = 0.0
        self._failures = 0

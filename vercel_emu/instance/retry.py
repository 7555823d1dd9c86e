"""When a function that could not start is tried again although nothing was saved.

A start can fail for a passing reason (a database that isn't up yet), so requests try again, but
so rarely that a broken app costs next to nothing: a start that took half a second is repeated
after half a minute, then after a minute...

One that a signal ended (a person, a system short of memory) says nothing about the code: the next
request tries again, and only if that is killed too there is a pause.
"""

from __future__ import annotations

from dataclasses import dataclass

LEAST = 2.0
REST = 60.0
"""Seconds of waiting for each second that the failed start took."""
LONGEST = 600.0
AFTER_SIGNAL = 0.5
LONGEST_AFTER_SIGNAL = 30.0
NEVER = float("inf")


@dataclass(slots=True)
class Retry:
    """The decision for one function; `at` is a monotonic reading before which nothing is tried."""

    at: float = 0.0
    _failures: int = 0
    _killed: int = 0

    def failed(self, now: float, took: float, *, timed_out: bool) -> None:
        """A start failed. One that hung until its deadline would only hang again."""
        self._failures += 1
        wait = max(LEAST, REST * took) * 2 ** (self._failures - 1)
        self.at = NEVER if timed_out else now + min(wait, LONGEST)

    def killed(self, now: float) -> None:
        """A signal ended the start: the pauses are 0 s, 0.5 s, 1 s, 2 s..."""
        wait = AFTER_SIGNAL * 2 ** (self._killed - 1) if self._killed else 0.0
        self._killed = min(self._killed + 1, 10)
        self.at = now + min(wait, LONGEST_AFTER_SIGNAL)

    def reset(self) -> None:
        """It started, or something changed."""
        self.at = 0.0
        self._failures = 0
        self._killed = 0

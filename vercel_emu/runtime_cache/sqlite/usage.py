"""What reads leave behind, collected in memory and written in batches.

A read must not write: so when an item was last used, and the counters, wait here for upkeep.
An emulator that is killed forgets about a second of them, never an item.
"""

from __future__ import annotations

type Touched = dict[int, tuple[float, int]]
type Counts = dict[int, tuple[int, int]]

_STEP = 1e-6


class Usage:
    """Reads since the last `take`."""

    def __init__(self) -> None:
        self._touched: Touched = {}
        self._counts: Counts = {}
        self._last = 0.0

    def __bool__(self) -> bool:
        return bool(self._counts)

    def moment(self, now: float) -> float:
        """A time that is later than every one before: two uses never tie, a clock never goes
        back."""
        self._last = max(now, self._last + _STEP)
        return self._last

    def read(self, scope: int, item: int | None, now: float) -> None:
        """A read of a scope: of an item, or a miss."""
        hits, misses = self._counts.get(scope, (0, 0))
        if item is None:
            self._counts[scope] = hits, misses + 1
            return
        self._counts[scope] = hits + 1, misses
        before = self._touched.get(item)
        self._touched[item] = self.moment(now), before[1] + 1 if before else 1

    def take(self) -> tuple[Touched, Counts]:
        """Everything collected, which is then forgotten here."""
        taken = self._touched, self._counts
        self.forget()
        return taken

    def forget(self) -> None:
        self._touched, self._counts = {}, {}

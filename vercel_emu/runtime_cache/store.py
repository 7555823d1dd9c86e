"""The small interface behind which items live; `open_store.py` picks an implementation.

Methods are coroutines because a server may be far away; the SQLite and memory stores finish
the common ones without ever giving control back to the event loop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from vercel_emu.events import Event
from vercel_emu.runtime_cache.model import (
    Item,
    Page,
    Query,
    Scope,
    Stats,
)

type Clock = Callable[[], float]


class Store(Protocol):
    """Every method may raise `StoreUnavailableError`; the store has then reported why, once."""

    async def get(self, scope: Scope, key: str, *, touch: bool = True) -> Item | None:
        """A fresh item or None. `touch=False` looks without counting as a read."""
        ...

    async def set(
        self,
        scope: Scope,
        key: str,
        body: bytes,
        *,
        tags: Sequence[str] = (),
        ttl: float | None = None,
        name: str = "",
    ) -> None:
        """Write an item, replacing value, tags, name and time to live. Returns once it is kept."""
        ...

    async def delete(self, scope: Scope, key: str) -> bool:
        """Forget an item; False where there was no fresh one."""
        ...

    async def expire_tags(self, scope: Scope, tags: Sequence[str], *, delay_ms: int = 0) -> None:
        """Make every item that has one of the tags a miss: in `scope.region` now, elsewhere
        after the delay. What is written later is fresh."""
        ...

    async def items(self, scope: Scope, query: Query) -> Page:
        """One page of fresh items."""
        ...

    async def stats(self, scope: Scope) -> Stats:
        """Numbers for a person; may take as long as a full scan, never blocks the loop."""
        ...

    async def clear(self, scope: Scope) -> int:
        """Forget what was written until now; the number of items dropped."""
        ...

    async def scopes(self) -> tuple[Scope, ...]:
        """Scopes that were ever written to, the latest first."""
        ...

    async def check(self) -> None:
        """At a start: report what is wrong with the server, where there is one."""
        ...

    async def close(self) -> None:
        """Finish background work and let go of files and connections."""
        ...


def ignore(event: Event) -> None:
    """An `emit` for callers that have nobody to tell."""

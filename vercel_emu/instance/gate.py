"""Where requests wait from the moment files change until it is known what the change means.

Shared by all functions of a project. The watcher is asked for news before each request is let
through, so that a request that began after a save can't reach the code from before it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp


def _no_news() -> None:
    """Used where nothing is watched."""


class Gate:
    """Open, unless a change has been seen and not yet been acted upon."""

    def __init__(self) -> None:
        self.look: Callable[[], None] = _no_news
        """Asks the watcher for news at once; it may close the gate."""
        self._opened: asyncio.Event | None = None

    @property
    def is_open(self) -> bool:
        """Whether a request may pass now."""
        self.look()
        return self._opened is None

    async def wait_open(self) -> None:
        """Return when requests may pass."""
        while self._opened is not None:
            await self._opened.wait()

    def before(self, app: ASGIApp) -> ASGIApp:
        """An ASGI app whose requests wait here, so that new rules count for them too."""

        async def guarded(scope: Any, receive: Any, send: Any) -> None:
            if not self.is_open:
                await self.wait_open()
            await app(scope, receive, send)

        return guarded

    def close(self) -> None:
        """Hold requests back from now on."""
        if self._opened is None:
            self._opened = asyncio.Event()

    def open(self) -> None:
        """Let the waiting requests go on."""
        opened, self._opened = self._opened, None
        if opened is not None:
            opened.set()

"""Tasks with a name and an owner: nothing runs beside the requests that nobody would end.

`asyncio.create_task` is used here alone (a lint rule holds that): a task that is referenced by
nobody may be collected in the middle of its work, and one that nobody awaits outlives its owner.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any


def start[T](work: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
    """Start `work` beside the caller, who keeps the task and awaits or cancels it."""
    return asyncio.get_running_loop().create_task(work, name=name)


async def first_of(*works: Awaitable[object]) -> None:
    """Return once one of `works` is done; the others are cancelled."""
    futures = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for future in futures:
            future.cancel()


class TaskSet:
    """The tasks of one owner, forgotten as they end."""

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(
        self,
        work: Coroutine[Any, Any, Any],
        name: str,
        then: Callable[[asyncio.Task[Any]], None] | None = None,
    ) -> asyncio.Task[Any]:
        """Start `work` as `OWNER: NAME`; `then` is called with the task when it has ended."""
        task = start(work, f"{self._owner}: {name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if then is not None:
            task.add_done_callback(then)
        return task

    def __bool__(self) -> bool:
        return bool(self._tasks)

    @property
    def running(self) -> frozenset[asyncio.Task[Any]]:
        """The tasks that have not ended."""
        return frozenset(self._tasks)

    async def cancel(self) -> None:
        """End all of them, and wait until they have ended. What they raised is not raised here."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

"""A thread with a database connection of its own, for work that may take long."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

type Connect = Callable[[], sqlite3.Connection]


class Worker:
    """Runs jobs one after another, in the order in which they came.

    The thread starts, and connects, with its first job. `disconnect` makes the next job connect
    again: the file was replaced.
    """

    def __init__(self, name: str, connect: Connect) -> None:
        self._connect = connect
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._connection: sqlite3.Connection | None = None
        self._stale = False
        self._started = False

    async def run[T](self, job: Callable[[sqlite3.Connection], T]) -> T:
        """What `job` returns, called on the thread with its connection."""
        return await self._on_thread(lambda: self._do(job))

    def disconnect(self) -> None:
        self._stale = True

    async def close(self) -> None:
        """Finish the jobs that were given, then disconnect and end the thread."""
        if self._started:
            await self._on_thread(self._drop)
        self._drop()
        self._executor.shutdown(wait=self._started)

    async def _on_thread[T](self, work: Callable[[], T]) -> T:
        try:
            done = asyncio.get_running_loop().run_in_executor(self._executor, work)
        except RuntimeError:
            if self._started:
                raise
            # Python 3.12 starts no thread while a process ends: then this one is as good.
            return work()
        self._started = True
        return await done

    def _do[T](self, job: Callable[[sqlite3.Connection], T]) -> T:
        if self._stale:
            self._stale = False
            self._drop()
        if self._connection is None:
            self._connection = self._connect()
        return job(self._connection)

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

"""Idle connections, shared by every thread and event loop of the process.

They are bare sockets, bound to no event loop and watched by none while idle: loops may come and go
(each `wait_until` drain of a WSGI app is an `asyncio.run` of its own) without leaving one behind.
"""

from __future__ import annotations

import atexit
import os
import socket
import threading
from collections import deque
from time import monotonic

MAX_IDLE = 32
MAX_IDLE_SECONDS = 15.0

Address = tuple[str, int]


class SocketPool:
    """Last in, first out, so that after a burst the surplus grows old and is closed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: dict[Address, deque[tuple[float, socket.socket]]] = {}
        os.register_at_fork(after_in_child=self._after_fork)
        atexit.register(self.clear)

    def take(self, address: Address) -> socket.socket | None:
        with self._lock:
            idle = self._idle.get(address)
            if not idle:
                return None
            since, connection = idle.pop()
            outdated = self._pop_older_than(idle, monotonic() - MAX_IDLE_SECONDS)
            if since < monotonic() - MAX_IDLE_SECONDS:
                outdated.append(connection)
        for old in outdated:
            old.close()
        return None if connection in outdated else connection

    def give_back(self, address: Address, connection: socket.socket) -> None:
        now = monotonic()
        with self._lock:
            idle = self._idle.setdefault(address, deque())
            idle.append((now, connection))
            outdated = self._pop_older_than(idle, now - MAX_IDLE_SECONDS)
            if len(idle) > MAX_IDLE:
                outdated.append(idle.popleft()[1])
        for old in outdated:
            old.close()

    def clear(self) -> None:
        """Close every idle connection."""
        with self._lock:
            connections = [entry[1] for idle in self._idle.values() for entry in idle]
            self._idle.clear()
        for connection in connections:
            connection.close()

    @staticmethod
    def _pop_older_than(
        idle: deque[tuple[float, socket.socket]], limit: float
    ) -> list[socket.socket]:
        outdated = []
        while idle and idle[0][0] < limit:
            outdated.append(idle.popleft()[1])
        return outdated

    def _after_fork(self) -> None:
        """A child closes its copies (the parent's stay open); two processes must not share one."""
        self._lock = threading.Lock()
        self.clear()


POOL = SocketPool()

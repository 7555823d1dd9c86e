"""The line between a function instance and the emulator: commands in, reports out.

Runs inside the instance; standard library only.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import socket
import threading
from collections.abc import Callable
from typing import Any

from . import family


class Control:
    """The pipe from the emulator, and a socket of our own back to it.

    The pipe is what the process got as standard input. When it closes, the emulator is gone, and
    the whole process group ends, and what left it: no orphans.
    """

    def __init__(self) -> None:
        # User code gets /dev/null as standard input; the pipe moves out of its way.
        self._fd = os.dup(0)
        os.set_inheritable(self._fd, False)
        _go_on_at_news(self._fd)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        self._reports = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._ipc_path = ""
        self._buffered = b""
        self.go = threading.Event()
        self.news = threading.Event()
        """Set with every command that a standby waits for."""
        self.on_modules: Callable[[], dict[str, object]] = dict

    def orders(self) -> dict[str, Any]:
        """Wait for the first line: what this process is for."""
        while b"\n" not in self._buffered:
            chunk = os.read(self._fd, 65536)
            if not chunk:
                os._exit(1)
            self._buffered += chunk
        line, _, self._buffered = self._buffered.partition(b"\n")
        orders: dict[str, Any] = json.loads(line)
        return orders

    def start(self, ipc_path: str) -> None:
        """Connect to the emulator's socket, and listen to its commands from now on."""
        self._ipc_path = ipc_path
        try:
            self._reports.connect(ipc_path)
        except OSError:  # it ended while this process came up
            self._emulator_is_gone()
        threading.Thread(target=self._listen, name="vercel-emu-control", daemon=True).start()

    def report(self, kind: str, **payload: object) -> None:
        """Send one message in the runtime's own framing; a lost emulator is not our error."""
        message = json.dumps({"type": kind, "payload": payload}).encode() + b"\0"
        with contextlib.suppress(OSError):
            self._reports.sendall(message)

    def _listen(self) -> None:
        while True:
            *lines, self._buffered = self._buffered.split(b"\n")
            for line in lines:
                self._obey(json.loads(line))
            try:
                chunk = os.read(self._fd, 65536)
            except OSError:
                chunk = b""
            if not chunk:
                self._emulator_is_gone()
            self._buffered += chunk

    def _obey(self, command: dict[str, str]) -> None:
        if command["do"] == "go":
            self.go.set()
            self.news.set()
        elif command["do"] == "preload":
            self.news.set()
        elif command["do"] == "modules":
            self.report("emu-modules", **self.on_modules())

    def _emulator_is_gone(self) -> None:
        family.end(family.descendants([os.getpid()]) + family.marked(f"{self._ipc_path}\0"))
        # Nobody listens any more, at the sockets of those either that had no orders yet.
        folder = os.path.dirname(self._ipc_path)
        with contextlib.suppress(OSError):
            for name in os.listdir(folder):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(os.path.join(folder, name))
            os.rmdir(folder)
        try:
            os.killpg(0, signal.SIGKILL)
        finally:
            os._exit(1)


def _go_on_at_news(pipe: int) -> None:
    """Have Linux send SIGCONT to the group when something comes, or the emulator is gone.

    To processes that run it means nothing; ones that were stopped could not end otherwise.
    """
    if hasattr(fcntl, "F_SETSIG") and os.getpgrp() == os.getpid():
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETOWN, -os.getpgrp())
            fcntl.fcntl(pipe, fcntl.F_SETSIG, signal.SIGCONT)
            fcntl.fcntl(pipe, fcntl.F_SETFL, fcntl.fcntl(pipe, fcntl.F_GETFL) | os.O_ASYNC)

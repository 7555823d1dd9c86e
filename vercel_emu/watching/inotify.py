"""Linux's inotify, read without waiting: what was saved before this moment is known at this moment.

The kernel queues an event before the saving program's system call returns. Asking the queue before
a request is handed on therefore tells for certain whether a save came before that request, which no
watcher with a thread of its own can. Only the end of writing counts (`IN_CLOSE_WRITE`, renames), so
a file is never looked at half written, and a log that is written all the time is not noticed.
"""

# Paths come and go as text here, by the thousand.
# ruff: noqa: PTH118
from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import struct
import sys

_CREATE, _DELETE, _CLOSE_WRITE = 0x100, 0x200, 0x8
_MOVED_FROM, _MOVED_TO = 0x40, 0x80
_DELETE_SELF, _MOVE_SELF = 0x400, 0x800
_OVERFLOW, _IGNORED, _IS_DIR = 0x4000, 0x8000, 0x40000000
_ONLY_DIR, _EXCL_UNLINK = 0x01000000, 0x04000000
_MASK = _CREATE | _DELETE | _CLOSE_WRITE | _MOVED_FROM | _MOVED_TO | _DELETE_SELF | _MOVE_SELF
_HEADER = struct.Struct("iIII")


class TooManyWatchesError(OSError):
    """The system's limit on inotify watches or instances is reached."""


class Inotify:
    """An inotify instance; `descriptor` is readable when there is news."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self.descriptor = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self.descriptor < 0:
            raise TooManyWatchesError(ctypes.get_errno(), "inotify_init1 failed")
        self._folders: dict[int, str] = {}

    @staticmethod
    def available() -> bool:
        """Whether this system has inotify."""
        return sys.platform == "linux"

    def add(self, folder: str) -> None:
        """Watch a folder, not what is below it; one that is gone already is no error.

        Raises:
            TooManyWatchesError: the person has to raise the limit, or to poll.
        """
        mask = _MASK | _ONLY_DIR | _EXCL_UNLINK
        watch = self._libc.inotify_add_watch(self.descriptor, os.fsencode(folder), mask)
        if watch >= 0:
            self._folders[watch] = folder
        elif ctypes.get_errno() == errno.ENOSPC:
            raise TooManyWatchesError(errno.ENOSPC, "the limit of inotify watches is reached")

    def forget(self, folder: str) -> None:
        """Stop watching a folder that has moved away."""
        for watch, path in list(self._folders.items()):
            if path == folder or path.startswith(folder + os.sep):
                self._libc.inotify_rm_watch(self.descriptor, watch)
                del self._folders[watch]

    def read(self) -> tuple[set[str], set[str], bool]:
        """Paths with news, those of them that are half made, and whether some news was lost.

        A half made file has been created but not closed by its writer.
        """
        paths: set[str] = set()
        unfinished: set[str] = set()
        lost = False
        while data := self._data():
            offset = 0
            while offset < len(data):
                watch, mask, _, length = _HEADER.unpack_from(data, offset)
                offset += _HEADER.size
                name = os.fsdecode(data[offset : offset + length].rstrip(b"\0"))
                offset += length
                lost = lost or bool(mask & _OVERFLOW)
                folder = self._folders.get(watch)
                if mask & _IGNORED:
                    self._folders.pop(watch, None)
                if folder is None or mask & _IGNORED:
                    continue
                path = os.path.join(folder, name) if name else folder
                paths.add(path)
                if mask & (_DELETE_SELF | _MOVE_SELF) or (mask & _MOVED_FROM and mask & _IS_DIR):
                    self.forget(path)
                if mask & _CREATE and not mask & _IS_DIR:
                    unfinished.add(path)
                else:
                    unfinished.discard(path)
        return paths, unfinished, lost

    def _data(self) -> bytes:
        try:
            return os.read(self.descriptor, 65536)
        except BlockingIOError:
            return b""

    def close(self) -> None:
        """Stop watching."""
        with contextlib.suppress(OSError):
            os.close(self.descriptor)

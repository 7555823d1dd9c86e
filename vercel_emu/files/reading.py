"""A regular file up to a size; anything else is refused, by name and without waiting for it."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

CONFIG_BYTES = 4 * 1024 * 1024
"""vercel.json, pyproject.toml, requirements, scenarios: whatever a person writes."""
ENV_BYTES = 256 * 1024
"""An `.env` file; all variables of a deployment together may have 64 KB."""
LOCK_BYTES = 32 * 1024 * 1024
"""Lock files, which tools write."""
SOURCE_BYTES = 16 * 1024 * 1024
"""A Python file."""

_KINDS = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


class UnfitFileError(OSError):
    """There is something, but it is too large or no regular file; nothing of it is used."""

    def __init__(self, file: Path, why: str) -> None:
        super().__init__(errno.EINVAL, why, str(file))


def read_bytes(file: Path, limit: int = CONFIG_BYTES) -> bytes:
    """The content of a regular file of at most `limit` bytes.

    Raises:
        UnfitFileError: it is larger, or a pipe, a device, a socket.
        OSError: there is none, or it can't be read.
    """
    with open_regular(file) as opened:
        size = os.fstat(opened.fileno()).st_size
        content = b"" if size > limit else opened.read(size + 1)
        if len(content) > size:  # it has grown, or belongs to a file system that tells no sizes
            content += opened.read(limit + 1 - len(content))
        if max(size, len(content)) > limit:
            raise UnfitFileError(file, f"it has more than {in_words(limit)}, the most that is read")
        return content


def read_text(
    file: Path, limit: int = CONFIG_BYTES, *, encoding: str = "utf-8-sig", errors: str = "strict"
) -> str:
    """The same as text, its line ends as they are everywhere else.

    Raises:
        UnicodeDecodeError: it is no such text.
        OSError: as `read_bytes`.
    """
    text = read_bytes(file, limit).decode(encoding, errors)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def open_regular(file: Path) -> BinaryIO:
    """Open a file for reading, if it is a regular one.

    Raises:
        UnfitFileError: it is something else.
        OSError: it can't be opened.
    """
    _check(file, file.stat().st_mode)  # opening a device may already do something
    opened = open(file, "rb", opener=_without_waiting)  # noqa: SIM115
    try:
        _check(file, os.fstat(opened.fileno()).st_mode)
    except BaseException:
        opened.close()
        raise
    return opened


def next_step(error: OSError, otherwise: str) -> str:
    """What to do about a file that can't be read: `otherwise`, if it is not unfit itself."""
    unfit = isinstance(error, UnfitFileError)
    return "Put an ordinary text file of that size or less in its place." if unfit else otherwise


def in_words(size: int) -> str:
    """`4 MB`, `256 KB`."""
    megabytes, rest = divmod(size, 1024 * 1024)
    return f"{size // 1024} KB" if rest or not megabytes else f"{megabytes} MB"


def _check(file: Path, mode: int) -> None:
    if stat.S_ISREG(mode):
        return
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(file))
    kind = next((name for is_kind, name in _KINDS if is_kind(mode)), "something else")
    raise UnfitFileError(file, f"it is {kind}, not a file")


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)

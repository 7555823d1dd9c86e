"""A folder for the instances' sockets: short, for the system allows few characters, and private."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from vercel_emu.errors import EmuError
from vercel_emu.guest import family

LONGEST_SOCKET_PATH = 103
"""Bytes: macOS has room for 104 with the NUL at the end, Linux for 108."""
_LONGEST_NAME = "1234567.sock"


@contextlib.contextmanager
def socket_folder(environ: Mapping[str, str]) -> Iterator[Path]:
    """A new folder that only this user can enter; deleted in the end.

    What the instances started and what left their groups ends with it.

    Raises:
        EmuError: no folder for temporary files has a path that is short enough.
    """
    folder = make_folder(candidates(environ))
    try:
        yield folder
    finally:
        family.end(family.marked(f"{folder}/"))
        shutil.rmtree(folder, ignore_errors=True)


def candidates(environ: Mapping[str, str]) -> list[str]:
    """Where it may be, the best place first."""
    given = [environ.get("XDG_RUNTIME_DIR", ""), "/tmp", "/var/tmp"]  # noqa: S108
    with contextlib.suppress(OSError):  # there is none that can be written
        given.insert(0, tempfile.gettempdir())
    return [place for place in given if place.startswith("/")]


def make_folder(places: Sequence[str]) -> Path:
    """A new folder in the first of `places` where a socket's path fits and which can be written."""
    for place in places:
        with contextlib.suppress(OSError):
            folder = Path(tempfile.mkdtemp(prefix="vercel-emu-", dir=place))
            if len(os.fsencode(folder / _LONGEST_NAME)) <= LONGEST_SOCKET_PATH:
                return folder
            folder.rmdir()
    tried = ", ".join(dict.fromkeys(places))
    raise EmuError(
        "NO_SHORT_TEMP_FOLDER",
        "There is no place for the functions' sockets: of the folders for temporary files "
        f"({tried}) each is missing, read-only or has too long a path.",
        f"Set TMPDIR to a writable folder whose path has at most {_room()} characters.",
    )


def _room() -> int:
    return LONGEST_SOCKET_PATH - len(f"/vercel-emu-12345678/{_LONGEST_NAME}")

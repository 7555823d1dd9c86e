"""`.vercel/emu/`: what the emulator keeps in a project, and what happens where it can't.

Everything there is for the user alone: folders are 0700 and files 0600, made so or put right. Where
it can't be written (read-only, a full disk, a file in the way) the emulator does without: the
runtime cache in memory, the rest in a temporary folder that is removed at the end.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from vercel_emu.errors import EmuError
from vercel_emu.events import Notice

EMU_DIR = Path(".vercel") / "emu"
PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600
CACHE_FILE = "cache.sqlite3"
ROOM = 128 * 1024
"""Bytes that must fit on the disk at a start: about what an empty cache takes."""
BULKY = ("bytecode", "django-static")
"""Folders of what other programs write, with modes of their own; nobody else gets to them."""


@dataclass(frozen=True, slots=True)
class EmuFolder:
    """Where a process keeps its files. `trouble`: why that is not `.vercel/emu/`, if it is not."""

    path: Path
    trouble: str = ""

    @property
    def cache_file(self) -> Path:
        return self.path / CACHE_FILE

    def cache(self, wanted: str) -> str:
        """The runtime cache that can be had where the options say `wanted`."""
        return "memory" if wanted == "file" and self.trouble else wanted

    def warning(self, wanted: str) -> Notice | None:
        """What a person should know where the options say `wanted`."""
        if self.cache(wanted) == wanted:
            return None
        return Notice(
            level="warn",
            code="CACHE_IN_MEMORY",
            message=f"{self.trouble}. The runtime cache is in memory and ends with this process.",
            hint="Make the folder writable, or use `--cache memory` if that is what you want.",
        )


@contextlib.contextmanager
def emu_folder(root: Path) -> Iterator[EmuFolder]:
    """The project's `.vercel/emu/`, else a temporary folder that is removed at the end.

    Raises:
        EmuError: there is no place for that either.
    """
    try:
        kept = prepare_folder(root)
    except OSError as error:
        trouble = _cannot_keep(root, error)
    else:
        yield EmuFolder(kept)
        return
    try:
        temporary = Path(tempfile.mkdtemp(prefix="vercel-emu-state-"))
    except OSError as error:
        raise EmuError(
            "NO_PLACE",
            f"{trouble}, and there is no temporary folder either: {error.strerror}.",
            "Make one of them writable; $TMPDIR names another temporary folder.",
        ) from None
    try:
        yield EmuFolder(temporary, trouble)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def prepare_folder(root: Path) -> Path:
    """Make `.vercel/emu/` of a project, ignored by git, and return it.

    Raises:
        OSError: it can't be made or written, or the disk is full.
    """
    folder = root / EMU_DIR
    make_folder(folder)
    _write_ignore(folder / ".gitignore")
    make_folder(folder / "bytecode")
    _make_private(folder)
    _try_to_write(folder)
    return folder


def make_folder(folder: Path) -> None:
    """Make a folder of ours with those above it; `.vercel` itself gets the usual mode."""
    if folder.is_dir():
        return
    if not folder.parent.is_dir():
        make_folder(folder.parent)
    shared = folder.name == EMU_DIR.parent.name
    try:
        folder.mkdir(0o777 if shared else PRIVATE_FOLDER, exist_ok=True)
    except FileExistsError:
        raise NotADirectoryError(errno.ENOTDIR, "It is not a folder", str(folder)) from None
    if folder.name == EMU_DIR.name:
        _write_ignore(folder / ".gitignore")


def _write_ignore(file: Path) -> None:
    if not file.exists():
        write_whole(file, b"*\n")


def write_whole(file: Path, content: bytes) -> None:
    """Write `file` so that whoever reads it finds the old content or the new one, never a part.

    Raises:
        OSError: it can't be written; the old content stays.
    """
    make_folder(file.parent)
    aside = file.with_name(f"{file.name}.{os.getpid()}.tmp")
    aside.unlink(missing_ok=True)
    try:
        with _new_file(aside) as new:
            new.write(content)
        aside.replace(file)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def announcement_paths(root: Path, pid: int | str) -> tuple[Path, ...]:
    """The files that may tell of a process's emulator; the second is for where the first can't be.

    As patterns with `*` for `pid`. Others may write where the second is: see `is_ours`.
    """
    name = hashlib.blake2b(os.fsencode(root.resolve()), digest_size=8).hexdigest()
    first = root / EMU_DIR / "run" / f"{pid}.json"
    try:
        elsewhere = Path(tempfile.gettempdir())
    except OSError:
        return (first,)
    return first, elsewhere / f"vercel-emu-run-{os.getuid()}-{name}-{pid}.json"


def is_ours(file: Path) -> bool:
    """Whether a file is a regular one that this user alone can have written."""
    try:
        status = file.lstat()
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_uid == os.getuid()


def _cannot_keep(root: Path, error: OSError) -> str:
    where = f" ({error.filename})" if error.filename else ""
    return f"{root / EMU_DIR} can't be written: {error.strerror or error}{where}"


def _make_private(folder: Path) -> None:
    """Put right what is open to others. What a link leads to is not ours to change."""
    if folder.is_symlink():
        return
    for place, folders, files in folder.walk():
        _restrict(place, PRIVATE_FOLDER)
        for file in files:
            _restrict(place / file, PRIVATE_FILE)
        for bulky in (one for one in folders if one in BULKY):
            _restrict(place / bulky, PRIVATE_FOLDER)
        folders[:] = [one for one in folders if one not in BULKY]


def _restrict(path: Path, mode: int) -> None:
    with contextlib.suppress(OSError):  # somebody else's, or just gone
        current = path.lstat().st_mode
        if current & 0o077 and not stat.S_ISLNK(current):
            path.chmod(mode)


def _try_to_write(folder: Path) -> None:
    probe = folder / f"room.{os.getpid()}.tmp"
    probe.unlink(missing_ok=True)
    try:
        with _new_file(probe) as file:
            file.write(bytes(ROOM))
    finally:
        with contextlib.suppress(OSError):
            probe.unlink(missing_ok=True)


def _new_file(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE), "wb")

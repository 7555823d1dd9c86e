"""`.vercel/emu/`: what the emulator keeps in a project, and how files there are written."""

from __future__ import annotations

import os
from pathlib import Path

EMU_DIR = Path(".vercel") / "emu"


def prepare_folder(root: Path) -> Path:
    """Make `.vercel/emu/` of a project, ignored by git, and return it."""
    folder = root / EMU_DIR
    make_in(folder, 2)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n")
    return folder


def make_in(folder: Path, levels: int) -> None:
    """Make a folder and those above it, but no more than `levels`: what should hold it is there.

    A project's folder that was renamed is not to come back, empty, with our files in it.

    Raises:
        OSError: it can't be made, or what should hold it is not there.
    """
    if levels > 1 and not folder.parent.is_dir():
        make_in(folder.parent, levels - 1)
    folder.mkdir(exist_ok=True)


def write_whole(file: Path, content: bytes, *, mode: int = 0o666) -> None:
    """Write `file` so that whoever reads it finds the old content or the new one, never a part.

    Its folder is made, too, but not what holds that.

    Raises:
        OSError: it can't be written; the old content stays.
    """
    make_in(file.parent, 1)
    aside = file.with_name(f"{file.name}.{os.getpid()}.tmp")
    try:
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as opened:
            opened.write(content)
        aside.replace(file)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise

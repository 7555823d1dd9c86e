"""`.vercel/emu/`: what the emulator keeps in a project, and how files there are written."""

from __future__ import annotations

import os
from pathlib import Path

EMU_DIR = Path(".vercel") / "emu"


def prepare_folder(root: Path) -> Path:
    """Make `.vercel/emu/` of a project, ignored by git, and return it."""
    folder = root / EMU_DIR
    folder.mkdir(parents=True, exist_ok=True)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n")
    return folder


def write_whole(file: Path, content: bytes, *, mode: int = 0o666) -> None:
    """Write `file` so that whoever reads it finds the old content or the new one, never a part.

    Raises:
        OSError: it can't be written; the old content stays.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_name(f"{file.name}.{os.getpid()}.tmp")
    try:
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as opened:
            opened.write(content)
        aside.replace(file)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise

"""Whether the dependency check of the last start still holds, told without making it again.

Comparing a project's requirements with what is installed takes a tenth of a start, nearly always to
find that nothing has changed. A stamp of the files that decide it answers the same for less.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from pathlib import Path

from vercel_emu.emu_folder import prepare_folder, write_whole
from vercel_emu.files.reading import LOCK_BYTES, UnfitFileError, read_bytes, read_text
from vercel_emu.project.python.interpreter import Interpreter

_NAMES = ("pyproject.toml", "Pipfile", "Pipfile.lock", "uv.lock")
_ELSEWHERE = re.compile(rb"^\s*-", re.MULTILINE)
"""A line of a requirements file that is an option: it may name other files."""
_FILE = Path(".vercel") / "emu" / "dependencies"


def stamp(root: Path, interpreter: Interpreter) -> str | None:
    """What decides the check, in short; None where files count that are not looked at here."""
    digest = hashlib.blake2b(str(interpreter.path).encode(), digest_size=16)
    for file in [*(root / name for name in _NAMES), *sorted(root.glob("requirements*.txt"))]:
        try:
            content = read_bytes(file, LOCK_BYTES)
        except UnfitFileError:
            return None
        except OSError:
            continue
        if file.suffix == ".txt" and _ELSEWHERE.search(content):
            return None
        digest.update(f"{file.name}\0{len(content)}\0".encode() + content)
    for folder in interpreter.site_packages:
        try:
            # An install, an update and a removal each add or remove an entry of the folder.
            digest.update(f"{folder}\0{folder.stat().st_mtime_ns}\0".encode())
        except OSError:
            return None
    return digest.hexdigest()


def holds(root: Path, current: str | None) -> bool:
    """Whether the last check that found nothing missing had the same stamp."""
    if current is None:
        return False
    try:
        return read_text(root / _FILE) == current
    except (OSError, ValueError):
        return False


def remember(root: Path, current: str | None) -> None:
    """Note that nothing was missing. Only speed depends on it, so a failure is no error."""
    if current is None:
        return
    with contextlib.suppress(OSError):
        prepare_folder(root)
        write_whole(root / _FILE, current.encode())

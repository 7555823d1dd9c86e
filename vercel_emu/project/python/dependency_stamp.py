"""Whether the dependency check of the last start still holds, told without making it again.

Comparing a project's requirements with what is installed takes a tenth of a start, nearly always to
find that nothing has changed. A digest of the files that decide it answers the same for less.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vercel_emu.emu_folder import prepare_folder, write_whole
from vercel_emu.files.parsing import parse_json
from vercel_emu.files.reading import LOCK_BYTES, UnfitFileError, read_bytes, read_text
from vercel_emu.files.walking import Walk
from vercel_emu.project.python.interpreter import Interpreter
from vercel_emu.project.python.manifest import LOCK_NAMES, MANIFEST_NAMES

_DECIDING = ("vercel.json", "vercel.toml", "package.json", ".vercel/project.json")
"""Files of the root that say which functions there are, and so which manifests count."""
_FILE = Path(".vercel") / "emu" / "dependencies"


@dataclass(frozen=True, slots=True)
class Looked:
    """The folders in which manifests were looked for, and the files that were read."""

    folders: tuple[Path, ...] = ()
    files: frozenset[Path] = frozenset()


def holds(root: Path, interpreter: Interpreter) -> bool:
    """Whether the last check found nothing missing, and nothing has changed since."""
    try:
        noted: Any = parse_json(read_text(root / _FILE))
        folders, files = noted["folders"], noted["files"]
        looked = Looked(tuple(map(Path, folders)), frozenset(map(Path, files)))
        return bool(noted["digest"] == _digest(root, interpreter, looked))
    except (OSError, ValueError, TypeError, KeyError):
        return False


def remember(root: Path, interpreter: Interpreter, looked: Looked) -> None:
    """Note that nothing was missing. Only speed depends on it, so a failure is no error."""
    digest = _digest(root, interpreter, looked)
    if digest is None:
        return
    noted = {
        "digest": digest,
        "folders": [str(folder) for folder in looked.folders],
        "files": sorted(map(str, looked.files)),
    }
    with contextlib.suppress(OSError):
        prepare_folder(root)
        write_whole(root / _FILE, json.dumps(noted).encode())


def _digest(root: Path, interpreter: Interpreter, looked: Looked) -> str | None:
    """What decides the check, in short; None where a file is no regular one."""
    digest = hashlib.blake2b(str(interpreter.path).encode(), digest_size=16)
    for file in _files(root, looked):
        try:
            content = read_bytes(file, LOCK_BYTES)
        except UnfitFileError:
            return None
        except OSError:
            continue
        digest.update(f"{file}\0{len(content)}\0".encode() + content)
    for folder in interpreter.site_packages:
        try:
            # An install, an update and a removal each add or remove an entry of the folder.
            digest.update(f"{folder}\0{folder.stat().st_mtime_ns}\0".encode())
        except OSError:
            return None
    return digest.hexdigest()


def _files(root: Path, looked: Looked) -> Iterable[Path]:
    # A function that is new in `api/` may bring a manifest of its own.
    api = (Path(folder.path) for folder in Walk(str(root / "api"), enters=_may_hold_functions))
    folders = dict.fromkeys((root, *api, *looked.folders))
    yield from (root / name for name in _DECIDING)
    for folder in folders:
        yield from (folder / name for name in (*MANIFEST_NAMES, *LOCK_NAMES))
    yield from sorted(looked.files)


def _may_hold_functions(folder: str) -> bool:
    name = Path(folder).name
    return name[0] not in "._" and name != "node_modules"

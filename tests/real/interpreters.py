"""Every Python of this machine that an app may run in, the emulator's own or not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

OLDEST = (3, 12)
VERSION = "import sys; print(*sys.version_info[:3], sys.version_info.releaselevel)"


def interpreters() -> dict[str, Path]:
    """By version; of several with the same version, the first that is found."""
    found: dict[str, Path] = {}
    for path in _candidates():
        version = _version(path)
        if version is not None and version >= OLDEST:
            found.setdefault(".".join(map(str, version)), path)
    return dict(sorted(found.items()))


def _candidates() -> Iterator[Path]:
    yield Path(sys.executable)
    for minor in range(OLDEST[1], 20):
        if path := shutil.which(f"python3.{minor}"):
            yield Path(path)
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    uv = Path.home() / ".local" / "share" / "uv" / "python"
    for folder in (pyenv, uv):
        yield from sorted(folder.glob("*3.*/bin/python3"))


def _version(path: Path) -> tuple[int, ...] | None:
    """None for a version manager's shim that leads nowhere, and for what is no release."""
    try:
        done = subprocess.run([path, "-c", VERSION], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    *numbers, level = done.stdout.split() or ["pre"]
    return tuple(map(int, numbers)) if done.returncode == 0 and level == "final" else None

"""Virtual environments with a given official package, made once for all test processes."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.checkout import ROOT

FRAMEWORKS = ("fastapi", "flask", "django")


def environment_with(official: str, shared: Path) -> Path:
    """The Python of an environment with `vercel==official`; skips where no registry answers.

    `shared` is a folder that all test processes of the run have in common.
    """
    folder = shared / f"vercel-{official}"
    python = folder / "bin" / "python"
    with (shared / f"vercel-{official}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            _make(folder, python, [f"vercel=={official}", *FRAMEWORKS])
            (folder / "complete").touch()
    return python


def _working_uv() -> str | None:
    """uv, if there is one that runs (a version manager's shim may be a dead one)."""
    for path in (str(ROOT / ".tools" / "uv" / "bin"), None):
        uv = shutil.which("uv", path=path)
        if not uv:
            continue
        if subprocess.run([uv, "--version"], check=False, capture_output=True).returncode == 0:
            return uv
    return None


def _make(folder: Path, python: Path, packages: list[str]) -> None:
    if uv := _working_uv():
        make = [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)]
        install = [uv, "pip", "install", "--quiet", "--python", str(python), *packages]
    else:
        make = [sys.executable, "-m", "venv", "--clear", str(folder)]
        install = [str(python), "-m", "pip", "install", "--quiet", *packages]
    subprocess.run(make, check=True, capture_output=True)
    installed = subprocess.run(install, check=False, capture_output=True, text=True)
    if installed.returncode == 0:
        return
    reason = f"the package registry did not give {packages[0]}: {installed.stderr.strip()[-300:]}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)

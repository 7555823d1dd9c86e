"""The environments that projects are played in: one for all that fits, or each its own."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.checkout import ROOT
from tests.real.environments import environment_with

SHARED = (
    *("bottle", "django>=5.1", "falcon", "fastapi", "flask", "gunicorn", "jinja2", "litestar"),
    *("mangum", "python-dotenv", "python-fasthtml", "python-socketio", "pyyaml", "quart"),
    *("starlette", "uvicorn[standard]", "whitenoise"),
)
"""What the projects with small packages ask for."""

UV = ROOT / ".tools" / "uv" / "bin"


def shared_environment(folder: Path) -> Path:
    """The interpreter of the one environment that all test processes of a run share.

    `folder` is common to them; the first that comes makes it.
    """
    with (folder / "compat.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder / "compat" / "complete").exists():
            return folder / "compat" / "bin" / "python"
        python = environment_with(folder / "compat", *SHARED)
        (folder / "compat" / "complete").touch()
        return python


def alone(folder: Path, environ: Mapping[str, str]) -> Path:
    """The command `vercel-emu` of an environment in which nothing else was installed."""
    python = folder / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], env=dict(environ), check=True)
    install = [str(python), "-m", "pip", "install", "--quiet", str(ROOT)]
    subprocess.run(install, env=dict(environ), check=True)
    return folder / "bin" / "vercel-emu"

"""Which of the shell's variables a function inherits, and which must stay behind.

The emulator may live in another environment than the app (`uvx`, `pipx`, an activated virtual
environment): what describes that environment's Python would make the app's interpreter load
foreign code, or name a foreign `python` to the app's subprocesses.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from vercel_emu.errors import ProjectWarning

_OF_THE_EMULATOR = frozenset(
    {
        "VIRTUAL_ENV",  # the environment of the shell or of `uv run`, not of the app
        "VIRTUAL_ENV_PROMPT",
        "__PYVENV_LAUNCHER__",  # macOS: set for children of a framework Python, names its parent
        "UV_RUN_RECURSION_DEPTH",
    }
)

_OF_PYTHON = "PYTHON"
"""Variables with this prefix change Python itself: a deployment has none of the shell's."""
PYTHON_DEFAULTS = {"PYTHONDONTWRITEBYTECODE": "1"}
"""What the platform's builder sets of these (`@vercel/python`)."""

# System variables that exist while building only: no function sees them.
_BUILD_ONLY = frozenset({"CI", "VERCEL_HASH_SALT", "VERCEL_GIT_PREVIOUS_SHA"})

_SECRET = re.compile(r"TOKEN|SECRET|PASSW|PRIVATE|CREDENTIAL|_KEY|APIKEY|AUTH|DSN|DATABASE_URL")


def inherited_variables(
    environ: Mapping[str, str], emulator_prefix: Path, interpreter: Path | None
) -> tuple[dict[str, str], tuple[ProjectWarning, ...]]:
    """The shell's variables for the app, and warnings about what a person may miss."""
    kept = {
        name: value
        for name, value in environ.items()
        if name not in _OF_THE_EMULATOR
        and name not in _BUILD_ONLY
        and not name.startswith(_OF_PYTHON)
    }
    if "PATH" in kept:
        kept["PATH"] = child_path(kept["PATH"], _bin_of(emulator_prefix), app_bin(interpreter))
    if environ.get("PYTHONPATH"):
        text = (
            "PYTHONPATH of the shell is not passed on, as a deployment has none; to set it for "
            "the functions put it into .env."
        )
        return kept, (ProjectWarning("PYTHONPATH_NOT_PASSED_ON", text),)
    return kept, ()


def child_path(path: str, emulator_bin: str | None, app_bin: str | None) -> str:
    """PATH without the emulator's environment and with the app's first, each at most once."""
    entries = [entry for entry in path.split(os.pathsep) if entry not in {emulator_bin, app_bin}]
    return os.pathsep.join([app_bin, *entries] if app_bin else entries)


def app_bin(interpreter: Path | None) -> str | None:
    """The folder of the app's `python`, if that is a virtual environment's."""
    return None if interpreter is None else _bin_of(interpreter.absolute().parent.parent)


def looks_secret(name: str) -> bool:
    """Whether the value of an inherited variable is better not shown."""
    return _SECRET.search(name.upper()) is not None


def _bin_of(prefix: Path) -> str | None:
    return str(prefix / "bin") if (prefix / "pyvenv.cfg").is_file() else None

"""Virtual environments with packages from the registry, for tests that need real libraries."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.checkout import ROOT


def environment_with(folder: Path, *packages: str) -> Path:
    """The interpreter of a new environment; the test is skipped where there is no registry.

    With CI=true a missing registry is a failure, so that nothing is skipped unnoticed.
    """
    python = folder / "bin" / "python"
    problems = []
    for commands in _ways(folder, python, packages):
        done = [subprocess.run(one, capture_output=True, text=True) for one in commands]
        if not any(one.returncode for one in done):
            return python
        problems += [one.stderr.strip()[-300:] for one in done if one.returncode]
    text = f"could not install {', '.join(packages)}: {problems[-1]}"
    if os.environ.get("CI") == "true":
        pytest.fail(text)
    pytest.skip(text)


def _ways(folder: Path, python: Path, packages: tuple[str, ...]) -> Iterator[list[list[str]]]:
    """With uv, which takes a second, or with pip."""
    for uv in (shutil.which(str(ROOT / ".tools" / "uv" / "bin" / "uv")), shutil.which("uv")):
        if uv:
            yield [
                [uv, "venv", "-q", "--clear", "--python", sys.executable, str(folder)],
                [uv, "pip", "install", "-q", "--python", str(python), *packages],
            ]
    yield [
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [str(python), "-m", "pip", "install", "-q", *packages],
    ]

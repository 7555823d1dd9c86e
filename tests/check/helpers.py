"""Projects to check, and an installer that stands in for the real ones."""

from __future__ import annotations

import os
from pathlib import Path

from tests.project.helpers import write
from vercel_emu.check.check import Report, check_project

ENVIRON = {"PATH": os.environ["PATH"]}


def stand_in_uv(folder: Path, packages: str, *, code: int = 0, says: str = "") -> Path:
    """A folder for PATH whose `uv pip compile` gives these packages, or fails and `says` why.

    It counts its runs in the file `runs` beside it.
    """
    pins = "\n".join(f"{name}==1.0" for name in packages.split())
    script = f"""#!/bin/sh
case "$1" in --version) echo "uv 1.0"; exit 0;; esac
echo "$@" >> {folder}/runs
echo "{says}" >&2
cat <<'END'
{pins}
END
exit {code}
"""
    uv = folder / "uv"
    uv.write_text(script)
    uv.chmod(0o755)
    return folder


def checked(root: Path, files: dict[str, str], python: Path | None = None) -> Report:
    """The report on a project of these files, whose environment is `python`, if there is one."""
    write(root, files)
    return check_project(root, ENVIRON, python=python)


def found(report: Report) -> list[tuple[str, str, str]]:
    """`(severity, code, place)` of each finding."""
    return [(one.severity, one.code, one.place) for one in report.findings]

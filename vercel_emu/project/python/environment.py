"""What is known about a Python installation without starting it, and by starting it.

Looking into an interpreter stands on the start path, so `pyvenv.cfg` and the folder layout answer
wherever they can be trusted; only else a process is asked (some 30 ms).
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from vercel_emu.files.reading import read_text

type Version = tuple[int, int, int]

INCOMPLETE = ".vercel-emu-installing"
"""This file stands in an environment while it is being made: without it the folder is complete."""

MADE_HERE = ".made-by-vercel-emu"
"""This file stands in an environment that the emulator made, and keeps up to date."""

_PROBE = """
import json, sys, sysconfig
paths = [p for p in sys.path if p.endswith(("site-packages", "dist-packages"))]
paths = paths or [sysconfig.get_path("purelib")]
print(json.dumps([sys.version_info[:3], sys.prefix, sys.prefix != sys.base_prefix, paths]))
"""


@dataclass(frozen=True, slots=True)
class PythonEnvironment:
    """A Python as it is on disk. `virtual` is true for a venv, which may be installed into."""

    path: Path
    version: Version
    prefix: Path
    site_packages: tuple[Path, ...]
    virtual: bool


class BrokenPythonError(Exception):
    """The Python can't be used; the message says why."""


def python_of(prefix: Path) -> Path | None:
    """The interpreter of an environment, never resolved: its real path lies outside of it."""
    for name in ("python", "python3"):
        candidate = prefix / "bin" / name
        if candidate.exists():
            return candidate
    return None


def is_environment(prefix: Path) -> bool:
    """Whether the folder claims to be a virtual environment, working or not."""
    return (prefix / "pyvenv.cfg").is_file() or (prefix / "bin" / "python").is_symlink()


def read_environment(prefix: Path) -> PythonEnvironment:
    """The environment in this folder.

    Raises:
        BrokenPythonError: it has no interpreter, or one that doesn't start.
    """
    python = python_of(prefix)
    if python is None:
        link = prefix / "bin" / "python"
        gone = f"`{link}` points to `{link.readlink()}`, which is gone" if link.is_symlink() else ""
        raise BrokenPythonError(gone or f"it has no `{link}`")
    return _from_layout(prefix, python) or probe(python)


def read_python(python: Path) -> PythonEnvironment:
    """The environment that this interpreter belongs to."""
    prefix = python.parent.parent
    if (prefix / "pyvenv.cfg").is_file():
        return _from_layout(prefix, python) or probe(python)
    return probe(python)


def probe(python: Path, environ: Mapping[str, str] | None = None) -> PythonEnvironment:
    """Ask the interpreter itself."""
    try:
        answer = subprocess.run(
            [python, "-I", "-c", _PROBE],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
            env=None if environ is None else dict(environ),
            stdin=subprocess.DEVNULL,
        )
        version, prefix, virtual, paths = json.loads(answer.stdout)
        major, minor, micro = version
    except subprocess.CalledProcessError as error:
        lines = error.stderr.strip().splitlines()
        reason = lines[-1] if lines else f"it exits with {error.returncode}"
        raise BrokenPythonError(reason) from None
    except subprocess.TimeoutExpired:
        raise BrokenPythonError("it does not answer within 20 s") from None
    except (OSError, ValueError) as error:
        raise BrokenPythonError(f"it can't be started as Python ({error})") from None
    return PythonEnvironment(
        python, (major, minor, micro), Path(prefix), tuple(map(Path, paths)), virtual
    )


def pyvenv_values(prefix: Path) -> dict[str, str]:
    """`pyvenv.cfg` as lower-case keys and values; empty if there is none."""
    try:
        text = read_text(prefix / "pyvenv.cfg", errors="replace")
    except OSError:
        return {}
    pairs = (line.partition("=") for line in text.splitlines())
    return {key.strip().lower(): value.strip() for key, sign, value in pairs if sign}


def executables(name: str, environ: Mapping[str, str]) -> Iterator[Path]:
    """Every file of this name on PATH, as a version manager's shim may stand first and fail."""
    for folder in environ.get("PATH", "").split(":"):
        file = Path(folder, name)
        if folder and file.is_file() and file.stat().st_mode & 0o111:
            yield file


def _from_layout(prefix: Path, python: Path) -> PythonEnvironment | None:
    """Version and site-packages as files tell them, or None where only the process knows."""
    values = pyvenv_values(prefix)
    # `version` is written by venv, `version_info` by uv and virtualenv ("3.13.0.final.0").
    found = re.match(
        r"(\d+)\.(\d+)\.(\d+)", values.get("version") or values.get("version_info", "")
    )
    if found is None or values.get("include-system-site-packages", "").lower() == "true":
        return None
    major, minor, micro = map(int, found.groups())
    # The system may have upgraded the Python that the environment was made from.
    if not python.resolve().name.startswith(f"python{major}.{minor}"):
        return None
    sites = [prefix / lib / f"python{major}.{minor}" / "site-packages" for lib in ("lib", "lib64")]
    sites = [site for site in sites if site.is_dir()]
    if not sites:
        return None
    if len(sites) == 2 and sites[0].samefile(sites[1]):
        sites.pop()
    return PythonEnvironment(python, (major, minor, micro), prefix, tuple(sites), virtual=True)

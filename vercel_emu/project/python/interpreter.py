"""Which Python runs the app: the app's own, never the emulator's.

In this order: `--python`; the active virtual environment (`VIRTUAL_ENV`, or a conda environment
other than its auto-activated `base`); `.venv` or `venv` in the project; for a member of a uv
workspace the workspace's `.venv`. An environment that holds the emulator and nothing besides is no
app's, active or not: uvx, `uv tool` and pipx make such ones, and `pip install vercel-emu` in a new
one. Where nothing is left, the project has no interpreter yet: one is made (`installer.py`).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from vercel_emu.errors import EmuError, ProjectWarning, Where
from vercel_emu.files.reading import read_text
from vercel_emu.project.python.environment import (
    INCOMPLETE,
    BrokenPythonError,
    PythonEnvironment,
    Version,
    executables,
    is_environment,
    probe,
    pyvenv_values,
    read_environment,
    read_python,
)
from vercel_emu.project.python.workspace import workspace_root

_INSTALLERS = {"pip", "setuptools", "wheel", "uv"}
OLDEST = (3, 12)
"""The production runtime's own syntax needs it (the platform's documentation of Python)."""


class Origin(StrEnum):
    """Whose environment it is, which decides what may be done to it."""

    ASKED = "asked"
    ACTIVE = "active"
    PROJECT = "project"
    MACHINE = "machine"
    """No environment at all: a Python of the machine, for who wants none to be made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """The Python that runs the app. `source` says in words where it was found."""

    path: Path
    version: Version
    prefix: Path
    site_packages: tuple[Path, ...]
    source: str
    origin: Origin
    virtual: bool
    warnings: tuple[ProjectWarning, ...] = ()

    @property
    def version_text(self) -> str:
        return ".".join(map(str, self.version))


def find_interpreter(
    root: Path,
    *,
    python: Path | None = None,
    environ: Mapping[str, str],
    above: Path | None = None,
) -> Interpreter | None:
    """The interpreter that a start in `root` uses; None: the project has no environment yet.

    `above` is the folder that `root` is the Root Directory of.

    Raises:
        EmuError: what was asked for doesn't exist or work, the project's environment is broken,
            or its Python is older than 3.12.
    """
    if python is not None:
        return _asked_for(python, environ)
    warnings: list[ProjectWarning] = []
    found = _active(environ, warnings) or _in_project(root, environ, above, warnings)
    if found is None:
        return None
    environment, source, origin = found
    return _interpreter(environment, source, origin, tuple(warnings))


def running_interpreter() -> Interpreter:
    """The Python that runs this very code, where it is meant to be the app's: in its tests."""
    version = (sys.version_info.major, sys.version_info.minor, sys.version_info.micro)
    sites = [Path(path) for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    virtual = sys.prefix != sys.base_prefix
    environment = PythonEnvironment(
        Path(sys.executable), version, Path(sys.prefix), tuple(sites), virtual
    )
    return _interpreter(environment, "the Python that runs this program", Origin.ACTIVE, ())


def machine_interpreter(python: PythonEnvironment) -> Interpreter:
    """A Python of the machine, without an environment."""
    version = ".".join(map(str, python.version))
    source = f"Python {version} of this machine, `{python.path}`"
    return _interpreter(python, source, Origin.MACHINE, ())


def own_environment(root: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """Where the project's environment is made: `.venv`, or aside where that can't be written."""
    if os.access(root, os.W_OK):
        return root / ".venv"
    cache = Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    name = hashlib.blake2b(os.fsencode(root.resolve()), digest_size=8).hexdigest()
    return cache / "vercel-emu" / "environments" / f"{root.name}-{name}"


type _Found = tuple[PythonEnvironment, str, Origin]


def _asked_for(python: Path, environ: Mapping[str, str]) -> Interpreter:
    file = _existing(python, environ)
    if file is None:
        raise EmuError(
            "PYTHON_NOT_FOUND",
            f"--python: there is no `{python}`.",
            "Give the path of an interpreter or of a virtual environment, or a version on PATH "
            "such as 3.12.",
        )
    try:
        environment = read_environment(file) if file.is_dir() else read_python(file)
    except BrokenPythonError as error:
        raise EmuError(
            "PYTHON_BROKEN",
            f"--python: `{python}` can't be used: {error}.",
            "Give the path of a Python 3.12 or newer, or of a virtual environment.",
        ) from None
    return _interpreter(environment, "the Python of --python", Origin.ASKED, ())


def _existing(python: Path, environ: Mapping[str, str]) -> Path | None:
    """A path as it stands (links kept, they make a venv's Python), or a command or version."""
    path = python.expanduser()
    if path.exists():
        return path.absolute()
    if len(path.parts) != 1:
        return None
    name = f"python{path}" if re.fullmatch(r"\d+(\.\d+)?", str(path)) else str(path)
    candidates = list(executables(name, environ))
    return next((file for file in candidates if _starts(file)), next(iter(candidates), None))


def _starts(python: Path) -> bool:
    try:
        probe(python)
    except BrokenPythonError:
        return False
    return True


def _active(environ: Mapping[str, str], warnings: list[ProjectWarning]) -> _Found | None:
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        value = environ.get(variable)
        if not value:
            continue
        if variable == "CONDA_PREFIX" and environ.get("CONDA_DEFAULT_ENV") == "base":
            continue
        prefix = _extended(Path(value).absolute())
        if _is_of_a_tool(prefix) or _holds_the_emulator_alone(prefix):
            continue
        try:
            return read_environment(prefix), f"the active environment `{prefix}`", Origin.ACTIVE
        except BrokenPythonError as error:
            text = f"{variable} is `{value}`, which is not used: {error}."
            warnings.append(ProjectWarning("ENVIRONMENT_NOT_USED", text))
    return None


def _extended(prefix: Path) -> Path:
    """`uv run --with` puts a throw-away environment over the project's: the project's is meant."""
    below = pyvenv_values(prefix).get("extends-environment")
    return Path(below) if below else prefix


def _in_project(
    root: Path, environ: Mapping[str, str], above: Path | None, warnings: list[ProjectWarning]
) -> _Found | None:
    places = [(root / ".venv", "`.venv` in the project"), (root / "venv", "`venv` in the project")]
    if above is not None and above != root:
        places += [(above / name, f"`{name}` in `{above}`") for name in (".venv", "venv")]
    workspace = workspace_root(root)
    if workspace is not None:
        places.append((workspace / ".venv", f"`.venv` of the workspace `{workspace}`"))
    own = own_environment(root, environ)
    if own != root / ".venv":
        places.append((own, f"`{own}`, the project's"))
    for prefix, source in places:
        if (prefix / INCOMPLETE).exists():
            text = f"{source} is not used: an install into it did not finish."
            where = Where(_shown(prefix, root))
            warnings.append(ProjectWarning("ENVIRONMENT_NOT_USED", text, where=where))
        elif is_environment(prefix):
            try:
                return read_environment(prefix), source, Origin.PROJECT
            except BrokenPythonError as error:
                raise EmuError(
                    "PYTHON_BROKEN",
                    f"{source} can't be used: {error}.",
                    f"Delete `{prefix}` and start again (it is then made anew), or give another "
                    "interpreter with --python.",
                    where=Where(_shown(prefix, root)),
                ) from None
    return None


def base_python() -> Path:
    """The Python below the emulator's environment."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    file = Path(sys.base_prefix, "bin", name)
    return file if file.exists() else Path(getattr(sys, "_base_executable", sys.executable))


def _is_of_a_tool(prefix: Path) -> bool:
    """Whether uvx, `uv tool` or pipx made this environment, for the emulator alone."""
    receipts = ("uv-receipt.toml", "pipx_metadata.json")
    if any((prefix / name).exists() for name in receipts):
        return True
    # uvx keeps its environments in uv's cache: `.../uv/archive-v0/<id>`.
    return any(part.startswith(("archive-v", "environments-v")) for part in prefix.parts[-3:])


def _holds_the_emulator_alone(prefix: Path) -> bool:
    """Whether nothing is installed there but the emulator, what it needs, and installers."""
    if not prefix.is_dir() or not prefix.samefile(sys.prefix):
        return False
    sites = {path for path in sys.path if Path(path).is_relative_to(sys.prefix)}
    found = {info.name: info for site in sites for info in Path(site).glob("*.dist-info")}
    packages = {_normalized(name.partition("-")[0]): info for name, info in found.items()}
    return packages.keys() <= _needed_by_the_emulator(packages) | _INSTALLERS


def _needed_by_the_emulator(packages: Mapping[str, Path]) -> set[str]:
    """The emulator and all it needs, extras included, of what is installed."""
    needed: set[str] = set()
    pending = {"vercel_emu"}
    while pending:
        name = pending.pop()
        needed.add(name)
        info = packages.get(name)
        if info is None:
            continue
        with contextlib.suppress(OSError, UnicodeError):
            metadata = read_text(info / "METADATA")
            found = re.findall(r"^Requires-Dist: ([A-Za-z0-9._-]+)", metadata, re.MULTILINE)
            pending |= {_normalized(one) for one in found} - needed
    return needed


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()


def _shown(prefix: Path, root: Path) -> str:
    return prefix.relative_to(root).as_posix() if prefix.is_relative_to(root) else str(prefix)


def _interpreter(
    environment: PythonEnvironment,
    source: str,
    origin: Origin,
    warnings: tuple[ProjectWarning, ...],
) -> Interpreter:
    interpreter = Interpreter(
        path=environment.path,
        version=environment.version,
        prefix=environment.prefix,
        site_packages=environment.site_packages,
        source=source,
        origin=origin,
        virtual=environment.virtual,
        warnings=warnings,
    )
    if interpreter.version[:2] < OLDEST:
        raise _too_old(interpreter)
    return interpreter


def _too_old(interpreter: Interpreter) -> EmuError:
    replace = {
        Origin.ASKED: "give its path with --python",
        Origin.ACTIVE: "deactivate this environment and make it anew with that Python",
        Origin.PROJECT: f"delete `{interpreter.prefix}` and start again",
        Origin.MACHINE: "start again",
    }[interpreter.origin]
    other = "" if interpreter.origin is Origin.ASKED else "; or choose another with --python PATH"
    return EmuError(
        "PYTHON_TOO_OLD",
        f"The app's interpreter is Python {interpreter.version_text}, but the platform's runtime "
        f"needs 3.12 or newer. It was found through {interpreter.source}: `{interpreter.path}`.",
        "Get a newer one with `uv python install 3.12` or `pyenv install 3.12`, then "
        f"{replace}{other}.",
    )

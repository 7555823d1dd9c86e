"""How an emulator is set up that Python code starts: its options and the interpreter of its app."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import msgspec

from vercel_emu.emulator.prepare import Prepared, prepare
from vercel_emu.errors import EmuError, refusal
from vercel_emu.options import Options, as_written, help_of, load_options
from vercel_emu.project.model import Project
from vercel_emu.project.pyproject import emu_table
from vercel_emu.project.python.interpreter import (
    Interpreter,
    find_interpreter,
    running_interpreter,
)

DEFAULTS: Mapping[str, Any] = {
    # A free port, and a cache that is nobody else's: tests must not change what `dev` keeps.
    "listen": "localhost:0",
    "cache": "memory",
    "reload": False,
    "standby": False,
    "overlay": False,
}
"""Where the Python API differs from `vercel-emu dev`. A keyword wins, pyproject.toml does not."""


def prepared(folder: Path, given: Mapping[str, Any], environ: Mapping[str, str] | None) -> Prepared:
    """Read the project in `folder` with these options.

    Raises:
        EmuError: a wrong option, or the project can't be run.
    """
    root = folder.resolve()
    if not root.is_dir():
        raise EmuError("NO_SUCH_FOLDER", f"There is no folder {folder}.")
    checked = {**DEFAULTS, **_checked(given)}
    options = load_options(emu_table(root), checked, root / "pyproject.toml")
    variables = {**os.environ, **(environ or {})}
    interpreter = _interpreter(root, options, variables)
    found = prepare(root, options, interpreter, variables)
    if options.install is not False:
        _check_dependencies(found.project, interpreter)
    return found


def _checked(given: Mapping[str, Any]) -> dict[str, Any]:
    known = [field.name for field in fields(Options)]
    for name in given:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            meant = f"Did you mean {close[0]}? " if close else ""
            raise EmuError(
                "INVALID_OPTION",
                f"Emulator() has no option {name!r}.",
                f"{meant}The options are {', '.join(sorted(known))}.",
            )
    plain = {
        name: os.fspath(one) if isinstance(one, os.PathLike) else as_written(name, one)
        for name, one in given.items()
    }
    try:
        options = msgspec.convert(plain, Options, dec_hook=_path)
    except msgspec.ValidationError as error:
        text, path, _ = refusal(error)
        name = path.partition("[")[0]
        raise EmuError(
            "INVALID_OPTION", f"Emulator({name}={given[name]!r}): {text}.", help_of(name).text
        ) from None
    return {name: getattr(options, name) for name in given}


def _path(kind: type, value: Any) -> Any:
    if kind is Path and isinstance(value, str | os.PathLike):
        return Path(value)
    raise TypeError(f"a {kind.__name__} is written as text")


def _interpreter(root: Path, options: Options, environ: Mapping[str, str]) -> Interpreter:
    """The Python that runs the tests, where it is an environment of its own; else as `dev` does."""
    interpreter: Interpreter | None = None
    if options.python is not None or sys.prefix == sys.base_prefix:
        interpreter = find_interpreter(root, python=options.python, environ=environ)
    return interpreter or running_interpreter()


def _check_dependencies(project: Project, interpreter: Interpreter) -> None:
    """Nothing is installed from here: a test run must not change what it runs in."""
    from vercel_emu.project.python.dependencies import find_dependencies, manifest_names
    from vercel_emu.project.python.manifest import manifests_of

    manifests = manifests_of(project)
    found = find_dependencies(project.root, manifests, interpreter)
    if found:
        names = ", ".join(f"`{one}`" for one in found.missing)
        file = manifest_names(manifests, project.root)
        raise EmuError(
            "DEPENDENCIES_MISSING",
            f"{names}: asked for by {file}, not installed in {interpreter.prefix}.",
            "Install them there, name another environment with python=..., or start without them "
            "with install=False.",
        )

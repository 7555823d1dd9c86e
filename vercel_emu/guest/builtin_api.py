"""Puts the built-in functions API at the end of the import path, and says what it will serve.

`vercel` is a namespace package: every distribution adds parts to it, and the first folder that has
a part serves all of it. Ours is the last, so an official part always wins whole.

Runs in the user's process: standard library only, nothing of `vercel_emu`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder

PARTS = ("functions", "env", "headers", "cache")


def activate(path_of_functions_api: str) -> list[str]:
    """Append the built-in API to `sys.path`; return the modules that it, not a package, serves.

    Nothing is imported. With a `vercel` that is no namespace package (the user's own `vercel.py`,
    or the unrelated PyPI releases before 0.3) nothing of ours can be reached: the result is empty.
    """
    folder = os.path.abspath(path_of_functions_api)
    if folder in sys.path:
        sys.path.remove(folder)
    sys.path.append(folder)
    return served_from(folder, sys.path)


def served_from(folder: str, path: Sequence[str]) -> list[str]:
    """Which of the API's modules `path` would take from `folder`."""
    portions = _portions_of_vercel(path)
    found = ((f"vercel.{part}", PathFinder.find_spec(f"vercel.{part}", portions)) for part in PARTS)
    inside = os.path.join(folder, "")
    return [name for name, spec in found if (_origin(spec) or "").startswith(inside)]


def _portions_of_vercel(path: Sequence[str]) -> list[str]:
    spec = PathFinder.find_spec("vercel", list(path))
    if spec is None or _origin(spec) is not None:
        return []
    return list(spec.submodule_search_locations or ())


def _origin(spec: ModuleSpec | None) -> str | None:
    """The file behind a module; None for a namespace package, which has no file."""
    return None if spec is None else spec.origin

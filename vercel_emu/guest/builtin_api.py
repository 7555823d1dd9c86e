"""Puts the built-in functions API at the end of the import path, and tells what of it is imported.

`vercel` is a namespace package: every distribution adds parts to it, and the first folder that has
a part serves all of it. Ours is the last, so an official part always wins whole.

Runs in the user's process: standard library only, nothing of `vercel_emu`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from importlib.machinery import (
    BYTECODE_SUFFIXES,
    SOURCE_SUFFIXES,
    FileFinder,
    ModuleSpec,
    SourceFileLoader,
    SourcelessFileLoader,
)
from types import FrameType, ModuleType

PARTS = frozenset({"vercel.functions", "vercel.env", "vercel.headers", "vercel.cache"})

_GUEST = os.path.join(os.path.dirname(os.path.abspath(__file__)), "")


def activate(
    path_of_functions_api: str, on_import: Callable[[str], None] = lambda part: None
) -> None:
    """Append the built-in API to `sys.path`; `on_import` is called for each part it is to serve.

    Nothing is imported. With a `vercel` that is no namespace package (the user's own `vercel.py`,
    or the unrelated PyPI releases before 0.3) nothing of ours can be reached.
    """
    folder = os.path.abspath(path_of_functions_api)
    if folder in sys.path:
        sys.path.remove(folder)
    sys.path.append(folder)
    inside = os.path.join(folder, "")

    def hook(path: str) -> FileFinder:
        if not path.startswith(inside):
            raise ImportError
        finder = _TellingFinder(
            path, (SourceFileLoader, SOURCE_SUFFIXES), (SourcelessFileLoader, BYTECODE_SUFFIXES)
        )
        finder.on_import = on_import
        return finder

    sys.path_hooks.insert(0, hook)


class _TellingFinder(FileFinder):
    """Finds modules of the built-in API: it is asked last, for what no package has."""

    on_import: Callable[[str], None]

    def find_spec(self, fullname: str, target: ModuleType | None = None) -> ModuleSpec | None:
        spec = super().find_spec(fullname, target)
        if spec is not None and fullname in PARTS and _is_users(sys._getframe(1)):
            self.on_import(fullname)
        return spec


def _is_users(frame: FrameType | None) -> bool:
    """Whether user code imports: neither this API itself nor the platform's runtime does."""
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith("<frozen ") and "/importlib/" not in file:
            return not file.startswith(_GUEST) and "/vercel_runtime/" not in file
        frame = frame.f_back
    return True


def installed_version(path: Iterable[str]) -> str:
    """The version of the package `vercel` that is installed; empty where none is."""
    for folder in path:
        try:
            names = os.listdir(folder) if folder.endswith("-packages") else []
        except OSError:
            continue
        for name in names:
            if name.startswith("vercel-") and name.endswith(".dist-info"):
                return name.removeprefix("vercel-").removesuffix(".dist-info")
    return ""

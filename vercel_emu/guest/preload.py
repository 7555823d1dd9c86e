"""A standby's work: follow the remembered steps, wait for "go", then check that nothing differs.

Runs inside the function instance, paused at the point where the runtime imports user code.
A library that turns out to need user code ends the standby, so that none ever runs with
that code missing. The same holds for user code that no longer does what the steps were
learned from; the emulator then starts an instance without them.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
import time
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from .control import Control
from .environ_changes import EnvironChanges
from .modules import ImportStep, learn_steps, library_modules, misfit
from .own_code import Imports, OwnCode, is_library, names_in


class OwnCodeGuard:
    """While a standby preloads, an import of user code is refused and remembered."""

    def __init__(self, prefixes: tuple[str, ...]) -> None:
        self._prefixes = prefixes
        self.refused = ""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            if finder is self or find is None:
                continue
            spec: ModuleSpec | None = find(name, path, target)
            if spec is None:
                continue
            if self._is_own(spec):
                self.refused = name
                raise ModuleNotFoundError(f"{name} is not imported ahead of time", name=name)
            return spec
        return None

    def _is_own(self, spec: ModuleSpec) -> bool:
        if spec.has_location and spec.origin is not None:
            return not is_library(spec.origin, self._prefixes)
        folders = [os.path.join(folder, "") for folder in spec.submodule_search_locations or ()]
        return bool(folders) and not any(is_library(one, self._prefixes) for one in folders)


class Preload:
    """Preparing, replaying and learning the steps of one instance."""

    def __init__(
        self, file: str, control: Control, own: OwnCode, prefixes: tuple[str, ...]
    ) -> None:
        self._file = file
        self._control = control
        self._own = own
        self._prefixes = prefixes
        self._changes = EnvironChanges(prefixes)
        self._replayed: list[ImportStep] = []
        self._remembered: dict[str, Any] = {}
        control.on_modules = self.learned

    def learned(self) -> dict[str, object]:
        """What the next standby should do; sent when the emulator asks."""
        imports = dict(self._own.imports)
        steps = learn_steps(
            library_modules(self._prefixes), list(self._changes.made), self._replayed, imports
        )
        direct = names_in(imports.values()) & {step for step in steps if isinstance(step, str)}
        return {"steps": steps, "direct": sorted(direct), "files": sorted(imports)}

    def stand_by(self, preload: bool) -> None:
        """Follow the steps, if that is wanted, then wait until the emulator says "go"."""
        if preload:
            started = time.monotonic()
            self._follow_steps()
            self._control.report(
                "emu-standby",
                modules=sum(1 for step in self._replayed if isinstance(step, str)),
                duration_ms=int((time.monotonic() - started) * 1000),
            )
        self._control.report("emu-prepared")
        while not self._control.go.is_set():
            self._control.news.wait()
            self._control.news.clear()
            if preload:
                self._follow_steps()
        _forget_listings(self._prefixes)

    def _follow_steps(self) -> None:
        """Follow the remembered steps, those that came since the last time included."""
        remembered = _read(self._file)
        steps: list[ImportStep] = remembered.get("steps", [])
        if self._control.go.is_set() or steps[: len(self._replayed)] != self._replayed:
            return
        self._remembered = remembered
        self._replayed = []
        guard = OwnCodeGuard(self._prefixes)
        sys.meta_path.insert(0, guard)
        undo: list[tuple[str, str | None]] = []
        for step in steps:
            if self._control.go.is_set():
                break
            self._follow(step, guard, undo)
            self._replayed.append(step)
        sys.meta_path.remove(guard)
        for key, value in reversed(undo):
            _set(key, value)

    def _follow(
        self, step: ImportStep, guard: OwnCodeGuard, undo: list[tuple[str, str | None]]
    ) -> None:
        if not isinstance(step, str):
            key, value = str(step[0]), step[1]
            undo.append((key, os.environ.get(key)))
            _set(key, None if value is None else str(value))
        elif step not in sys.modules:
            try:
                importlib.import_module(step)
            except BaseException:
                # Some modules import only in the right company; user code will do it.
                sys.modules.pop(step, None)
            if guard.refused:
                self._unfit(step, guard.refused)

    def watch_changes(self) -> None:
        """From here on user code runs."""
        self._changes.start()

    def check(self, *, complete: bool) -> None:
        """Called when user code has been imported, or has failed to be."""
        if not self._replayed:
            return
        steps: list[ImportStep] = self._remembered["steps"]
        made = list(self._changes.made)
        imports = self._present_imports() if complete else self._own.imports
        reason = misfit(steps, self._remembered, imports, made, complete=complete)
        if reason:
            self._unfit("", reason)

    def _present_imports(self) -> dict[str, Imports]:
        """Those of the files that are imported, or were and will be again with some request."""
        imports = dict(self._own.imports)
        for file in self._remembered.get("files", []):
            if file not in imports:
                # A file that is gone imports nothing; one that is broken is noticed elsewhere.
                with contextlib.suppress(OSError, SyntaxError, ValueError):
                    imports[file] = self._own.imports_in(file)
        return imports

    def _unfit(self, module: str, reached: str) -> None:
        self._control.report("emu-unfit", module=module, reached=reached)
        os._exit(0)


def _read(path: str) -> dict[str, Any]:
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _set(key: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(key, None)
    else:
        os.environ[key] = value


def _forget_listings(prefixes: tuple[str, ...]) -> None:
    """Folders of the user's that were listed before "go" are read again.

    Python compares their modification times, which a file made within the same clock tick shares.
    """
    for path, finder in list(sys.path_importer_cache.items()):
        forget = getattr(finder, "invalidate_caches", None)
        if forget and not os.path.join(os.path.realpath(path), "").startswith(prefixes):
            forget()

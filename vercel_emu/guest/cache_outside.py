"""Tells where the runtime cache is used outside of a request.

A deployed function has the cache in requests only. Elsewhere (at import, in a lifespan) the SDK
says so once and goes on with the memory of its process. The emulator is told of it, with the line
of user code it comes from.

Runs inside the function instance: standard library only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any, cast

from .file_system.callers import Callers

_MODULE = "vercel.cache.runtime_cache"
_FALLBACK = "Runtime Cache unavailable in this environment."


class CacheFinder:
    """Finds one module of the SDK, and has what it prints listened to."""

    def __init__(self, root: str, report: Callable[[str], None]) -> None:
        self._callers = Callers(root)
        self._report = report

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != _MODULE:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = cast(Any, _Loader(spec.loader, self._listen))
        return spec

    def _listen(self, module: ModuleType) -> None:
        def say(*values: object, **options: Any) -> None:
            print(*values, **options)
            if values and str(values[0]).startswith(_FALLBACK):
                self._report(self._callers.users_line())

        vars(module)["print"] = say


class _Loader:
    """The loader of a module, and what is to be done with it once it is executed."""

    def __init__(self, loader: Any, then: Callable[[ModuleType], None]) -> None:
        self._loader = loader
        self._then = then

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        self._then(module)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

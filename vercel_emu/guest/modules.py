"""Which modules a standby may import ahead of the person's code, and importing them.

Runs inside the function instance. "The person's code" is every module that lies neither in the
interpreter's standard library nor in a site-packages folder: the project itself, editable
installs, local packages of the repository.
"""

from __future__ import annotations

import json
import os
import sys
import sysconfig
import time

_SKIPPED_TOP_LEVEL = frozenset(
    {"__main__", "vercel_runtime", "vercel_emu", "site", "sitecustomize"}
)


def library_prefixes():
    """Folders whose modules are libraries, each ending in a separator."""
    paths = sysconfig.get_paths()
    folders = {paths[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders.update(path for path in sys.path if os.path.basename(path) == "site-packages")
    folders.add(os.path.join(paths["platstdlib"], "lib-dynload"))
    return tuple(sorted({os.path.join(os.path.realpath(folder), "") for folder in folders}))


def is_library(origin, prefixes):
    """True for built-in and frozen modules and for files below one of `prefixes`."""
    if origin in ("built-in", "frozen"):
        return True
    return origin is not None and os.path.realpath(origin).startswith(prefixes)


def preloadable(root):
    """Names of the imported library modules, in the order in which they were first imported."""
    prefixes = library_prefixes()
    names = []
    for name, module in list(sys.modules.items()):
        top_level = name.partition(".")[0]
        if top_level in _SKIPPED_TOP_LEVEL or name.startswith("_vercel_emu_"):
            continue
        spec = getattr(module, "__spec__", None)
        # An alias (`os.path`, `six.moves`) has another name in its spec and comes by itself.
        if spec is None or spec.name != name or getattr(spec, "_initializing", False):
            continue
        if is_library(spec.origin, prefixes):
            names.append(name)
    return names


class UserCodeGuard:
    """While a standby preloads, an import of the person's code is refused and remembered."""

    def __init__(self, prefixes):
        self._prefixes = prefixes
        self.refused = None

    def find_spec(self, name, path=None, target=None):
        from importlib.machinery import PathFinder

        spec = PathFinder.find_spec(name, path, target)
        if spec is None or spec.origin is None or is_library(spec.origin, self._prefixes):
            return spec
        self.refused = name
        raise ModuleNotFoundError(f"{name} is not imported ahead of time", name=name)


def remembered(path):
    """The module names that the emulator has noted for this function; none at first."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)["modules"]
    except (OSError, ValueError, KeyError):
        return []


def preload(settings, control):
    """Import the remembered modules; a library that reaches for the person's code ends the standby.

    The emulator then leaves that library out of the next one, so that no library ever runs with
    the person's module missing that it would have found.
    """
    import importlib

    started = time.monotonic()
    guard = UserCodeGuard(library_prefixes())
    sys.meta_path.insert(0, guard)
    count = 0
    for name in remembered(settings["modules_file"]):
        if name in sys.modules:
            continue
        if control.go.is_set():
            break
        try:
            importlib.import_module(name)
            count += 1
        except BaseException:
            # It may import only in the person's order of imports; they will import it themselves.
            if guard.refused is None:
                sys.modules.pop(name, None)
        if guard.refused is not None:
            control.report("emu-unfit", module=name, reached=guard.refused)
            os._exit(0)
    sys.meta_path.remove(guard)
    control.report(
        "emu-standby", modules=count, duration_ms=int((time.monotonic() - started) * 1000)
    )

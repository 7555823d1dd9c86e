"""Runs inside the function instance, under the app's own interpreter: `python -P boot.py`.

It plays the platform's trampoline: makes `vercel_runtime` importable and hands over to
`vercel_runtime.vc_init`, which imports user code and serves it. It pauses `vc_init` at the
one call where it imports user code, so that a *standby* has done everything before that
point in exactly the order production does, has imported the libraries the last run used, and then
waits for "go".

Standard library only: the app's environment has none of the emulator's packages.
"""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import os
import sys
import time
import traceback
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from vercel_emu.guest.control import Control
    from vercel_emu.guest.own_code import OwnCode
    from vercel_emu.guest.preload import Preload

GUEST_DIR = os.path.dirname(os.path.abspath(__file__))
_PACKAGE = "_vercel_emu_guest"
NEEDED_BY_THE_RUNTIME = (
    "asyncio",
    "hashlib",
    "http.server",
    "inspect",
    "logging",
    "urllib.parse",
    "vercel_runtime._vendor.uvicorn",
)
"""Imported while the orders are still on their way; nothing of it reads the environment."""


def load_sibling(name: str) -> Any:
    """Import `NAME.py` next to this file, in a package that no path leads to.

    `-P` keeps this folder off `sys.path` on purpose: user code must not see these files
    as top-level modules.
    """
    if _PACKAGE not in sys.modules:
        package = ModuleType(_PACKAGE)
        package.__path__ = [GUEST_DIR]
        sys.modules[_PACKAGE] = package
    return importlib.import_module(f"{_PACKAGE}.{name}")


def serve_functions_api(control: Control) -> Callable[[], None]:
    """Make the built-in `vercel.*` importable.

    To call the result reports what of it is imported; what is imported later reports itself.
    """
    builtin_api = load_sibling("builtin_api")
    served: list[str] = []
    reported = False

    def report() -> None:
        nonlocal reported
        reported = True
        if not served and builtin_api.PARTS.isdisjoint(sys.modules):
            return
        installed = builtin_api.installed_version(sys.path) if served else ""
        control.report("emu-functions-api", builtin=served, installed=installed)

    def on_import(part: str) -> None:
        if part not in served:
            served.append(part)
            if reported:
                report()

    builtin_api.activate(os.path.join(GUEST_DIR, "functions_api"), on_import)
    return report


def pause_before_own_code(
    settings: dict[str, Any],
    control: Control,
    preload: Preload,
    own: OwnCode,
    report_api: Callable[[], None],
) -> None:
    """Let `vc_init` run up to the import of user code; stand by there until "go"."""
    resolver = importlib.import_module("vercel_runtime.resolver")
    edges = load_sibling("platform_edges")
    import_own_code = resolver.import_module

    def import_when_told(name: str, path: str) -> ModuleType:
        if settings["debugpy"]:
            port = load_sibling("surroundings").start_debugger()
            control.report("emu-debugger", port=port)
        preload.stand_by(settings["preload"])
        if settings["preload"]:
            restart_clock()
        preload.watch_changes()
        edges.install(settings, control, own)
        try:
            module: ModuleType = import_own_code(name, path)
        except BaseException:
            preload.check(complete=False)
            raise
        preload.check(complete=True)
        report_api()
        return module

    resolver.import_module = import_when_told  # type: ignore[attr-defined]


def restart_clock() -> None:
    """A standby's wait is not part of its cold start: measure from "go"."""
    vc_init: Any = sys.modules.get("vercel_runtime.vc_init")
    now = time.monotonic()
    if hasattr(vc_init, "_boot_start"):
        vc_init._boot_start = now
    marks = getattr(vc_init, "_phase_marks", None)
    if isinstance(marks, dict):
        marks["bootstrap"] = now


def main() -> None:
    # The app sees the platform's PYTHONDONTWRITEBYTECODE; `own_code` says who heeds it.
    sys.dont_write_bytecode = False
    runtime_dir = sys.argv[1]
    surroundings = load_sibling("surroundings")
    sys.meta_path.insert(0, surroundings.RuntimeFinder(runtime_dir))
    control = load_sibling("control").Control()
    for name in NEEDED_BY_THE_RUNTIME:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    settings = control.orders()
    if settings.get("environ") is not None:
        os.environ.clear()
        os.environ.update(settings["environ"])
        time.tzset()  # the C library looked at `TZ` before
    os.chdir(settings["root"])
    # A crash in C, or the emulator's SIGABRT to an import that never ends, shows where it was.
    faulthandler.enable()
    control.start(os.environ["VERCEL_IPC_PATH"])

    sys.argv[:] = [settings["entrypoint"]]
    sys.path.insert(0, settings["root"])
    if settings["import_root"] not in sys.path:
        sys.path.insert(0, settings["import_root"])
    surroundings.use_roomy_listen_queue()
    surroundings.explain_breakpoint()

    own_code = load_sibling("own_code")
    prefixes = own_code.library_prefixes(runtime_dir)
    own = own_code.OwnCode(settings["bytecode_dir"], prefixes)
    if settings["report_files"]:
        own.on_file = lambda path: control.report("emu-own-file", **own_code.as_it_is(path))
    own.install()

    def report_cache(where: str) -> None:
        control.report("emu-cache-outside", where=where)

    root = os.path.join(os.path.realpath(settings["root"]), "")
    sys.meta_path.insert(0, load_sibling("cache_outside").CacheFinder(root, report_cache))
    preload = load_sibling("preload").Preload(settings["modules_file"], control, own, prefixes)

    report_api = serve_functions_api(control)
    pause_before_own_code(settings, control, preload, own, report_api)
    if not settings["official_cache_client"]:
        cache_client = load_sibling("cache_client")
        reports = cache_client.SetReports(control.report, settings["root"])
        cache_client.install_cache_client_seam(reports.observe)
    try:
        # Serves until the process ends: the runtime runs its server in the import of this module.
        importlib.import_module("vercel_runtime.vc_init")
    except Exception as error:
        if sys.excepthook is not sys.__excepthook__:
            raise
        # Not through the runtime's log: the emulator tells it as the failure that it is.
        traceback.print_exception(error, file=sys.__stderr__)
        sys.exit(1)


if __name__ == "__main__":
    main()

"""Runs inside the function instance, under the app's own interpreter: `python -P boot.py`.

It plays the platform's trampoline: makes `vercel_runtime` importable and hands over to
`vercel_runtime.vc_init`, which imports the person's code and serves it. Around that it

* listens on the control pipe (file descriptor 0 as it was at start) for JSON lines from the
  emulator, and ends the whole process group when that pipe closes: no orphans;
* pauses `vc_init` at the one call where it imports the person's code, so that a *standby* has
  done everything before that point in exactly the order production does, has imported the
  libraries the last run used, and then waits for "go".

Standard library only: the app's environment has none of the emulator's packages.
"""

from __future__ import annotations

import faulthandler
import importlib
import json
import os
import signal
import socket
import sys
import threading
import time

GUEST_DIR = os.path.dirname(os.path.abspath(__file__))
# Imported modules below live next to this file, which `-P` keeps off sys.path on purpose: the
# person's code must not see them as top-level names. They are loaded by path instead.


def load_sibling(name):
    """Load `NAME.py` next to this file under a private module name."""
    import importlib.util

    full_name = f"_vercel_emu_guest_{name}"
    spec = importlib.util.spec_from_file_location(full_name, os.path.join(GUEST_DIR, name + ".py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[full_name] = module
    spec.loader.exec_module(module)
    return module


class Control:
    """The pipe from the emulator (commands in) and a socket of our own back to it (reports out)."""

    def __init__(self, ipc_path):
        # The person's code gets /dev/null as standard input; the pipe moves out of its way.
        self._fd = os.dup(0)
        os.set_inheritable(self._fd, False)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        self._reports = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._reports.connect(ipc_path)
        self._ipc_path = ipc_path
        self.go = threading.Event()
        self.on_modules = None

    def start(self):
        threading.Thread(target=self._listen, name="vercel-emu-control", daemon=True).start()

    def report(self, kind, **payload):
        """Send one message in the runtime's own framing; a lost emulator is not our error."""
        try:
            self._reports.sendall(json.dumps({"type": kind, "payload": payload}).encode() + b"\0")
        except OSError:
            pass

    def _listen(self):
        buffered = b""
        while True:
            try:
                chunk = os.read(self._fd, 65536)
            except OSError:
                chunk = b""
            if not chunk:
                self._parent_is_gone()
            buffered += chunk
            *lines, buffered = buffered.split(b"\n")
            for line in lines:
                self._obey(json.loads(line))

    def _obey(self, command):
        if command["do"] == "go":
            self.go.set()
        elif command["do"] == "modules" and self.on_modules is not None:
            self.report("emu-modules", modules=self.on_modules())

    def _parent_is_gone(self):
        for path in (self._ipc_path, os.path.dirname(self._ipc_path)):
            try:
                (os.unlink if path == self._ipc_path else os.rmdir)(path)
            except OSError:
                pass
        try:
            os.killpg(0, signal.SIGKILL)
        finally:
            os._exit(1)


class RuntimeFinder:
    """Makes exactly one foreign package importable: `vercel_runtime`, from the emulator."""

    def __init__(self, directory):
        self._directory = directory

    def find_spec(self, name, path=None, target=None):
        if name != "vercel_runtime":
            return None
        from importlib.machinery import PathFinder

        return PathFinder.find_spec(name, [self._directory], target)


def keep_bytecode_out_of(root, prefixes):
    """Write `.pyc` files for installed packages, never for the person's own modules.

    The platform sets PYTHONDONTWRITEBYTECODE, and the app sees that; obeying it for site-packages
    too would compile every library anew at every start. The person's modules are compiled each
    time: a `.pyc` is matched by whole seconds and size, too coarse for saves that follow quickly.
    """
    from importlib.machinery import SourceFileLoader

    sys.dont_write_bytecode = False
    set_data = SourceFileLoader.set_data
    inside = os.path.join(os.path.realpath(root), "")

    def selective_set_data(self, path, data, **options):
        real = os.path.realpath(path)
        if real.startswith(inside) and not real.startswith(prefixes):
            return
        set_data(self, path, data, **options)

    SourceFileLoader.set_data = selective_set_data


def use_roomy_listen_queue():
    """`socketserver` queues 5 connections; under load Linux then drops SYNs for a second."""
    import socketserver

    socketserver.TCPServer.request_queue_size = 1024


def explain_breakpoint():
    """`breakpoint()` would wait for a terminal that a function does not have."""

    def hook(*args, **options):
        frame = sys._getframe(1)
        where = f"{frame.f_code.co_filename}:{frame.f_lineno}"
        print(
            f"breakpoint() at {where} was passed: start with `vercel-emu dev --debugpy` "
            "and attach a debugger.",
            file=sys.stderr,
        )

    sys.breakpointhook = hook


def start_debugger(port):
    """Listen for a debugger with the app environment's own debugpy."""
    try:
        import debugpy
    except ImportError:
        sys.stderr.write("--debugpy: the app's environment has no debugpy; install it there.\n")
        sys.exit(1)
    debugpy.listen(("127.0.0.1", port))


def pause_before_user_code(settings, control, code):
    """Let `vc_init` run up to the import of the person's code, preload, wait for "go"."""
    from vercel_runtime import resolver

    import_user_code = resolver.import_module

    def import_when_told(name, path):
        if settings["standby"]:
            code.preload(settings, control)
            control.go.wait()
            restart_clock()
        if settings.get("debugpy"):
            start_debugger(settings["debugpy"])
        control.report("emu-importing")
        return import_user_code(name, path)

    resolver.import_module = import_when_told


def restart_clock():
    """A standby's wait is not part of its cold start: measure from "go"."""
    vc_init = sys.modules.get("vercel_runtime.vc_init")
    if vc_init is None:
        return
    now = time.monotonic()
    if hasattr(vc_init, "_boot_start"):
        vc_init._boot_start = now
    marks = getattr(vc_init, "_phase_marks", None)
    if isinstance(marks, dict):
        marks["bootstrap"] = now


def main():
    settings = json.loads(os.environ.pop("__VC_EMU_BOOT"))
    # A crash in C, or the emulator's SIGABRT to an import that never ends, shows where it was.
    faulthandler.enable()
    control = Control(os.environ["VERCEL_IPC_PATH"])
    control.start()

    root = settings["root"]
    keep_bytecode_out_of(root, (os.path.join(os.path.realpath(sys.prefix), ""),))
    sys.argv[:] = [settings["entrypoint"]]
    sys.path.insert(0, root)
    if settings["import_root"] not in sys.path:
        sys.path.insert(0, settings["import_root"])
    sys.meta_path.insert(0, RuntimeFinder(settings["runtime_dir"]))

    code = load_sibling("modules")
    control.on_modules = lambda: code.preloadable(root)
    served_by_us = load_sibling("builtin_api").activate(os.path.join(GUEST_DIR, "functions_api"))
    control.report("emu-booted", builtin_api=served_by_us, pid=os.getpid())

    use_roomy_listen_queue()
    explain_breakpoint()
    pause_before_user_code(settings, control, code)
    if not settings["official_cache_client"]:
        load_sibling("cache_client").install_cache_client_seam()

    # Importing it is running it: it loads the person's app and serves until the process ends.
    importlib.import_module("vercel_runtime.vc_init")


if __name__ == "__main__":
    main()

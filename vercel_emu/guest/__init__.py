"""Files that run inside a function's process, under the app's own interpreter.

In come orders over a socket and the environment; out go reports in the same protocol as the
runtime's. They import the standard library, `vercel_runtime` and each other, nothing of
`vercel_emu`: the app's environment has none of it.

Start with `boot.py`, which hands over to `vercel_runtime.vc_init` and pauses it where it imports
user code. `control.py` is the line to the emulator and
`family.py` finds what outlives an instance; `preload.py`, `modules.py`, `own_code.py` and
`environ_changes.py` are the warm standby; `cache_client.py` and `purge_api.py` reach the
emulator's caches; `platform_edges.py`, `self_calls.py` and `surroundings.py` make the process like
a deployed one, and `file_system/` its files. `functions_api/` is the built-in `vercel.*`
(`builtin_api.py` puts it last on the path), `scripts/` is run on its own.
`analysis/` reads source files, here or there.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).resolve().parent

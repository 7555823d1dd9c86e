"""Gives any Python started with this folder on PYTHONPATH the built-in functions API.

PYTHONPATH comes before site-packages, where the API itself would beat the official package; so it
holds only this hook, which Python imports once site-packages is on the path. The hook appends the
API, leaves the path, and makes room for a `sitecustomize` that it has hidden.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from importlib.machinery import PathFinder

_HERE = os.path.dirname(os.path.abspath(__file__))
_GUEST = os.path.dirname(_HERE)


def _append_functions_api() -> None:
    place = os.path.join(_GUEST, "builtin_api.py")
    spec = importlib.util.spec_from_file_location("_vercel_emu_builtin_api", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.activate(os.path.join(_GUEST, "functions_api"))


def _make_room() -> None:
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != _HERE]
    spec = PathFinder.find_spec("sitecustomize", sys.path)
    if spec is None or spec.loader is None:
        return
    module = importlib.util.module_from_spec(spec)
    sys.modules["sitecustomize"] = module
    spec.loader.exec_module(module)


_append_functions_api()
_make_room()

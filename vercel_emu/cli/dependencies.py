"""The app's interpreter with its dependencies in place, asking and showing what `dev` needs to."""

from __future__ import annotations

import os
from pathlib import Path

from vercel_emu.options import Options
from vercel_emu.project.interpreter import Interpreter, find_interpreter


def ready_interpreter(root: Path, options: Options) -> Interpreter:
    """The interpreter to run the app with.

    Raises:
        EmuError: there is none that fits, or its dependencies are missing and not to be installed.
    """
    return find_interpreter(root, python=options.python, environ=os.environ)

"""Standard output and error that nothing which is printed can break."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from vercel_emu.console import REPLACE


@contextlib.contextmanager
def sturdy_streams() -> Iterator[None]:
    """Replace characters that they can't take; one that is closed, gone or full is no error."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            # Closed by whoever started us; else the next socket would become descriptor 1.
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=REPLACE)
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            _flush_for_good(stream)


def _flush_for_good(stream: TextIO) -> None:
    """What can't be written now must not be tried again when the interpreter ends."""
    try:
        stream.flush()
    except (OSError, ValueError):
        with contextlib.suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)

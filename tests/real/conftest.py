"""Fixtures that start real emulators and see to it that they are stopped."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.real.support import DevProcess, Emulation, Files, dev_process, emulation

type Emulate = Callable[..., Emulation]
type Dev = Callable[..., DevProcess]


@pytest.fixture
def emulate(tmp_path: Path) -> Iterator[Emulate]:
    """Start an emulator in this process: `emulate({"app.py": ...}, limits=False)`."""
    with contextlib.ExitStack() as stack:

        def start(files: Files | None = None, **given: Any) -> Emulation:
            return stack.enter_context(emulation(tmp_path / "project", files, **given))

        yield start


@pytest.fixture
def dev(tmp_path: Path) -> Iterator[Dev]:
    """Start `vercel-emu dev` as a process: `dev({"app.py": ...}, "--no-limits")`."""
    with contextlib.ExitStack() as stack:

        def start(files: Files | None = None, *arguments: str, **given: Any) -> DevProcess:
            return stack.enter_context(
                dev_process(tmp_path / "project", files, *arguments, **given)
            )

        yield start

"""Where a `cache` command does its work: in the running emulator, or on the store itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec import Struct

from vercel_emu.control.client import ControlClient
from vercel_emu.control.registry import RunningEmulator
from vercel_emu.emu_folder import CACHE_FILE, EMU_DIR
from vercel_emu.errors import EmuError
from vercel_emu.events import Event, Notice
from vercel_emu.runtime_cache.model import Scope
from vercel_emu.runtime_cache.open_store import open_store
from vercel_emu.runtime_cache.operations import OPERATIONS, CacheOperations, Request


class CacheAccess(Protocol):
    """Performs one of OPERATIONS."""

    def __call__[T: Struct](self, name: str, request: Request, answer: type[T]) -> T: ...


@contextmanager
def in_emulator(emulator: RunningEmulator) -> Iterator[CacheAccess]:
    """The operations in a running emulator, over its control listener."""
    with ControlClient(emulator) as client:

        def perform[T: Struct](name: str, request: Request, answer: type[T]) -> T:
            text = client.ask("POST", f"/cache/{name}", msgspec.json.encode(request))
            return msgspec.json.decode(text, type=answer)

        yield perform


@contextmanager
def on_store(
    spec: str, root: Path, scope: Scope, *, max_bytes: int, create: bool
) -> Iterator[CacheAccess]:
    """The operations on the store itself. `create` False: a file that is missing is an error."""
    path = root / EMU_DIR / CACHE_FILE
    if spec == "memory":
        raise EmuError(
            "NO_CACHE",
            "The runtime cache is `memory`, which ends with its emulator; none runs here.",
            "Start `vercel-emu dev`, or use `--cache file`.",
        )
    if spec == "file" and not create and not path.exists():
        raise EmuError(
            "NO_CACHE",
            f"There is no runtime cache yet: {path} does not exist, and no emulator runs here.",
            "Start `vercel-emu dev`, or write one with `vercel-emu cache set`.",
        )
    events: list[Event] = []
    with asyncio.Runner() as runner:
        store = open_store(spec, path=path, max_bytes=max_bytes, emit=events.append)
        operations = CacheOperations(store, scope)

        def perform[T: Struct](name: str, request: Request, answer: type[T]) -> T:
            operation = OPERATIONS[name][2]

            async def run() -> object:
                return await operation(operations, request)

            return msgspec.convert(runner.run(run()), answer, from_attributes=True)

        try:
            runner.run(store.check())
            _refuse_troubled(events)
            yield perform
        finally:
            runner.run(store.close())


def _refuse_troubled(events: list[Event]) -> None:
    """A store that could not be opened has said why: that is the command's error."""
    for event in events:
        if isinstance(event, Notice) and event.level == "warn":
            code = event.code or "CACHE_UNAVAILABLE"
            raise EmuError(code, event.message, event.hint, where=event.where)

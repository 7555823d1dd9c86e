"""Where a `cache` command does its work: in the running emulator, or on the store itself."""

from __future__ import annotations

import asyncio
import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from vercel_emu.control.registry import RunningEmulator
from vercel_emu.emu_folder import CACHE_FILE, EMU_DIR
from vercel_emu.errors import EmuError
from vercel_emu.events import Event, Notice
from vercel_emu.runtime_cache.model import Scope
from vercel_emu.runtime_cache.open_store import open_store
from vercel_emu.runtime_cache.operations import OPERATIONS, CacheOperations, Request

_TIMEOUT = 60.0


class CacheAccess(Protocol):
    """Performs one of OPERATIONS."""

    def __call__[T: Struct](self, name: str, request: Request, answer: type[T]) -> T: ...


@contextmanager
def in_emulator(emulator: RunningEmulator) -> Iterator[CacheAccess]:
    """The operations in a running emulator, over its control listener."""
    address = urlsplit(emulator.control_url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=_TIMEOUT)
    headers = {
        "authorization": f"Bearer {emulator.token}",
        "content-type": "application/json",
    }

    def perform[T: Struct](name: str, request: Request, answer: type[T]) -> T:
        try:
            body = msgspec.json.encode(request)
            connection.request("POST", f"/emu/v1/cache/{name}", body, headers)
            response = connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise EmuError(
                "EMULATOR_SILENT",
                f"The emulator of this project (process {emulator.pid}) does not answer: {error}.",
                "Is it stopped, or busy? End it to work on the cache directly.",
            ) from None
        if response.status != 200:
            raise _refused(response.status, text)
        return msgspec.json.decode(text, type=answer)

    try:
        yield perform
    finally:
        connection.close()


class _Problem(Struct):
    code: str
    message: str
    hint: str | None = None


class _Refusal(Struct):
    error: _Problem


def _refused(status: int, text: bytes) -> EmuError:
    try:
        told = msgspec.json.decode(text, type=_Refusal).error
    except msgspec.DecodeError:
        return EmuError("CACHE_REFUSED", f"The emulator answered {status}.")
    return EmuError(told.code, told.message, told.hint)


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
            _refuse_troubled(events)
            yield perform
        finally:
            runner.run(store.close())


def _refuse_troubled(events: list[Event]) -> None:
    """A store that could not be opened has said why: that is the command's error."""
    for event in events:
        if isinstance(event, Notice) and event.level == "warn":
            raise EmuError(event.code or "CACHE_UNAVAILABLE", event.message, event.hint)

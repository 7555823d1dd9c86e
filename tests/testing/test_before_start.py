"""The Python API before an emulator runs: what it says, and how it describes itself."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import vercel_emu
from vercel_emu import AsyncEmulator, EmuError, Emulator
from vercel_emu.testing.cache import AsyncCache, Cache
from vercel_emu.testing.invocation import Invocation

SYNC: dict[str, Callable[[Emulator], Any]] = {
    "get": lambda emu: emu.get("/"),
    "post": lambda emu: emu.post("/", json={}),
    "request": lambda emu: emu.request("PUT", "/", visitor="Tokyo"),
    "client": lambda emu: emu.client(),
    "cache": lambda emu: emu.cache,
    "url": lambda emu: emu.url,
    "root": lambda emu: emu.root,
    "env": lambda emu: emu.env,
    "invocations": lambda emu: emu.invocations,
    "visitor": lambda emu: emu.visitor,
    "set_visitor": lambda emu: emu.set_visitor("Tokyo"),
    "wait_for_log": lambda emu: emu.wait_for_log("x"),
    "reload": lambda emu: emu.reload(),
}
ASYNC: dict[str, Callable[[AsyncEmulator], Any]] = {
    "get": lambda emu: emu.get("/"),
    "post": lambda emu: emu.post("/", json={}),
    "reload": lambda emu: emu.reload(),
}


@pytest.mark.parametrize("name", SYNC)
def test_everything_that_needs_a_running_one_says_so(name: str) -> None:
    with pytest.raises(EmuError) as caught:
        SYNC[name](Emulator("."))
    assert caught.value.code == "NOT_RUNNING"
    assert "start()" in (caught.value.hint or "")


@pytest.mark.parametrize("name", ASYNC)
def test_and_with_coroutines(name: str) -> None:
    with pytest.raises(EmuError, match="does not run"):
        asyncio.run(ASYNC[name](AsyncEmulator(".")))
    with pytest.raises(EmuError, match="does not run"):
        _ = AsyncEmulator(".").cache


def test_what_needs_none_works() -> None:
    emu = Emulator(".")
    assert (emu.logs, emu.log_count, emu.logs_since(0)) == ([], 0, [])
    emu.stop()
    asyncio.run(AsyncEmulator(".").stop())


def test_reprs() -> None:
    assert repr(Emulator("a/b")) == "<Emulator 'a/b': not running>"
    assert repr(AsyncEmulator(Path("a"))) == "<AsyncEmulator 'a': not running>"


@pytest.mark.parametrize(
    "kind", [Emulator, AsyncEmulator, Cache, AsyncCache, Invocation], ids=lambda kind: kind.__name__
)
def test_everything_public_is_explained(kind: type) -> None:
    members = {name: one for name, one in inspect.getmembers(kind) if not name.startswith("_")}
    assert members
    assert inspect.getdoc(kind)
    assert [name for name, one in members.items() if not inspect.getdoc(one)] == []


def test_the_package_says_what_it_offers() -> None:
    assert set(vercel_emu.__all__) <= set(dir(vercel_emu))

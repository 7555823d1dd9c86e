"""`vercel_emu.functions` over a project's cache file, with no server."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import vercel_emu.functions as ours
from vercel_emu.guest.functions_api.vercel import functions as built_in


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name in ("RUNTIME_CACHE_ENDPOINT", "RUNTIME_CACHE_HEADERS"):
        monkeypatch.delenv(name, raising=False)
    ours.use_project(tmp_path)
    yield tmp_path
    ours._project_cache().close()
    ours._opened.cache_clear()
    ours.use_project(None)


def test_it_is_the_same_api() -> None:
    assert set(built_in.__all__) == set(ours.__all__) - {"use_project"}
    for name in built_in.__all__:
        theirs, mine = getattr(built_in, name), getattr(ours, name)
        if mine is not theirs:
            assert inspect.signature(mine) == inspect.signature(theirs)


def test_items_are_kept_in_the_project(project: Path) -> None:
    cache = ours.RuntimeCache(namespace="n", strict=True)
    cache.set("k", {"a": 1}, {"ttl": 60, "tags": ["t"]})
    assert cache["k"] == {"a": 1}
    assert (project / ".vercel" / "emu" / "cache.sqlite3").exists()

    script = (
        "from vercel_emu.functions import RuntimeCache, use_project;"
        f"use_project({str(project)!r});"
        "print(RuntimeCache(namespace='n').get('k'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("{'a': 1}\n", "")

    cache.expire_tag("t")
    assert cache.get("k") is None


def test_limits_are_the_platforms(project: Path) -> None:
    cache = ours.get_cache()
    cache.set("big", "x" * (2 * 1024 * 1024))
    cache.set("tags", 1, {"tags": ["t"] * 129})
    cache.set("negative", 1, {"ttl": -1})
    cache.set("tuple", (1, 2))
    assert [cache.get(key) for key in ("big", "negative", "tuple")] == [None, None, [1, 2]]


def test_threads_and_event_loops(project: Path) -> None:
    cache = ours.get_cache(sync=False, namespace="a")
    asyncio.run(cache.set("k", [1]))
    seen: list[object] = []
    thread = threading.Thread(
        target=lambda: seen.append(
            (ours.RuntimeCache(namespace="a").get("k"), asyncio.run(cache.contains("k")))
        )
    )
    thread.start()
    thread.join()
    assert seen == [([1], True)]
    asyncio.run(cache.delete("k"))
    assert asyncio.run(cache.get("k")) is None


def test_the_environment_and_a_request_come_first(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNTIME_CACHE_DISABLE_BUILD_CACHE", "true")
    ours.RuntimeCache().set("k", memory := object())
    assert ours.RuntimeCache().get("k") is memory
    monkeypatch.delenv("RUNTIME_CACHE_DISABLE_BUILD_CACHE")
    assert ours.RuntimeCache().get("k") is None

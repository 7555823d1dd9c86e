"""The runtime cache by numbers: `python benchmarks/cache.py`.

Scale (a get among a thousand and a million items, expiring a tag that 100,000 items carry) and
memory (a 500 MB cache), each against its limit. `measure_sdk` measures any endpoint of the
protocol through the official SDK, so that two caches can be compared in one run.
"""

from __future__ import annotations

import asyncio
import gc
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vercel_emu.runtime_cache import Scope, Store, open_store
from vercel_emu.runtime_cache.http_api import RuntimeCacheAPI

SCOPE = Scope("bench", "development", "iad1")
MB = 1024 * 1024
GETS = 20_000


@dataclass(frozen=True)
class Result:
    name: str
    value: float
    unit: str
    limit: float | None = None

    @property
    def ok(self) -> bool:
        return self.limit is None or self.value <= self.limit

    def __str__(self) -> str:
        verdict = (
            "" if self.limit is None else f"  limit {self.limit:g} {'ok' if self.ok else 'MISSED'}"
        )
        return f"{self.name:<52}{self.value:>10.2f} {self.unit}{verdict}"


def measure_scale(folder: Path, small: int = 1_000, large: int = 1_000_000) -> list[Result]:
    """Server-side gets (protocol and store, without a socket) in a small and a large cache."""
    times = {}
    for items in (small, large):
        path = folder / f"{items}.sqlite3"
        _fill(path, items)
        times[items] = asyncio.run(_time_gets(path, items))
    return [
        Result(f"get among {small:,} items (median)", times[small] * 1e6, "us"),
        Result(f"get among {large:,} items (median)", times[large] * 1e6, "us"),
        Result("  ratio", times[large] / times[small], "x", limit=2.0),
        *asyncio.run(_time_expiry(folder / f"{large}.sqlite3", large)),
    ]


async def _time_gets(path: Path, items: int) -> float:
    store = open_store(path=path, max_bytes=1 << 40)
    call = _asgi_get(store)
    rng = random.Random(1)
    keys = [f"key{rng.randrange(items):07d}" for _ in range(GETS)]
    for key in keys[:2000]:
        assert await call(key) == 200
    spent = []
    gc.disable()
    for key in keys:
        began = time.perf_counter()
        await call(key)
        spent.append(time.perf_counter() - began)
    gc.enable()
    await store.close()
    return statistics.median(spent)


async def _time_expiry(path: Path, items: int) -> list[Result]:
    """`hundredk` is on 100,000 items: expire it, and see that they are gone."""
    store = open_store(path=path, max_bytes=1 << 40)
    assert await store.get(SCOPE, "key0000000")
    began = time.perf_counter()
    await store.expire_tags(SCOPE, ["hundredk"])
    spent = time.perf_counter() - began
    assert await store.get(SCOPE, "key0000000") is None
    assert await store.get(SCOPE, f"key{items - 1:07d}")
    await store.close()
    return [Result("expiring a tag that 100,000 items carry", spent * 1e3, "ms", limit=5.0)]


def _asgi_get(store: Store) -> Callable[[str], Any]:
    api = RuntimeCacheAPI(store, SCOPE, "token", lambda event: None)
    api.port = 1
    headers = [(b"host", b"127.0.0.1:1"), (b"authorization", b"Bearer token")]

    async def call(key: str) -> int:
        status = 0

        async def send(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            status = message.get("status", status)

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request"}

        scope = {
            "type": "http",
            "method": "GET",
            "raw_path": f"/v1/suspense-cache/{key}".encode(),
            "query_string": b"",
            "headers": headers,
        }
        await api(scope, receive, send)
        return status

    return call


def _fill(path: Path, items: int) -> None:
    """Items of 200 bytes with two tags each; the first 100,000 have `hundredk`."""

    async def begin() -> None:
        store = open_store(path=path, max_bytes=1 << 40)
        await store.set(SCOPE, "seed", b"1")
        await store.close()

    asyncio.run(begin())
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
            " INSERT INTO items (scope, key, name, tags, size, weight, created, sequence, used)"
            " SELECT scope, printf('key%07d', i), '',"
            "  json_array(iif(i < 100000, 'hundredk', 'other'), printf('t%d', i % 1000)),"
            "  200, 500, created, 0, created + i FROM n, items WHERE key = 'seed'",
            (items - 1,),
        )
        connection.execute(
            "INSERT INTO bodies SELECT id, randomblob(200) FROM items WHERE key != 'seed'"
        )


def measure_memory(folder: Path, megabytes: int = 500) -> list[Result]:
    """Growth of the process while it fills a cache, reads all of it and evicts."""

    async def main() -> float:
        store = open_store(path=folder / "memory.sqlite3", max_bytes=megabytes * MB)
        await store.set(SCOPE, "first", b"1")
        before = _resident()
        body = random.Random(2).randbytes(100_000)
        count = megabytes * MB // 100_000 * 11 // 10
        for number in range(count):
            await store.set(SCOPE, f"k{number}", body, tags=("a", f"t{number % 50}"))
        for number in range(count):
            await store.get(SCOPE, f"k{number}")
        grown = _resident() - before
        await store.close()
        return grown / MB

    return [Result(f"memory for a {megabytes} MB cache", asyncio.run(main()), "MB", limit=50.0)]


def _resident() -> int:
    """Bytes of memory the process has now."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) * 1024
    import resource  # macOS: the peak, in bytes

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def measure_sdk(endpoint: str, headers: Mapping[str, str], turns: int = 200) -> dict[str, float]:
    """Median milliseconds of the official SDK's get and set, sync and async, at an endpoint."""
    from vercel.cache.cache_build import AsyncBuildCache, BuildCache

    sync = BuildCache(endpoint=endpoint, headers=headers, strict=True)
    sync.set("bench", {"value": "x" * 200})

    async def async_times() -> tuple[float, float]:
        cache = AsyncBuildCache(endpoint=endpoint, headers=headers)
        gets, sets = [], []
        for number in range(max(10, turns // 10)):
            began = time.perf_counter()
            await cache.set("bench-async", {"value": number})
            middle = time.perf_counter()
            assert await cache.get("bench-async") == {"value": number}
            gets.append(time.perf_counter() - middle)
            sets.append(middle - began)
        return statistics.median(gets) * 1e3, statistics.median(sets) * 1e3

    async_get, async_set = asyncio.run(async_times())
    return {
        "sync get": _median_ms(lambda: sync.get("bench"), turns),
        "sync set": _median_ms(lambda: sync.set("bench", {"value": "x" * 200}), turns),
        "async get": async_get,
        "async set": async_set,
    }


def _median_ms(call: Callable[[], object], turns: int) -> float:
    spent = []
    for _ in range(turns):
        began = time.perf_counter()
        call()
        spent.append(time.perf_counter() - began)
    return statistics.median(spent) * 1e3


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="vercel-emu-bench-") as name:
        results = [*measure_memory(Path(name)), *measure_scale(Path(name))]
    for result in results:
        print(result)
    return 0 if all(result.ok for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())

"""The runtime cache inside a request: the official clients, the seam's, and the built-in API's.

    python benchmarks/functions_api.py

Each variant is a process in which the real `vercel_runtime` serves an app and hands it the
cache, as the platform does; the cache is this project's own, over HTTP on loopback. Needs the
official `vercel` package for the first two variants.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from vercel_emu.runtime_cache import Scope
from vercel_emu.runtime_cache.http_api import RuntimeCacheAPI
from vercel_emu.runtime_cache.memory_store import MemoryStore

GUEST = Path(__file__).parents[1] / "vercel_emu" / "guest"
TOKEN = "benchmark"

# Runs in each process. `app` answers what it measured inside the request.
APP = """
import json, os, statistics, time
from vercel.functions import AsyncRuntimeCache, RuntimeCache

CALLS = int(os.environ["CALLS"])


def descriptors():
    return len(os.listdir("/proc/self/fd" if os.path.isdir("/proc/self/fd") else "/dev/fd"))


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    measured = {}
    if scope["path"] == "/measure":
        before = descriptors()
        sync, coroutine = RuntimeCache(), AsyncRuntimeCache()
        value = {"text": "x" * 200}
        measured["sync set"] = [timed(lambda: sync.set("k", value)) for _ in range(CALLS)]
        measured["sync get"] = [timed(lambda: sync.get("k")) for _ in range(CALLS)]
        for name, call in (
            ("async set", lambda: coroutine.set("k", value)),
            ("async get", lambda: coroutine.get("k")),
        ):
            measured[name] = []
            for _ in range(CALLS):
                started = time.perf_counter()
                await call()
                measured[name].append(time.perf_counter() - started)
        assert sync.get("k") == value
        measured = {name: statistics.median(took) for name, took in measured.items()}
        measured["descriptors"] = descriptors() - before
    body = json.dumps(measured).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


def timed(call):
    started = time.perf_counter()
    call()
    return time.perf_counter() - started
"""

CHILD = """
import base64, json, os, statistics, sys, time
guest = os.environ["GUEST"]
sys.path.append(guest)
if os.environ["VARIANT"] == "built-in":
    sys.path.insert(0, os.path.join(guest, "functions_api"))
if os.environ["VARIANT"] == "seam":
    import cache_client
    assert cache_client.install_cache_client_seam()
import vercel_runtime.vc_init as vc_init

headers = json.loads(os.environ["SC_HEADERS"])


def request(path):
    event = {"body": json.dumps({"method": "GET", "path": path, "headers": headers, "body": ""})}
    started = time.perf_counter()
    answer = vc_init.vc_handler(event, None)
    took, body = time.perf_counter() - started, answer["body"]
    return took, base64.b64decode(body) if answer.get("encoding") == "base64" else body


for _ in range(5):
    request("/")
took = [request("/")[0] for _ in range(30)]
measured = json.loads(request("/measure")[1])
measured["a request that uses no cache"] = statistics.median(took)
print("RESULT" + json.dumps(measured), file=sys.__stdout__)
"""


@contextmanager
def runtime_cache() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        api = RuntimeCacheAPI(MemoryStore(), Scope("benchmark"), TOKEN, lambda event: None)
        api.port = port
        server = uvicorn.Server(uvicorn.Config(api, lifespan="off", log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        yield port
        server.should_exit = True
        thread.join()


def measure(variant: str, port: int, calls: int, folder: Path) -> dict[str, float]:
    """Seconds, by name."""
    (folder / "app.py").write_text(APP)
    headers = {
        "x-vercel-sc-host": f"127.0.0.1:{port}",
        "x-vercel-sc-protocol": "http",
        "x-vercel-sc-headers": json.dumps({"authorization": f"Bearer {TOKEN}"}),
    }
    environment = {
        **os.environ,
        "VERCEL_TELEMETRY_DISABLED": "1",
        "__VC_HANDLER_MODULE_NAME": "app",
        "__VC_HANDLER_ENTRYPOINT": "app.py",
        "__VC_HANDLER_ENTRYPOINT_ABS": str(folder / "app.py"),
        "__VC_HANDLER_VARIABLE_NAME": "app",
        "GUEST": str(GUEST),
        "VARIANT": variant,
        "CALLS": str(calls),
        "SC_HEADERS": json.dumps(headers),
        "PYTHONPATH": str(folder),
    }
    environment.pop("VERCEL_IPC_PATH", None)
    done = subprocess.run(
        [sys.executable, "-c", CHILD], env=environment, capture_output=True, text=True, check=False
    )
    for line in done.stdout.splitlines():
        if line.startswith("RESULT"):
            measured: dict[str, float] = json.loads(line.removeprefix("RESULT"))
            return measured
    raise SystemExit(f"{variant} did not finish:\n{done.stdout}\n{done.stderr}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--calls", type=int, default=50, help="calls of each kind (50)")
    arguments = parser.parse_args()
    variants = ("official", "seam", "built-in")
    with runtime_cache() as port, tempfile.TemporaryDirectory() as folder:
        results = {name: measure(name, port, arguments.calls, Path(folder)) for name in variants}
    print(f"{'median, in milliseconds':32}" + "".join(f"{name:>10}" for name in variants))
    for row in results["official"]:
        scale = 1 if row == "descriptors" else 1000
        label = "descriptors left open" if row == "descriptors" else row
        shown = (f"{results[name][row] * scale:10.{0 if scale == 1 else 3}f}" for name in variants)
        print(f"{label:32}" + "".join(shown))
    if not _fast_enough(results):
        raise SystemExit("Too slow: async must be 10 times faster than officially, sync as fast.")


def _fast_enough(results: dict[str, dict[str, float]]) -> bool:
    official = results["official"]
    return all(
        results[ours][f"async {operation}"] * 10 <= official[f"async {operation}"]
        and results[ours][f"sync {operation}"] <= official[f"sync {operation}"]
        for ours in ("seam", "built-in")
        for operation in ("get", "set")
    )


if __name__ == "__main__":
    main()

"""The official SDK's runtime cache inside a request: here, and under the official CLI.

    python benchmarks/cache_in_requests.py [--vercel PATH/TO/node_modules/.bin/vercel]

One FastAPI app measures its own cache calls and answers with the medians. It runs under
`vercel-emu dev` and, where the CLI is given (`npm install vercel --ignore-scripts`), under
`vercel dev`; both on this machine, one after the other.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

APP = """
import statistics, time
from fastapi import FastAPI
from vercel.functions import AsyncRuntimeCache, RuntimeCache

app = FastAPI()
VALUE = {"value": "x" * 200}


def median_ms(seconds):
    return round(statistics.median(seconds) * 1000, 3)


@app.get("/ready")
async def ready():
    return {}


@app.get("/sync")
def sync(turns: int):
    cache, gets, sets = RuntimeCache(), [], []
    for number in range(turns):
        began = time.perf_counter()
        cache.set("bench", {**VALUE, "number": number}, {"ttl": 600})
        middle = time.perf_counter()
        assert cache.get("bench")["number"] == number
        gets.append(time.perf_counter() - middle)
        sets.append(middle - began)
    return {"sync get": median_ms(gets), "sync set": median_ms(sets)}


@app.get("/async")
async def asynchronous(turns: int):
    cache, gets, sets = AsyncRuntimeCache(), [], []
    for number in range(turns):
        began = time.perf_counter()
        await cache.set("bench", {**VALUE, "number": number}, {"ttl": 600})
        middle = time.perf_counter()
        assert (await cache.get("bench"))["number"] == number
        gets.append(time.perf_counter() - middle)
        sets.append(middle - began)
    return {"async get": median_ms(gets), "async set": median_ms(sets)}
"""


def measure(url: str) -> dict[str, float]:
    """Medians in milliseconds, after a first round that nobody counts."""
    for path in ("/sync?turns=5", "/async?turns=5"):
        _get(url + path)
    return {**_get(f"{url}/sync?turns=200"), **_get(f"{url}/async?turns=60")}


@contextlib.contextmanager
def serving(command: Sequence[str], folder: Path, port: int) -> Iterator[str]:
    """Run `command` until the app answers; everything it started ends with the block."""
    environment = {**os.environ, "VIRTUAL_ENV": sys.prefix, "VERCEL_TELEMETRY_DISABLED": "1"}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 90
        while True:
            with contextlib.suppress(OSError, ValueError):
                _get(f"{url}/ready")
                break
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{command[0]} did not start:\n{_tail(folder)}")
            time.sleep(0.1)
        yield url
    finally:
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vercel", help="the official CLI to compare with")
    arguments = parser.parse_args()
    results: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="vercel-emu-bench-") as name:
        folder = Path(name)
        (folder / "app.py").write_text(APP)
        (folder / "requirements.txt").write_text("fastapi\nvercel\n")
        emulator = str(Path(sys.executable).parent / "vercel-emu")
        port = _free_port()
        command = [emulator, "dev", "--listen", str(port), "--quiet", "--python", sys.executable]
        with serving(command, folder, port) as url:
            results["vercel-emu dev"] = measure(url)
        if arguments.vercel:
            port = _free_port()
            command = [arguments.vercel, "dev", "-L", "--yes", "--listen", f"127.0.0.1:{port}"]
            with serving(command, folder, port) as url:
                results["vercel dev"] = measure(url)
    columns = list(results["vercel-emu dev"])
    print("| in a request, ms |", " | ".join(columns), "|")
    print("| --- |", " | ".join("---:" for _ in columns), "|")
    for who, row in results.items():
        print(f"| {who} |", " | ".join(f"{row[column]:.2f}" for column in columns), "|")
    return 0


def _get(url: str) -> dict[str, float]:
    with urllib.request.urlopen(url, timeout=60) as response:
        found: dict[str, float] = json.load(response)
        return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _tail(folder: Path) -> str:
    return "\n".join((folder / "server.log").read_text(errors="replace").splitlines()[-20:])


if __name__ == "__main__":
    sys.exit(main())

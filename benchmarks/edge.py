"""The same app under `uvicorn app:app`, under `vercel-emu dev`, and under what else you name.

    python benchmarks/edge.py
    python benchmarks/edge.py --also "vercel dev=vercel dev --listen {port} --yes"

Each contender is started anew in every round, the rounds are interleaved, and the median of the
rounds counts, so that a busy machine is busy for all of them. Prints a Markdown table. Load comes
from `wrk` where it is installed, else from this script itself, in a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

APP = """
from fastapi import FastAPI

app = FastAPI()


@app.get("/api/hello")
async def hello():
    return {"hello": "world"}
"""
PATH = "/api/hello"
CONNECTIONS = 32


@dataclass
class Contender:
    """A command that serves the app on `{port}`, and what was measured, one value a round."""

    name: str
    command: str
    start: list[float] = field(default_factory=list)
    latency: list[float] = field(default_factory=list)
    throughput: list[float] = field(default_factory=list)
    errors: int = 0


@dataclass(frozen=True)
class Load:
    """One run of the load generator: median latency in seconds, requests a second, errors."""

    latency: float
    throughput: float
    errors: int


def main() -> None:
    options = read_arguments()
    python = shlex.quote(sys.executable)
    contenders = [
        Contender("`uvicorn app:app`", f"{python} -m uvicorn app:app --port {{port}}"),
        Contender(
            "`vercel-emu dev`",
            f"{python} -m vercel_emu dev --listen {{port}} --env development --python {python}",
        ),
    ]
    for text in options.also:
        name, _, command = text.partition("=")
        contenders.append(Contender(f"`{name}`", command))
    generate = own_load if options.no_wrk or not shutil.which("wrk") else wrk_load
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "app.py").write_text(APP)
        Path(folder, "requirements.txt").write_text("fastapi\n")
        for number in range(options.rounds):
            for contender in contenders:
                print(f"round {number + 1}: {contender.name}", file=sys.stderr)
                measure(contender, Path(folder), generate, options.seconds)
    print(table(contenders))


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0, help="length of each load")
    parser.add_argument("--also", action="append", default=[], metavar="NAME=COMMAND {port}")
    parser.add_argument("--no-wrk", action="store_true", help="use the built-in load generator")
    return parser.parse_args()


def measure(
    contender: Contender, folder: Path, generate: Callable[[int, int, float], Load], seconds: float
) -> None:
    """One round of one contender."""
    port = free_port()
    began = time.perf_counter()
    with serving(contender.command.format(port=port), folder):
        wait_for_200(port)
        contender.start.append(time.perf_counter() - began)
        generate(port, 1, 1.0)  # warm up
        single = generate(port, 1, seconds)
        many = generate(port, CONNECTIONS, seconds)
    contender.latency.append(single.latency)
    contender.throughput.append(many.throughput)
    contender.errors += single.errors + many.errors


@contextlib.contextmanager
def serving(command: str, folder: Path) -> Iterator[None]:
    """The server as a process, its output in a file as a terminal would take it."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            shlex.split(command), cwd=folder, stdout=output, stderr=output, stdin=subprocess.DEVNULL
        )
        try:
            yield
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def request_bytes(port: int, connection: str) -> bytes:
    head = f"GET {PATH} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: {connection}\r\n\r\n"
    return head.encode()


def wait_for_200(port: int) -> None:
    """Return once the app has answered with 200; asks again and again, every two milliseconds."""
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", port), 30) as connection,
        ):
            connection.sendall(request_bytes(port, "close"))
            if connection.recv(12) == b"HTTP/1.1 200":
                return
        time.sleep(0.002)
    raise SystemExit("no 200 within a minute")


# Load -----------------------------------------------------------------------------------------


def wrk_load(port: int, connections: int, seconds: float) -> Load:
    """Load from `wrk`, which takes the least CPU from the servers."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--latency"]
    command.append(f"http://127.0.0.1:{port}{PATH}")
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    number, unit = re.search(r"50%\s+([\d.]+)(us|ms|s)", text).groups()  # type: ignore[union-attr]
    errors = sum(int(found) for found in re.findall(r"Non-2xx or 3xx responses: (\d+)", text))
    if broken := re.search(r"Socket errors: (.*)", text):
        errors += sum(map(int, re.findall(r"\d+", broken[1])))
    return Load(
        latency=float(number) * {"us": 1e-6, "ms": 1e-3, "s": 1}[unit],
        throughput=float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]),  # type: ignore[index]
        errors=errors,
    )


def own_load(port: int, connections: int, seconds: float) -> Load:
    """Load from this script, run once more as a process of its own."""
    command = [sys.executable, __file__, "--load", str(port), str(connections), str(seconds)]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return Load(**json.loads(output))


class Client(asyncio.Protocol):
    """One keep-alive connection that asks again as soon as it is answered."""

    def __init__(self, request: bytes, times: list[float], ends: float) -> None:
        self.request, self.times, self.ends = request, times, ends
        self.done = asyncio.get_running_loop().create_future()
        self.errors = 0
        self.data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        self.began = time.perf_counter()
        self.transport.write(self.request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.data += data
        head, end, body = self.data.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
        if not end or length is None or len(body) < int(length[1]):
            return
        now = time.perf_counter()
        self.times.append(now - self.began)
        self.errors += not head.startswith(b"HTTP/1.1 200")
        self.data = b""
        if now < self.ends:
            self.ask()
        else:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.errors += time.perf_counter() < self.ends
        self.done.set_result(self.errors)


async def generate_load(port: int, connections: int, seconds: float) -> Load:
    """Ask over `connections` connections for `seconds`."""
    times: list[float] = []
    loop, began = asyncio.get_running_loop(), time.perf_counter()
    request = request_bytes(port, "keep-alive")
    clients = [
        (
            await loop.create_connection(
                lambda: Client(request, times, began + seconds), "127.0.0.1", port
            )
        )[1]
        for _ in range(connections)
    ]
    errors = sum(await asyncio.gather(*(client.done for client in clients)))
    took = time.perf_counter() - began
    return Load(latency=median(times), throughput=len(times) / took, errors=errors)


# The table ------------------------------------------------------------------------------------


def table(contenders: list[Contender]) -> str:
    """All contenders as a Markdown table; the factors are against the first one."""
    first = contenders[0]
    lines = [
        f"| | one connection, median | {CONNECTIONS} connections | not 200 | start to first 200 |",
        "|---|---|---|---|---|",
    ]
    for one in contenders:
        latency, rate, start = median(one.latency), median(one.throughput), median(one.start)
        cells = [f"{latency * 1e3:.2f} ms", f"{rate:,.0f} req/s", f"{start:.2f} s"]
        if one is not first:
            cells[0] += f" ({latency / median(first.latency):.1f}×)"
            cells[1] += f" ({rate / median(first.throughput):.2f}×)"
            cells[2] += f" ({start / median(first.start):.1f}×)"
        lines.append(f"| {one.name} | {cells[0]} | {cells[1]} | {one.errors} | {cells[2]} |")
    return "\n".join(lines)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--load"]:
        load = asyncio.run(generate_load(int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
        print(json.dumps(load.__dict__))
    else:
        main()

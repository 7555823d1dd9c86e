"""An ASGI app to strike at: its requests say when they are under way, and wait to be let go."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import resource
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

VERSION = 0
MARKS = Path("..").resolve()
"""Beside the project, where no file is watched."""

if (MARKS / "hold-start").exists():
    (MARKS / "starting").write_text(str(os.getpid()))
    while (MARKS / "hold-start").exists():
        time.sleep(0.01)
if (MARKS / "no-memory").exists():
    bytearray(1 << 60)

type Query = dict[str, str]
type Answer = Callable[[Query, bytes, Send], Awaitable[None]]


async def start(send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})


async def write(send: Send, text: str, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": more})


async def whole(send: Send, text: object) -> None:
    await start(send)
    await write(send, str(text), more=False)


async def let_go(name: str) -> None:
    (MARKS / f"{name}.begun").touch()
    while not (MARKS / f"{name}.go-on").exists():
        await asyncio.sleep(0.01)


async def version(query: Query, body: bytes, send: Send) -> None:
    await whole(send, VERSION)


async def pid(query: Query, body: bytes, send: Send) -> None:
    await whole(send, os.getpid())


async def held(query: Query, body: bytes, send: Send) -> None:
    await let_go(query["name"])
    await whole(send, VERSION)


async def stream(query: Query, body: bytes, send: Send) -> None:
    await start(send)
    await write(send, "first")
    await let_go(query["name"])
    await write(send, "last", more=False)


async def stuck(query: Query, body: bytes, send: Send) -> None:
    """Holds the whole process up, event loop included."""
    (MARKS / "stuck.begun").touch()
    signal.pause()


# What a client checks byte for byte -----------------------------------------------------------


async def token(query: Query, body: bytes, send: Send) -> None:
    await asyncio.sleep(float(query.get("wait", "0")))
    await whole(send, query["token"])


async def pieces(query: Query, body: bytes, send: Send) -> None:
    await start(send)
    for _ in range(10):
        await write(send, query["token"] + "\n")
        await asyncio.sleep(0.002)
    await write(send, "end", more=False)


async def digest(query: Query, body: bytes, send: Send) -> None:
    await whole(send, f"{query['token']} {hashlib.sha256(body).hexdigest()}")


# The runtime cache ----------------------------------------------------------------------------


async def put(query: Query, body: bytes, send: Send) -> None:
    from vercel.cache import AsyncRuntimeCache

    options = {"ttl": int(query["ttl"])} if "ttl" in query else {}
    await AsyncRuntimeCache().set(query["key"], query["value"] or body.decode(), options)
    await whole(send, f"{query['key']}={query['value']}")


async def take(query: Query, body: bytes, send: Send) -> None:
    from vercel.cache import AsyncRuntimeCache

    await whole(send, json.dumps(await AsyncRuntimeCache().get(query["key"])))


async def fill(query: Query, body: bytes, send: Send) -> None:
    """Writes item after item, and tells of each that is written."""
    from vercel.cache import AsyncRuntimeCache

    await start(send)
    number = 0
    while True:
        await AsyncRuntimeCache().set(f"k{number}", str(number))
        await write(send, f"{number}\n")
        number += 1


# What runs out --------------------------------------------------------------------------------


async def memory(query: Query, body: bytes, send: Send) -> None:
    """Takes memory until there is no more: a limit stands in for a machine that has none left."""
    resource.setrlimit(resource.RLIMIT_AS, (used_bytes() + (64 << 20), resource.RLIM_INFINITY))
    taken: list[bytearray] = []
    try:
        if query.get("how") == "stream":
            await start(send)
            await write(send, "first")
        while True:
            taken.append(bytearray(1 << 20))
    finally:
        taken.clear()
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def used_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


async def killed(query: Query, body: bytes, send: Send) -> None:
    """What the kernel does where memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)


async def descriptors(query: Query, body: bytes, send: Send) -> None:
    """Opens files until no more can be opened."""
    opened = []
    try:
        while True:
            opened.append(os.open(os.devnull, os.O_RDONLY))
    finally:
        for one in opened:
            os.close(one)


ANSWERS: dict[str, Answer] = {
    f"/{one.__name__}": one
    for one in (
        *(pid, held, stream, stuck, token, pieces, digest),
        *(put, take, fill, memory, killed, descriptors),
    )
}


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != "http":
        return
    body = b""
    while (message := await receive())["type"] == "http.request":
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    query = dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True))
    await ANSWERS.get(scope["path"], version)(query, body, send)

"""An ASGI app, without any framework, that does everything a function may do to its platform."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from vercel.functions import get_deadline, wait_until

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

PID = os.getpid()
GATES: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
"""What is held back until a request to `/open?gate=NAME`."""
SENT: Counter[str] = Counter()
"""How many bytes each endless stream has been able to send so far."""


class Request:
    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope, self._receive, self._send = scope, receive, send
        query = parse_qs(scope["query_string"].decode("latin-1"))
        self.query = {name: values[-1] for name, values in query.items()}

    async def chunks(self) -> AsyncIterator[bytes]:
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ConnectionResetError
            yield message.get("body", b"")
            if not message.get("more_body"):
                return

    async def left(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def start(self, status: int = 200, headers: Iterable[tuple[str, str]] = ()) -> None:
        pairs = [(name.encode(), value.encode("latin-1")) for name, value in headers]
        await self._send({"type": "http.response.start", "status": status, "headers": pairs})

    async def write(self, data: bytes, more: bool = True) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": more})

    async def answer(
        self, data: bytes = b"", status: int = 200, headers: Iterable[tuple[str, str]] = ()
    ) -> None:
        await self.start(status, [*headers, ("content-length", str(len(data)))])
        await self.write(data, more=False)

    async def json(self, value: object) -> None:
        await self.answer(
            json.dumps(value).encode(), headers=[("content-type", "application/json")]
        )


async def echo(request: Request) -> None:
    body = b"".join([chunk async for chunk in request.chunks()])
    scope = request.scope
    await request.json(
        {
            "method": scope["method"],
            "path": scope["path"],
            "raw_path": scope["raw_path"].decode("latin-1"),
            "query": scope["query_string"].decode("latin-1"),
            "scheme": scope["scheme"],
            "client": scope["client"][0] if scope["client"] else None,
            "headers": [[n.decode(), v.decode("latin-1")] for n, v in scope["headers"]],
            "body": body.decode("latin-1"),
            "pid": PID,
        }
    )


async def count(request: Request) -> None:
    size, digest, pieces = 0, hashlib.sha256(), 0
    async for chunk in request.chunks():
        size, pieces = size + len(chunk), pieces + 1
        digest.update(chunk)
    await request.json({"size": size, "sha256": digest.hexdigest(), "pieces": pieces})


async def early(request: Request) -> None:
    """Answers before it has read the body."""
    await request.answer(b"early", status=403)


async def duplex(request: Request) -> None:
    """Sends back each piece of the body as it comes."""
    await request.start()
    async for chunk in request.chunks():
        await request.write(chunk)
    await request.write(b"", more=False)


async def ticks(request: Request) -> None:
    """Numbered chunks with time between them."""
    gap = float(request.query.get("gap", "0.1"))
    await request.start(headers=[("content-type", request.query.get("type", "text/plain"))])
    for number in range(int(request.query.get("n", "10"))):
        await request.write(f"tick {number}\n".encode())
        await asyncio.sleep(gap)
    await request.write(b"", more=False)


async def stepwise(request: Request) -> None:
    """Numbered chunks; each but the first waits for its gate, `NUMBER` behind the given name."""
    await request.start(headers=[("content-type", request.query["type"])])
    for number in range(int(request.query["n"])):
        if number:
            await GATES[f"{request.query['gate']}{number}"].wait()
        await request.write(f"tick {number}\n".encode())
    await request.write(b"", more=False)
    print("told all")


async def open_gate(request: Request) -> None:
    GATES[request.query["gate"]].set()
    await request.answer(b"open")


async def fixed(request: Request) -> None:
    size = int(request.query["n"])
    await request.start(headers=[("content-length", str(size))])
    if request.scope["method"] == "HEAD":
        await request.write(b"", more=False)
        return
    while size:
        block = b"x" * min(size, 65536)
        size -= len(block)
        await request.write(block, more=size > 0)


async def whole(request: Request) -> None:
    """A fixed-length answer in one piece."""
    await request.answer(b"x" * int(request.query["n"]))


async def endless(request: Request) -> None:
    """A stream that ends with its gate, or where the client can leave; `/sent` tells how far."""
    await request.start()
    left = asyncio.create_task(request.left())
    enough = GATES[request.query.get("until", "never")]
    while not (left.done() or enough.is_set()):
        await request.write(b"x" * 65536)
        SENT[request.query.get("name", "")] += 65536
        await asyncio.sleep(0)


async def sent(request: Request) -> None:
    await request.json(SENT[request.query["name"]])


async def status(request: Request) -> None:
    code = int(request.query["code"])
    if code in (204, 304):
        await request.start(code, [("etag", '"one"')])
        await request.write(b"", more=False)
    else:
        await request.answer(b"body", status=code)


async def headers(request: Request) -> None:
    """Sends the headers given as `h=name:value`, in order."""
    pairs = parse_qs(request.scope["query_string"].decode(), keep_blank_values=True).get("h", [])
    await request.answer(
        b"ok", headers=[(name, value) for name, _, value in (pair.partition(":") for pair in pairs)]
    )


async def hang(request: Request) -> None:
    """Waits until the client leaves."""
    print("waiting")
    await request.left()
    print(f"left {request.query.get('who', '')}")


async def hold(request: Request) -> None:
    """Answers when its gate is open."""
    await GATES[request.query["gate"]].wait()
    await request.answer(b"held")
    print("told all")


async def sleep(request: Request) -> None:
    await asyncio.sleep(float(request.query["s"]))
    await request.answer(b"awake")


async def deadline(request: Request) -> None:
    ends = get_deadline()
    assert ends is not None
    await request.json(ends.timestamp())


async def background(request: Request) -> None:
    async def work() -> None:
        if gate := request.query.get("gate"):
            await GATES[gate].wait()
        print("background work is done")
        if request.query.get("fail"):
            raise ValueError("background trouble")

    wait_until(work())
    print("answering")
    await request.answer(b"ok")


async def crash(request: Request) -> None:
    """Ends the process in one of several ways, before, or in the middle of an answer."""
    print("about to end")
    if request.query.get("after"):
        length = [("content-length", "1000")] if request.query["after"] == "fixed" else []
        await request.start(headers=length)
        await request.write(b"half")
        await asyncio.sleep(0.05)
    end(request.query["how"])


def end(how: str) -> None:
    if how == "exit":
        os._exit(3)
    if how == "sys.exit":
        sys.exit(4)
    os.kill(os.getpid(), getattr(signal, how))


async def loop(request: Request) -> None:
    """Blocks the whole process, event loop included."""
    while True:
        pass


async def fail(request: Request) -> None:
    raise ValueError("the person's own mistake")


async def spawn(request: Request) -> None:
    """Starts a process that outlives requests, and ignores being asked to stop."""
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    child = subprocess.Popen([sys.executable, "-c", code])
    await request.json({"pid": child.pid, "own": PID})


async def stubborn(request: Request) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    await request.json({"own": PID})


ROUTES = {
    f"/{one.__name__}": one
    for one in (
        count, early, duplex, ticks, stepwise, fixed, whole, endless, sent, status, headers, hang,
        hold, sleep, deadline, background, crash, loop, fail, spawn, stubborn,
    )
} | {"/open": open_gate}  # fmt: skip


async def sockets(scope: Scope, receive: Receive, send: Send) -> None:
    """`/ws/echo`, `/ws/reject`, `/ws/close?code=`, `/ws/die`, `/ws/protocols`."""
    await receive()
    kind = scope["path"].removeprefix("/ws/")
    if kind == "reject":
        await send({"type": "websocket.close", "code": 4001})
        return
    if kind == "deny":
        await send(
            {"type": "websocket.http.response.start", "status": 401, "headers": [(b"x-why", b"no")]}
        )
        await send({"type": "websocket.http.response.body", "body": b"not you"})
        return
    if kind == "die":
        os._exit(3)
    offered = scope["subprotocols"]
    names = [[n.decode(), v.decode("latin-1")] for n, v in scope["headers"]]
    await send({"type": "websocket.accept", "subprotocol": offered[-1] if offered else None})
    if kind == "close":
        await send({"type": "websocket.close", "code": 4321, "reason": "enough"})
        return
    if kind == "headers":
        await send({"type": "websocket.send", "text": json.dumps(names)})
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            print(f"socket left with {message.get('code')}")
            return
        if message.get("text") == "die":
            os._exit(3)
        if message.get("bytes") is not None:
            await send({"type": "websocket.send", "bytes": message["bytes"]})
        else:
            await send({"type": "websocket.send", "text": message["text"]})


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await sockets(scope, receive, send)
    elif scope["type"] == "http":
        await ROUTES.get(scope["path"], echo)(Request(scope, receive, send))

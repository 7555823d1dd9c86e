"""Clients that do nothing wrong, beside those that do: each answer must be exactly theirs."""

from __future__ import annotations

import asyncio
import itertools
import json
from typing import Any

import h11

PATIENCE = 20.0
PAUSE = 0.002
"""Between two requests: canaries shall be there all the time, not take all of it."""


class Foreign(Exception):
    """An answer that is not the canary's own, or none at all."""


class Canary:
    """One keep-alive client; `faults` are what went wrong, the newest last."""

    def __init__(self, port: int, name: str) -> None:
        self._port = port
        self._name = name
        self._numbers = itertools.count(1)
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter | None = None
        self._parser = h11.Connection(h11.CLIENT)
        self.faults: list[str] = []
        self.asked = 0
        self._asked_once_more = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Ask until told to stop."""
        while not stop.is_set():
            await self.ask_once()
            self._asked_once_more.set()
            await asyncio.sleep(PAUSE)

    async def settle(self) -> None:
        """Return once a request that begins after this call has its answer."""
        for _ in range(2):
            self._asked_once_more.clear()
            await self._asked_once_more.wait()

    async def ask_once(self) -> None:
        number = next(self._numbers)
        token = f"{self._name}-{number}"
        body = b"GET /canary/in-a-body HTTP/1.1\r\n\r\n" if number % 2 else b""
        self.asked += 1
        try:
            answer = await self._ask("POST" if body else "GET", f"/canary/{token}", token, body)
        except (Foreign, OSError, TimeoutError, h11.RemoteProtocolError) as fault:
            self._note(f"{type(fault).__name__}: {fault}")
        else:
            if answer != f"canary {token} {len(body)}".encode():
                self._note(f"asked for {token} and got {answer[:300]!r}")

    async def seen(self) -> list[dict[str, Any]]:
        """The request heads that the app has seen since the last time."""
        found: list[dict[str, Any]] = []
        while True:
            piece = json.loads(await self._ask("GET", "/_seen", f"{self._name}-seen", b""))
            found += piece
            # Asking is seen too.
            if all("/_seen " in head["line"] for head in piece):
                return found

    def _note(self, fault: str) -> None:
        self.faults.append(f"{self._name}: {fault}")
        self.close()

    def close(self) -> None:
        if self._writer is not None:
            self._writer.transport.abort()
            self._writer = None

    async def _ask(self, method: str, target: str, token: str, body: bytes) -> bytes:
        async with asyncio.timeout(PATIENCE):
            if self._writer is None:
                self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
                self._parser = h11.Connection(h11.CLIENT)
            headers = [("host", "localhost"), ("x-fuzz", token), ("user-agent", "canary")]
            if body:
                headers.append(("content-length", str(len(body))))
            request = h11.Request(method=method, target=target, headers=headers)
            parts = [request, h11.Data(data=body), h11.EndOfMessage()]
            self._writer.write(b"".join(self._parser.send(part) or b"" for part in parts))
            answer = await self._answer()
            if self._parser.our_state is h11.MUST_CLOSE or self._parser.trailing_data[0]:
                raise Foreign(f"its connection is not reusable: {self._parser.trailing_data[0]!r}")
            self._parser.start_next_cycle()
            return answer

    async def _answer(self) -> bytes:
        parts, status = [], 0
        while True:
            event = self._parser.next_event()
            if event is h11.NEED_DATA:
                self._parser.receive_data(await self._reader.read(65536))
            elif isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.Data):
                parts.append(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                break
            else:
                raise Foreign(f"unexpected {event!r}")
        body = b"".join(parts)
        if status != 200:
            raise Foreign(f"status {status}: {body[:300]!r}")
        return body

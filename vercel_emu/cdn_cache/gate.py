"""Stands before the functions: answers from the cache, or lets a request through and copies.

A miss streams through as it comes; the copy is kept aside up to the platform's 10 MB. A stale
response is served at once and made anew in the background, once at a time for each.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from starlette.types import Message, Send

from vercel_emu import tasks
from vercel_emu.cdn_cache import policy
from vercel_emu.cdn_cache.store import Entry, Key, ResponseStore
from vercel_emu.events import Emit, Event, Notice, Reloading
from vercel_emu.platform.limits import CDN_RESPONSE_BYTES
from vercel_emu.transport.headers import HeaderPairs

type OnHead = Callable[[int, HeaderPairs], None]
type Clock = Callable[[], float]

# Made anew for each answer.
_NOT_KEPT = frozenset({b"x-vercel-cache", b"x-vercel-id", b"server", b"date", b"age"})
_NOT_IN_304 = frozenset({b"content-length", b"content-type", b"content-encoding"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CdnRequest:
    """A request as the cache sees it. `headers` are what the function would get.

    `own_headers` go out with every answer from here: `server` and this answer's `x-vercel-id`.
    """

    method: str
    host: str
    target: bytes
    headers: HeaderPairs
    own_headers: tuple[tuple[bytes, bytes], ...] = ()

    @property
    def key(self) -> Key:
        return Key(self.host, self.target)


class Origin(Protocol):
    """Invokes the function.

    It tells `on_head` the status and the function's own headers (with those of vercel.json that
    it lacks) before it sends anything. With `background` there is no client: no body is read, and
    the invocation has an id of its own.
    """

    def __call__(self, send: Send, on_head: OnHead, *, background: bool) -> Awaitable[None]: ...


class CdnGate:
    """The cache of one deployment."""

    def __init__(
        self, emit: Emit, store: ResponseStore | None = None, clock: Clock = time.monotonic
    ) -> None:
        self.store = store or ResponseStore()
        self.clock = clock
        self.deployment = 0
        self._emit = emit
        self._renewing: dict[tuple[Key, tuple[bytes, ...]], asyncio.Task[None]] = {}

    async def serve(self, asked: CdnRequest, send: Send, origin: Origin) -> None:
        """Answer `asked` through `send`, by `origin` where the cache can't."""
        verdict = policy.asks_cache(asked.method, asked.headers, asked.target.partition(b"?")[2])
        if verdict == "use":
            found = self.store.find(asked.key, asked.headers, self.clock())
            if found is not None:
                entry, state = found
                if state == "STALE":
                    self._renew(asked, entry, origin)
                await _send_entry(asked, entry, state, self.clock(), send)
                return
        shown = b"BYPASS" if verdict == "bypass" else b"MISS"
        copy = _Copy(asked, self, send, shown, keep=verdict == "use")
        await origin(copy.send, copy.on_head, background=False)

    def on_event(self, event: Event) -> None:
        """A subscriber: new code is a new deployment, and each has a cache of its own."""
        if type(event) is Reloading:
            self.deployment += 1
            self.store.clear()

    async def close(self) -> None:
        """Give up what is being renewed."""
        tasks = list(self._renewing.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _renew(self, asked: CdnRequest, entry: Entry, origin: Origin) -> None:
        mark = (entry.key, entry.values)
        if mark in self._renewing:
            return
        task = tasks.start(self._fetch_again(asked, entry, origin), "renewal of a response")
        self._renewing[mark] = task
        task.add_done_callback(lambda _: self._renewing.pop(mark, None))

    async def _fetch_again(self, asked: CdnRequest, entry: Entry, origin: Origin) -> None:
        get = CdnRequest(method="GET", host=asked.host, target=asked.target, headers=asked.headers)
        copy = _Copy(get, self, _nowhere, b"MISS", keep=True)
        try:
            await origin(copy.send, copy.on_head, background=True)
        except Exception as error:
            copy.status = 500
            path = asked.target.decode("latin-1")
            text = f"{path} could not be renewed in the CDN cache: {type(error).__name__}"
            self._emit(Notice(level="warn", message=text, code="CDN_REVALIDATION_FAILED"))
        if copy.rules is None and copy.status < 500:
            # It says now that it is not to be cached; an error keeps what there was.
            self.store.forget(entry)


class _Copy:
    """Passes an answer on, and keeps it if it may be kept."""

    def __init__(
        self, asked: CdnRequest, gate: CdnGate, send: Send, state: bytes, *, keep: bool
    ) -> None:
        self._asked = asked
        self._gate = gate
        self._send = send
        self._state = state
        self._keep = keep
        self._deployment = gate.deployment
        self.rules: policy.Storable | None = None
        self.status = 0
        self._headers: list[tuple[bytes, bytes]] = []
        self._body = bytearray()

    def on_head(self, status: int, headers: HeaderPairs) -> None:
        self.status = status
        if self._keep:
            self.rules = policy.storable(self._asked.method, status, headers)

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message["headers"])
            if self.rules is not None:
                self._headers = [pair for pair in headers if pair[0] not in _NOT_KEPT]
            shown = [
                (name, self._state if name == b"x-vercel-cache" else value)
                for name, value in headers
            ]
            message = {**message, "headers": shown}
        elif self.rules is not None:
            self._take(message.get("body", b""), more=message.get("more_body", False))
        await self._send(message)

    def _take(self, body: bytes, *, more: bool) -> None:
        assert self.rules is not None
        self._body += body
        if len(self._body) > CDN_RESPONSE_BYTES:
            self.rules = None
            self._body.clear()
        elif not more and self._deployment == self._gate.deployment:
            entry = Entry(
                key=self._asked.key,
                status=self.status,
                headers=tuple(self._headers),
                body=bytes(self._body),
                rules=self.rules,
                values=policy.variant(self.rules.vary, self._asked.headers),
                stored_at=self._gate.clock(),
            )
            self._gate.store.put(entry)


async def _nowhere(message: Message) -> None:
    """Sends to nobody."""


async def _send_entry(asked: CdnRequest, entry: Entry, state: str, now: float, send: Send) -> None:
    kept = [pair for pair in entry.headers if pair[0] != b"content-length"]
    own = [
        (b"age", str(entry.age(now)).encode()),
        (b"x-vercel-cache", state.encode()),
        *asked.own_headers,
    ]
    status, body = entry.status, entry.body
    if status == 200 and _not_modified(asked, entry):
        status, body = 304, b""
        kept = [pair for pair in kept if pair[0] not in _NOT_IN_304]
    else:
        kept.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": kept + own})
    await send({"type": "http.response.body", "body": b"" if asked.method == "HEAD" else body})


def _not_modified(asked: CdnRequest, entry: Entry) -> bool:
    wanted = b",".join(value for name, value in asked.headers if name == b"if-none-match")
    etag = next((value for name, value in entry.headers if name == b"etag"), b"")
    return bool(wanted) and policy.is_match(wanted, etag)

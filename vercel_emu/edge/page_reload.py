"""Open pages that reload themselves: error pages once the code works, all pages if asked to.

A page asks `/_emu/wait?since=TIME` and is answered when something has changed after TIME (a
server's clock reading in epoch milliseconds, as it is part of every request id).
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Send

from vercel_emu import events, tasks
from vercel_emu.platform import own_paths

LONGEST_WAIT = 25.0
_MOST_DIGITS = 16

_SCRIPT = b"""(async () => {
  const since = new URL(document.currentScript.src).searchParams.get("since");
  for (;;) {
    try {
      const answer = await fetch("%s?since=" + since, {cache: "no-store"});
      if (answer.status === 200) return location.reload();
      if (answer.status !== 204) throw answer;
    } catch { await new Promise(resolve => setTimeout(resolve, 500)); }
  }
})();
""" % own_paths.WAIT.encode()


class PageReload:
    """Knows when the pages that are open have become old. Also a subscriber of events."""

    def __init__(self) -> None:
        self._changed_at = 0
        self._expected = False
        self._news = asyncio.Event()

    def __call__(self, event: events.Event) -> None:
        if isinstance(event, events.Reloading):
            self._expected = True
        elif self._expected and isinstance(event, events.Reloaded | events.InstanceFailed):
            self.changed()

    def changed(self) -> None:
        """Whatever is open was made before this moment."""
        self._expected = False
        self._changed_at = time.time_ns() // 1_000_000
        self._news.set()
        self._news = asyncio.Event()

    async def wait(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answers `own_paths.WAIT`: 200 when there is news, 204 after a while without."""
        since = _since(scope["query_string"])
        if since is None:
            await _answer(send, 400, b"text/plain", b"`since` is no time in milliseconds.\n")
            return
        left = tasks.start(_disconnect(receive), "page left")
        try:
            async with asyncio.timeout(LONGEST_WAIT):
                while self._changed_at <= since and not left.done():
                    news = tasks.start(self._news.wait(), "news for pages")
                    await asyncio.wait([news, left], return_when=asyncio.FIRST_COMPLETED)
                    news.cancel()
        except TimeoutError:
            pass
        finally:
            left.cancel()
        await _answer(send, 200 if self._changed_at > since else 204, b"text/plain", b"")

    async def script(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answers `own_paths.LIVE_SCRIPT`."""
        await _answer(send, 200, b"text/javascript; charset=utf-8", _SCRIPT)


class LiveReload:
    """Around the edge: adds the script at the end of HTML pages, so that streams still stream."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        since = time.time_ns() // 1_000_000
        tag = b'\n<script src="%s?since=%d"></script>\n' % (own_paths.LIVE_SCRIPT.encode(), since)
        is_page = False

        async def send_with_script(message: Message) -> None:
            nonlocal is_page
            if message["type"] == "http.response.start":
                is_page = _is_plain_page(message)
                if is_page:
                    message = {**message, "headers": _longer(message["headers"], len(tag))}
            elif is_page and not message.get("more_body", False):
                message = {**message, "body": message.get("body", b"") + tag}
            await send(message)

        await self._app(scope, receive, send_with_script)


def _is_plain_page(message: Message) -> bool:
    """Whether a response is a whole HTML document that isn't compressed."""
    if message["status"] in (204, 206, 304):
        return False
    headers = {name.lower(): value for name, value in message["headers"]}
    plain: bool = headers.get(b"content-encoding", b"identity") == b"identity"
    content_type: bytes = headers.get(b"content-type", b"")
    return plain and content_type.startswith(b"text/html")


def _longer(headers: Any, by: int) -> list[tuple[bytes, bytes]]:
    return [
        (name, b"%d" % (int(value) + by) if name.lower() == b"content-length" else value)
        for name, value in headers
    ]


def _since(query: bytes) -> int | None:
    value = query.partition(b"since=")[2].partition(b"&")[0]
    if not value:
        # A page that doesn't say how old it is only learns of what comes from now on.
        return time.time_ns() // 1_000_000
    return int(value) if value.isdigit() and len(value) <= _MOST_DIGITS else None


async def _disconnect(receive: Receive) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        while (await receive())["type"] != "http.disconnect":
            pass


async def _answer(send: Send, status: int, content_type: bytes, body: bytes) -> None:
    headers = [
        (b"content-type", content_type),
        (b"cache-control", b"no-store"),
        (b"cross-origin-resource-policy", b"same-origin"),
        (b"content-length", b"%d" % len(body)),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

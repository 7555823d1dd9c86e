"""One try to have one instance answer a request."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from vercel_emu import tasks
from vercel_emu.edge.call import Call
from vercel_emu.edge.failure import Broken, ClientLeft, HTTPError
from vercel_emu.edge.responses import error_page, explain
from vercel_emu.edge.responses.headers import response_headers
from vercel_emu.edge.responses.overlay import LARGEST_BARE, Overlay, is_bare, may_be_bare
from vercel_emu.edge.upload import Upload
from vercel_emu.instance.invocations import Invocation, Kind
from vercel_emu.instance.pool import Instance
from vercel_emu.platform.limits import Limits
from vercel_emu.transport.connection import (
    Connection,
    ConnectionFailed,
    ResponseHead,
)
from vercel_emu.transport.exchange import Exchange
from vercel_emu.transport.headers import RawHeaders

TRACEBACK_SECONDS = 0.3
"""How long after a bare 500 its traceback may be on its way: servers log it after answering."""
RAISED = "Internal Server Error"


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionRequest:
    """What a function gets, and under which rules."""

    function: str
    make_head: Callable[[], bytes]
    """The request head; made for each attempt, because it carries the deadline."""
    content_length: int | None
    chunked: bool
    max_duration: float
    limits: Limits
    vercel_id: str
    status: int | None = None
    """Replaces the function's own (a rule of vercel.json says so)."""
    extra_headers: Sequence[tuple[bytes, bytes]] = ()
    overlay: Overlay | None = None
    """Where a person's browser may be shown an exception instead of a bare answer."""
    on_redirect: Callable[[RawHeaders], None] = lambda headers: None
    """Told the headers of a response that sends the client elsewhere."""
    on_head: Callable[[int, list[tuple[bytes, bytes]]], None] | None = None
    """Told the status and the function's own headers, before the client gets any."""


REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Stop(Enum):
    """Why the edge hung up on the instance."""

    CLIENT_LEFT = auto()
    TIMED_OUT = auto()
    TOO_LARGE = auto()


class Attempt:
    """One exchange with one instance."""

    def __init__(
        self,
        call: Call,
        request: FunctionRequest,
        exchange: Exchange,
        upload: Upload,
        instance: Instance,
        invocation: Invocation,
        connection: Connection,
    ) -> None:
        self._call = call
        self._request = request
        self._exchange = exchange
        self._upload = upload
        self._instance = instance
        self._invocation = invocation
        self._connection = connection
        self.stopped: Stop | None = None
        self.kept_open = False
        """Whether the answer had no length and asked to keep the connection open."""

    async def run(self) -> bool:
        """True when the response was sent; False when nothing has happened: try again.

        Raises:
            HTTPError, ClientLeft, Broken: it ended in another way.
        """
        if self._exchange.disconnected:
            raise ClientLeft
        loop = asyncio.get_running_loop()
        self._exchange.on_left = self._client_left
        timer = loop.call_later(self._request.max_duration, self._out_of_time)
        sending: asyncio.Task[None] | None = None
        try:
            self._connection.begin(self._call.request.method.encode(), self._request.make_head())
            if self._upload.has_body:
                work = self._upload.run(self._connection, self._body_too_large)
                sending = tasks.start(work, f"upload of {self._call.id}")
            await self._respond(await self._connection.head())
            return True
        except ConnectionFailed as error:
            return await self._failed(error)
        finally:
            timer.cancel()
            self._exchange.on_left = self._invocation.on_end = None
            if sending is not None:
                sending.cancel()
            if not self._upload.finished:
                # The instance would take what comes next on this connection for the body's rest.
                self._connection.close()

    async def _respond(self, head: ResponseHead) -> None:
        self._instance.on_answer()
        self._check_size(head)
        connection = self._connection
        headers = response_headers(
            head.headers, self._request.vercel_id, self._request.extra_headers
        )
        status = self._request.status or head.status
        if status in REDIRECTS:
            self._request.on_redirect(headers)
        if self._request.on_head is not None:
            own = {name for name, _ in head.headers}
            more = [pair for pair in self._request.extra_headers if pair[0].lower() not in own]
            self._request.on_head(status, [*head.headers, *more])
        without_length = head.ends_with_connection(self._call.request.method.encode())
        if without_length:
            self.kept_open = head.keeps_open
            self._end_with_invocation()
        first = b""
        if self._request.overlay and may_be_bare(status, head.content_length, head.headers):
            first = await self._first_part()
            if is_bare(first) and await self._show_exception(self._request.overlay):
                return
        await self._call.send({"type": "http.response.start", "status": status, "headers": headers})
        if connection.whole_body_is_here:
            body = first + connection.take_whole_body()
            await self._call.send({"type": "http.response.body", "body": body})
            return
        if _is_event_stream(head):
            self._invocation.kind = Kind.STREAM
        if first:
            await self._call.send({"type": "http.response.body", "body": first, "more_body": True})
        async for chunk in connection.body():
            await self._call.send({"type": "http.response.body", "body": chunk, "more_body": True})
        if connection.ended_by_close and not await self._ended_properly():
            raise Broken
        await self._call.send({"type": "http.response.body", "body": b""})

    async def _first_part(self) -> bytes:
        """The body, or more of it than a bare answer has."""
        first = b""
        async with contextlib.aclosing(self._connection.body()) as body:
            async for chunk in body:
                first += chunk
                if len(first) > LARGEST_BARE:
                    break
        return first

    async def _show_exception(self, overlay: Overlay) -> bool:
        """Answer with a page about the exception that was logged; False where none was."""
        text = await self._invocation.wait_traceback(TRACEBACK_SECONDS)
        if not text:
            return False
        failure = explain.raised(text, self._instance.root)
        page = error_page.render(failure, self._request.vercel_id, overlay=overlay, title=RAISED)
        body = page.encode()
        own = [
            (b"content-type", b"text/html; charset=utf-8"),
            (b"content-length", b"%d" % len(body)),
        ]
        headers = response_headers(own, self._request.vercel_id)
        await self._call.send({"type": "http.response.start", "status": 500, "headers": headers})
        await self._call.send({"type": "http.response.body", "body": body})
        return True

    def _end_with_invocation(self) -> None:
        """A body without a length is over with the invocation, if not with the connection."""
        if self._invocation.ended:
            self._connection.end_body()
        else:
            self._invocation.on_end = self._connection.end_body

    async def _ended_properly(self) -> bool:
        """Whether a body that only the closed connection ended is whole.

        The runtime reports `end` before it closes the connection; a process that was killed closes
        it too, but never reports.
        """
        if self._invocation.ended:
            return True
        exited = self._instance.process.exited
        await tasks.first_of(self._invocation.wait_ended(2.0), exited.wait())
        return self._invocation.ended or not exited.is_set()

    def _check_size(self, head: ResponseHead) -> None:
        limit, length = self._request.limits.response, head.content_length
        if limit is not None and length is not None and length > limit:
            if self._call.request.method == "HEAD":
                return
            self._connection.close()
            raise HTTPError(explain.response_too_large(length, limit))

    # Ends ---------------------------------------------------------------------------------------

    def _client_left(self) -> None:
        """The function runs on to its end, as the platform cancels no Python function.

        Only one whose request is not whole can't: it will never be.
        """
        if not self._upload.finished:
            self._stop(Stop.CLIENT_LEFT)
        elif self.stopped is None:  # else it was us who hung up
            self._call.client_left()

    def _out_of_time(self) -> None:
        self._stop(Stop.TIMED_OUT)
        if self._exchange.response_started:
            # Wakes a `send` that waits for a client that doesn't read.
            self._exchange.cut()

    def _body_too_large(self) -> None:
        self._stop(Stop.TOO_LARGE)

    def _stop(self, reason: Stop) -> None:
        if self.stopped is None:
            self.stopped = reason
            self._connection.close()

    async def _failed(self, error: ConnectionFailed) -> bool:
        """The connection to the instance ended before the response did. False: try again."""
        if self.stopped is Stop.CLIENT_LEFT:
            raise ClientLeft
        if self._exchange.response_started:
            timed_out = self.stopped is Stop.TIMED_OUT
            raise Broken("FUNCTION_INVOCATION_TIMEOUT") if timed_out else Broken
        if self.stopped is Stop.TIMED_OUT:
            raise HTTPError(explain.timed_out(self._request.max_duration))
        if self.stopped is Stop.TOO_LARGE:
            raise HTTPError(explain.payload_too_large(self._request.limits.body))
        await news_of_exit(self._instance, self._invocation)
        untouched = not self._invocation.handler_started and self._upload.replayable
        if error.sent_nothing and untouched:
            return False
        raise HTTPError(explain.crashed(self._instance, self._invocation, str(error)))


async def news_of_exit(instance: Instance, invocation: Invocation) -> None:
    """A dying process closes its connections first; whether user code ran is known after."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(1.0 if invocation.handler_started else 0.2):
            await instance.process.exited.wait()


def _is_event_stream(head: ResponseHead) -> bool:
    return any(
        name == b"content-type" and value.startswith(b"text/event-stream")
        for name, value in head.headers
    )

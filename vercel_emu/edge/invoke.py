"""One invocation: acquire an instance, send the request up, the response down, keep the deadline.

Bodies stream both ways; nothing is buffered but what a socket holds. A client that leaves cancels
its own invocation and no other; an instance that dies in the middle of a body aborts the client's
connection, because a clean end would pass off half an answer as a whole one.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

from vercel_emu import events
from vercel_emu.edge.failures import Failure
from vercel_emu.edge.limits import Limits
from vercel_emu.edge.response_headers import response_headers
from vercel_emu.instance.connection import Connection, ConnectionFailed, ResponseHead
from vercel_emu.instance.invocations import Invocation, Kind
from vercel_emu.instance.pool import CannotStart, FunctionPool, Instance
from vercel_emu.instance.tracebacks import read_traceback

type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]
type Headers = list[tuple[bytes, bytes]]


class Refused(Exception):
    """The platform answers instead of the function; nothing has been sent to the client yet."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.code)
        self.failure = failure


class ClientLeft(Exception):
    """The client hung up before its answer was complete."""


class Broken(Exception):
    """The instance died after the answer had begun: the client's connection must be aborted."""


@dataclass(slots=True, kw_only=True)
class Call:
    """A request on its way to a function, and what has become of it so far."""

    invocation_id: str
    vercel_id: str
    method: str
    path: str
    visitor: str
    max_duration: float
    limits: Limits
    make_head: Callable[[], bytes]
    """The request head; made for each attempt, because it carries the deadline."""
    chunked: bool
    extra_headers: Sequence[tuple[bytes, bytes]] = ()
    status: int = 0
    instance: str = ""
    cold: bool = False


async def invoke(
    call: Call, pool: FunctionPool, receive: Receive, send: Send, emit: events.Emit
) -> None:
    """Run one invocation of `pool`'s function to the end of its response.

    Raises:
        Refused: answer with this platform failure.
        ClientLeft: there is nobody to answer.
        Broken: abort the client's connection.
    """
    deadline = asyncio.get_running_loop().time() + call.max_duration
    while True:
        upload = Upload(call, receive)
        instance, connection, fresh = await _connect(call, pool, upload)
        invocation = instance.invocations.begin(call.invocation_id)
        call.instance = instance.name
        call.cold = instance.invocations.served == 1
        emit(
            events.InvocationStarted(
                invocation_id=call.invocation_id,
                function=pool.name,
                instance=instance.name,
                method=call.method,
                path=call.path,
                visitor=call.visitor,
                cold=call.cold,
            )
        )
        attempt = _Attempt(call, instance, connection, invocation, upload)
        try:
            if await attempt.run(send, deadline):
                return
        except TimeoutError:
            _background(pool.suspect(instance))
            raise _timed_out(call) from None
        finally:
            upload.stop()
            instance.invocations.response_done(call.invocation_id)
            assert instance.connections is not None
            instance.connections.release(connection)
        if fresh:
            # The instance is going: give its exit a moment to be noticed, then start anew.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await instance.process.exited.wait()


class Upload:
    """Carries the client's request body to the instance, then watches whether the client leaves."""

    def __init__(self, call: Call, receive: Receive) -> None:
        self._call = call
        self._receive = receive
        self._task: asyncio.Task[None] | None = None
        self.started = False
        self.client_left = False
        self.too_large = False

    def start(self, connection: Connection) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run(connection))

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _run(self, connection: Connection) -> None:
        try:
            await self._send_body(connection)
        except ConnectionFailed:
            pass  # the instance answered early or died: the reading side knows which
        else:
            if not self.client_left and not self.too_large:
                await self._receive()  # returns only when the client leaves
                self.client_left = True
        if self.client_left or self.too_large:
            connection.close()

    async def _send_body(self, connection: Connection) -> None:
        sent = 0
        limit = self._call.limits.body
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self.client_left = True
                return
            body = message.get("body", b"")
            if body:
                self.started = True
                sent += len(body)
                if limit is not None and sent > limit:
                    self.too_large = True
                    return
                if self._call.chunked:
                    body = b"%x\r\n%b\r\n" % (len(body), body)
                await connection.write(body)
            if not message.get("more_body", False):
                if self._call.chunked:
                    await connection.write(b"0\r\n\r\n")
                return


class _Attempt:
    """One try on one connection."""

    def __init__(
        self,
        call: Call,
        instance: Instance,
        connection: Connection,
        invocation: Invocation,
        upload: Upload,
    ) -> None:
        self._call = call
        self._instance = instance
        self._connection = connection
        self._invocation = invocation
        self._upload = upload

    async def run(self, send: Send, deadline: float) -> bool:
        """True when the response was sent; False when nothing happened yet and a retry is safe."""
        call, connection = self._call, self._connection
        try:
            async with asyncio.timeout_at(deadline):
                connection.begin(call.method.encode(), call.make_head())
                self._upload.start(connection)
                head = await connection.head()
        except ConnectionFailed as error:
            return await self._no_answer(error)
        self._check_size(head)
        await send(
            {
                "type": "http.response.start",
                "status": head.status,
                "headers": response_headers(head.headers, call.vercel_id, call.extra_headers),
            }
        )
        call.status = head.status
        whole = connection.take_whole_body()
        if whole is not None and not connection.ended_by_close:
            await send({"type": "http.response.body", "body": whole})
            return True
        await self._stream(head, whole, send, deadline)
        return True

    async def _stream(
        self, head: ResponseHead, whole: bytes | None, send: Send, deadline: float
    ) -> None:
        if any(
            name == b"content-type" and value.startswith(b"text/event-stream")
            for name, value in head.headers
        ):
            self._invocation.kind = Kind.STREAM
        try:
            async with asyncio.timeout_at(deadline):
                if whole is None:
                    async for chunk in self._connection.body():
                        await send({"type": "http.response.body", "body": chunk, "more_body": True})
                else:
                    await send({"type": "http.response.body", "body": whole, "more_body": True})
        except ConnectionFailed:
            if self._upload.client_left:
                raise ClientLeft from None
            raise Broken from None
        except TimeoutError:
            self._connection.close()
            raise Broken from None
        if self._connection.ended_by_close and not await self._ended_properly():
            raise Broken
        await send({"type": "http.response.body", "body": b""})

    async def _ended_properly(self) -> bool:
        """Whether a body that only the closed connection ended is whole.

        The runtime reports `end` before it closes the connection; a process that was killed closes
        it too, but never reports.
        """
        ended = await self._invocation.wait_ended(0.5)
        return ended or not self._instance.process.exited.is_set()

    def _check_size(self, head: ResponseHead) -> None:
        limit = self._call.limits.response
        length = head.content_length
        if limit is None or length is None or length <= limit or self._call.method == "HEAD":
            return
        self._connection.close()
        raise Refused(
            Failure(
                code="FUNCTION_RESPONSE_PAYLOAD_TOO_LARGE",
                explanation=f"The response has {length:,} bytes; a function may send {limit:,} "
                "unless it streams them (no content-length).",
            )
        )

    async def _no_answer(self, error: ConnectionFailed) -> bool:
        """No response head came. Decide between a retry and the platform's error."""
        if self._upload.client_left:
            raise ClientLeft
        if self._upload.too_large:
            raise Refused(payload_too_large(self._call.limits.body or 0))
        exited = self._instance.process.exited
        if not self._invocation.handler_started and not exited.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.2):
                    await exited.wait()
        untouched = not self._invocation.handler_started and not self._upload.started
        if error.sent_nothing and untouched:
            return False
        raise Refused(self._crashed(error))

    def _crashed(self, error: ConnectionFailed) -> Failure:
        root = self._instance.root
        text = "\n".join(self._instance.said_since(self._invocation.started))
        found = read_traceback(text, root) if text else None
        place = found.location if found else None
        died = self._instance.process.exited.is_set()
        explanation = (
            "The function's process ended while it handled this request."
            if died
            else "The function closed the connection without a response."
        )
        return Failure(
            code="FUNCTION_INVOCATION_FAILED",
            explanation=explanation if error.sent_nothing else f"{explanation} ({error})",
            detail=found.traceback if found else "",
            location=f"{place.file}:{place.line}" if place else "",
        )


async def _connect(
    call: Call, pool: FunctionPool, upload: Upload
) -> tuple[Instance, Connection, bool]:
    """An instance and a connection to it; True where the connection is new."""
    while True:
        try:
            instance = await pool.acquire()
        except CannotStart as error:
            raise Refused(cannot_start(error)) from None
        assert instance.connections is not None
        if connection := instance.connections.idle():
            return instance, connection, False
        try:
            return instance, await instance.connections.connect(), True
        except OSError:
            # It is gone, but the news has not come yet.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await instance.process.exited.wait()


def cannot_start(error: CannotStart) -> Failure:
    """The failure for a function whose code could not be started."""
    failure = error.failure
    place = failure.error.location
    return Failure(
        code="FUNCTION_INVOCATION_FAILED",
        explanation=f"The function could not start: {failure.message}",
        detail=failure.error.traceback,
        location=f"{place.file}:{place.line}" if place else "",
        caused_by=failure.files,
    )


def payload_too_large(limit: int) -> Failure:
    return Failure(
        code="FUNCTION_PAYLOAD_TOO_LARGE",
        explanation=f"A request body may have {limit:,} bytes; `--no-limits` lifts this.",
    )


def _timed_out(call: Call) -> Refused:
    return Refused(
        Failure(
            code="FUNCTION_INVOCATION_TIMEOUT",
            explanation=f"The function did not answer within its maxDuration of "
            f"{call.max_duration:g} s.",
        )
    )


_background_tasks: set[asyncio.Task[Any]] = set()


def _background(work: Any) -> None:
    task = asyncio.ensure_future(work)
    _background_tasks.add(task)
    task.add_done_callback(_background_tasks.discard)


def elapsed_ms(since: float) -> float:
    """Milliseconds since a `time.perf_counter()` reading."""
    return (time.perf_counter() - since) * 1000

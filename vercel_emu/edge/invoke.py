"""One invocation: acquire an instance, send the request up, the response down, keep the deadline.

Bodies stream both ways; nothing is buffered but what a socket holds. A client that leaves cancels
its own invocation and no other; an instance that dies in the middle of a body cuts the client's
connection, because a clean end would pass off half an answer as a whole one.
"""

from __future__ import annotations

import asyncio
import contextlib

from vercel_emu import events
from vercel_emu.edge.attempt import Attempt, FunctionRequest, Stop, news_of_exit
from vercel_emu.edge.call import Call, HTTPError
from vercel_emu.edge.responses import explain
from vercel_emu.edge.responses.failures import Failure
from vercel_emu.edge.upload import Upload
from vercel_emu.instance.pool import CannotStart, FunctionPool, Instance
from vercel_emu.transport.connection import Connection
from vercel_emu.transport.exchange import Exchange

__all__ = ["ATTEMPTS", "acquire", "hand_over", "invoke", "news_of_exit"]

ATTEMPTS = 5
"""An instance that ends before it begins is no fault of the request; several in a row are one."""


async def invoke(
    call: Call,
    request: FunctionRequest,
    pool: FunctionPool,
    exchange: Exchange,
    emit: events.Emit,
) -> None:
    """Run one invocation of `pool`'s function to the end of its response.

    Raises:
        HTTPError: answer with this platform failure.
        ClientLeft: there is nobody to answer.
        Broken: cut the client's connection.
    """
    call.function = pool.name
    upload = Upload(
        exchange, has_body=request.has_body, chunked=request.chunked, limit=request.limits.body
    )
    for _ in range(ATTEMPTS):
        if await _try(call, request, pool, exchange, upload, emit):
            return
    raise HTTPError(
        Failure(
            code="FUNCTION_INVOCATION_FAILED",
            explanation="The function ended each time before it took the request.",
        )
    )


async def _try(
    call: Call,
    request: FunctionRequest,
    pool: FunctionPool,
    exchange: Exchange,
    upload: Upload,
    emit: events.Emit,
) -> bool:
    """True when the response was sent; False when nothing has happened: try again."""
    instance = await acquire(pool)
    if check := _checks.get(instance):
        # It let an invocation run out of time: whether it still lives is known in a moment.
        await asyncio.wait([check])
        return False
    # Counted from here on, so that an instance that is being replaced waits for it.
    invocation = instance.invocations.begin(call.id)
    connection: Connection | None = None
    try:
        connection = await _connect(instance)
        if connection is None:
            return False
        hand_over(call, instance, emit)
        attempt = Attempt(call, request, exchange, upload, instance, invocation, connection)
        try:
            return await attempt.run()
        finally:
            if attempt.stopped is Stop.TIMED_OUT:
                _check(pool, instance)
    finally:
        instance.invocations.response_done(call.id)
        if connection is not None and instance.connections is not None:
            instance.connections.release(connection)


async def acquire(pool: FunctionPool) -> Instance:
    """An instance that takes requests.

    Raises:
        HTTPError: the function's code can't be started.
    """
    try:
        return await pool.acquire()
    except CannotStart as error:
        raise HTTPError(explain.cannot_start(error)) from None


async def _connect(instance: Instance) -> Connection | None:
    """A connection to the instance, or None where it is gone."""
    assert instance.connections is not None
    if connection := instance.connections.idle():
        return connection
    try:
        return await instance.connections.connect()
    except OSError:
        # The news of its exit is on the way.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await instance.process.exited.wait()
        return None


def hand_over(call: Call, instance: Instance, emit: events.Emit) -> None:
    """Report that `instance` gets the request, once for each instance."""
    if call.instance != instance.name:
        call.instance = instance.name
        call.cold = instance.invocations.served == 1
        emit(call.handed_over())


_checks: dict[Instance, asyncio.Task[bool]] = {}
"""Instances under suspicion, and the ping that will tell."""


def _check(pool: FunctionPool, instance: Instance) -> None:
    if instance not in _checks:
        check = asyncio.get_running_loop().create_task(pool.suspect(instance))
        _checks[instance] = check
        check.add_done_callback(lambda _: _checks.pop(instance, None))

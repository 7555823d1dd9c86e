"""Has a function answer: acquire an instance, send the request up, keep the deadline.

Bodies stream both ways; nothing is buffered but what a socket holds. A client that leaves cancels
its own invocation and no other; an instance that dies in the middle of a body cuts the client's
connection, because a clean end would pass off half an answer as a whole one.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import Awaitable, Mapping
from functools import partial
from urllib.parse import urlsplit

from vercel_emu import events
from vercel_emu.cdn_cache.gate import OnHead
from vercel_emu.deployment.routing import InvokeFunction
from vercel_emu.edge import ids
from vercel_emu.edge.admission import EdgeSettings
from vercel_emu.edge.attempt import Attempt, FunctionRequest, Stop
from vercel_emu.edge.call import Call
from vercel_emu.edge.failure import Failure, HTTPError
from vercel_emu.edge.loops import LoopGuard
from vercel_emu.edge.request import Request
from vercel_emu.edge.request_headers import framing, kept_headers, platform_headers, request_head
from vercel_emu.edge.responses import explain
from vercel_emu.edge.responses.headers import rule_headers
from vercel_emu.edge.responses.overlay import is_navigation
from vercel_emu.edge.upload import Upload
from vercel_emu.instance.pool import CannotStart, FunctionPool, Instance
from vercel_emu.transport.connection import Connection
from vercel_emu.transport.exchange import Exchange
from vercel_emu.transport.headers import RawHeaders

ATTEMPTS = 5
"""An instance that ends before it begins is no fault of the request; several in a row are one."""


class Invoker:
    """Invokes functions; `functions` maps a function's name to its instances."""

    def __init__(
        self, settings: EdgeSettings, functions: Mapping[str, FunctionPool], emit: events.Emit
    ) -> None:
        self.settings = settings
        self.loops = LoopGuard()
        self._functions = functions
        self._emit = emit
        self._warned_of_length: set[str] = set()
        self._told_of_https = False
        self._numbers = itertools.count(1)

    async def invoke(
        self,
        call: Call,
        exchange: Exchange,
        outcome: InvokeFunction,
        on_head: OnHead | None = None,
    ) -> None:
        """Run one invocation to the end of its response, unless the deployment calls itself.

        Raises:
            HTTPError: answer with this platform failure.
            ClientLeft: there is nobody to answer.
            Broken: cut the client's connection.
        """
        request, limit = call.request, self.settings.limits.self_calls
        if not self.loops.enter(call.id, request.client_port, request.headers, limit):
            raise HTTPError(explain.infinite_loop(limit))
        try:
            await self._invoke(call, self._function_request(call, outcome, on_head), exchange)
        finally:
            self.loops.leave(call.id)

    def function_id(self, call: Call) -> str:
        """`x-vercel-id` of the answer that a function gives to `call`."""
        return call.function_id(self.settings.function_region)

    def request_head(self, call: Call, outcome: InvokeFunction) -> bytes:
        """The head of the request to the function; its deadline counts from now."""
        request, settings = call.request, self.settings
        framed = framing(request.content_length, chunked=request.chunked)
        if self._pool(outcome.function).spec.entrypoint.is_handler and not request.upgrade:
            # It may leave the body unread: its server would take that for the next request.
            framed.append((b"connection", b"close"))
        return request_head(
            method=request.method.encode(),
            target=_function_target(request, outcome),
            kept=kept_headers(
                request.headers, upgrade=request.upgrade, cron_proof=settings.cron_proof
            ),
            platform=platform_headers(
                call.visitor, request.host, request.scheme, settings.cache, int(time.time()) // 60
            ),
            vercel_id=call.edge_id,
            invocation_id=call.id,
            request_number=next(self._numbers),
            deadline=ids.deadline(call.deployment.durations[outcome.function]),
            framed=framed,
        )

    async def acquire(self, function: str) -> Instance:
        """An instance of `function` that takes requests.

        Raises:
            HTTPError: the function's code can't be started, or it is gone.
        """
        pool = self._pool(function)
        try:
            instance = await pool.acquire()
            while instance.suspicion is not None:
                # Whether it still lives is known in a moment.
                await asyncio.wait([instance.suspicion])
                instance = await pool.acquire()
        except CannotStart as error:
            raise HTTPError(explain.cannot_start(error)) from None
        return instance

    async def reach[T](
        self, function: str, instance: Instance, connecting: Awaitable[T]
    ) -> T | None:
        """The connection to the instance, or None where it takes none: it is gone, or is deaf."""
        try:
            return await connecting
        except OSError as error:
            # The news of its exit is on the way, or its server no longer listens.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.2):
                    await instance.process.exited.wait()
            if isinstance(error, ConnectionError) and not instance.process.exited.is_set():
                self._pool(function).suspect(instance)
            return None

    def hand_over(self, call: Call, instance: Instance) -> None:
        """Report that `instance` gets the request, once for each instance."""
        if call.instance != instance.name:
            call.instance = instance.name
            call.cold = instance.invocations.served == 1
            self._emit(call.handed_over())

    def _warn_of_length(self, function: str) -> None:
        """Told once for each function."""
        if function in self._warned_of_length:
            return
        self._warned_of_length.add(function)
        self._emit(
            events.Notice(
                level="warn",
                code="RESPONSE_WITHOUT_LENGTH",
                message=f"{function} answers with `Connection: keep-alive` and no "
                "`Content-Length`: nothing tells a client where the body ends",
                hint="Remove that header, or send `Content-Length`. Here the answer is over when "
                "the function is.",
            )
        )

    def _check_redirect(self, call: Call, headers: RawHeaders) -> None:
        """Told once: an app that wants https:// of this address, which has none."""
        request = call.request
        if self._told_of_https or not leads_to_https_of_itself(request, headers):
            return
        self._told_of_https = True
        self._emit(
            events.Notice(
                level="warn",
                code="REDIRECT_TO_HTTPS",
                message=f"The app redirects {request.path} to https:// of itself, which is not "
                "spoken here: a deployment is always HTTPS.",
                hint="Start with --https. Browsers remember a permanent redirect (301, 308) of "
                "localhost: if http:// is redirected later, clear what this site has stored.",
            )
        )

    def _pool(self, function: str) -> FunctionPool:
        pool = self._functions.get(function)
        if pool is None:
            # It was removed while this request was on its way.
            raise HTTPError(Failure(code="NOT_FOUND"))
        return pool

    def _function_request(
        self, call: Call, outcome: InvokeFunction, on_head: OnHead | None
    ) -> FunctionRequest:
        settings, request = self.settings, call.request
        extra = rule_headers(outcome.headers)
        if settings.preview:
            extra.append((b"x-robots-tag", b"noindex"))
        shows = settings.overlay.on and is_navigation(request.method, request.headers)
        return FunctionRequest(
            function=outcome.function,
            make_head=lambda: self.request_head(call, outcome),
            content_length=request.content_length,
            chunked=request.chunked,
            max_duration=call.deployment.durations[outcome.function],
            limits=settings.limits,
            vercel_id=self.function_id(call),
            status=outcome.status,
            extra_headers=extra,
            overlay=settings.overlay if shows else None,
            on_redirect=partial(self._check_redirect, call),
            on_head=on_head,
        )

    async def _invoke(self, call: Call, request: FunctionRequest, exchange: Exchange) -> None:
        call.function = request.function
        upload = Upload(
            exchange,
            chunked=request.chunked,
            length=request.content_length,
            limit=request.limits.body,
        )
        for _ in range(ATTEMPTS):
            if await self._try(call, request, exchange, upload):
                return
        raise HTTPError(
            Failure(
                code="FUNCTION_INVOCATION_FAILED",
                explanation="The function ended each time before it took the request.",
            )
        )

    async def _try(
        self, call: Call, request: FunctionRequest, exchange: Exchange, upload: Upload
    ) -> bool:
        """True when the response was sent; False when nothing has happened: try again."""
        instance = await self.acquire(request.function)
        # Counted from here on, so that an instance that is being replaced waits for it.
        invocation = instance.invocations.begin(call.id)
        connection: Connection | None = None
        assert instance.connections is not None
        try:
            connection = instance.connections.idle() or await self.reach(
                request.function, instance, instance.connections.connect()
            )
            if connection is None:
                return False
            self.hand_over(call, instance)
            attempt = Attempt(call, request, exchange, upload, instance, invocation, connection)
            try:
                return await attempt.run()
            finally:
                if attempt.kept_open:
                    self._warn_of_length(request.function)
                if attempt.stopped is Stop.TIMED_OUT:
                    self._pool(request.function).suspect(instance)
        finally:
            instance.invocations.response_done(call.id)
            if connection is not None:
                instance.connections.release(connection)


def _function_target(request: Request, outcome: InvokeFunction) -> bytes:
    """What the function is asked for: byte for byte what the client sent, unless rewritten."""
    if outcome.path == request.path and outcome.query == request.query:
        return request.target
    target = f"{outcome.path}?{outcome.query}" if outcome.query else outcome.path
    return target.encode("latin-1", "replace")


def leads_to_https_of_itself(request: Request, headers: RawHeaders) -> bool:
    """Whether `Location` is the same host by https://, for a request that came by http://."""
    location = next((value for name, value in headers if name == b"location"), b"")
    if request.scheme != "http" or not location.lower().startswith(b"https://"):
        return False
    try:
        there = urlsplit(location.decode("latin-1")).hostname
        return there is not None and there == urlsplit(f"//{request.host}").hostname
    except ValueError:  # neither is checked before
        return False

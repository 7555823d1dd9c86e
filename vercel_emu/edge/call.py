"""One request at the edge: who asks for what, and what has become of it so far."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.types import Send

from vercel_emu import events
from vercel_emu.deployment.deploy import Deployment
from vercel_emu.edge.request import Request
from vercel_emu.visitors.visitor import Visitor


async def _nobody(message: object) -> None:
    raise RuntimeError("this request is not answered through ASGI")


@dataclass(slots=True, kw_only=True)
class Call:
    """A request and its fate; `send` takes the answer, `deployment` is what it came to."""

    id: str
    request: Request
    visitor: Visitor
    deployment: Deployment
    send: Send = _nobody
    started: float = field(default_factory=time.perf_counter)
    status: int = 0
    function: str = ""
    instance: str = ""
    cold: bool = False
    error_code: str = ""
    cache: str = ""
    left: float | None = None
    """When the client left while a function was at work."""
    on_left: Callable[[], None] | None = None

    def client_left(self) -> None:
        """Nobody waits for the answer any more; the function runs on."""
        self.left = time.perf_counter()
        if self.on_left is not None:
            self.on_left()

    @property
    def edge_id(self) -> str:
        """`x-vercel-id` where no function is involved: the ingress region only."""
        return f"{self.visitor.edge_region}::{self.id}"

    def function_id(self, region: str) -> str:
        """`x-vercel-id` of an answer that a function in `region` gave."""
        return f"{self.visitor.edge_region}::{region}::{self.id}"

    def handed_over(self) -> events.InvocationStarted:
        """The event when an instance gets the request."""
        return events.InvocationStarted(
            invocation_id=self.id,
            function=self.function,
            instance=self.instance,
            method=self.request.method,
            path=self.request.target.decode("latin-1"),
            visitor=self.visitor.label,
            cold=self.cold,
        )

    def ran_on(self) -> events.InvocationRanOn:
        """The event when a function is done whose client has left."""
        assert self.left is not None
        return events.InvocationRanOn(
            invocation_id=self.id,
            method=self.request.method,
            path=self.request.target.decode("latin-1"),
            function=self.function,
            instance=self.instance,
            duration_ms=(time.perf_counter() - self.left) * 1000,
            error_code=self.error_code,
        )

    def answered(self) -> events.ResponseSent:
        """The event when the answer is complete or given up."""
        return events.ResponseSent(
            invocation_id=self.id,
            method=self.request.method,
            path=self.request.target.decode("latin-1"),
            status=self.status,
            duration_ms=(time.perf_counter() - self.started) * 1000,
            visitor=self.visitor.label,
            function=self.function,
            instance=self.instance,
            cold=self.cold,
            error_code=self.error_code,
            cache=self.cache,
        )

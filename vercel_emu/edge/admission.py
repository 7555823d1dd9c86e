"""What happens to a request before anything answers it: limits, its visitor, its route."""

from __future__ import annotations

from dataclasses import dataclass, field

from vercel_emu.deployment.deploy import Deployment
from vercel_emu.deployment.routing import Outcome, RouteRequest, route
from vercel_emu.edge import ids
from vercel_emu.edge.call import Call
from vercel_emu.edge.failure import Failure, HTTPError
from vercel_emu.edge.request import Request
from vercel_emu.edge.request_headers import CacheAccess, kept_headers
from vercel_emu.edge.responses.overlay import Overlay
from vercel_emu.errors import EmuError
from vercel_emu.platform.limits import Limits, refused
from vercel_emu.visitors.directory import VisitorDirectory
from vercel_emu.visitors.headers import geo_headers


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeSettings:
    """What the edge needs to know, for as long as the emulator runs."""

    visitors: VisitorDirectory
    function_region: str = "iad1"
    preview: bool = False
    limits: Limits = field(default_factory=Limits)
    cache: CacheAccess | None = None
    overlay: Overlay = field(default_factory=Overlay)
    cron_proof: str = ""
    """What shows that a request comes from the scheduler of cron jobs."""


class Admission:
    """Turns requests into calls, and says where each goes. A save replaces `deployment`."""

    def __init__(self, settings: EdgeSettings, deployment: Deployment) -> None:
        self.settings = settings
        self.deployment = deployment
        self.refused_for: str | None = None
        """Why no request can be answered now, in words for the person."""
        self._pod = ids.make_pod()

    def new_call(self, request: Request) -> Call:
        """A request that has just come in, so far of the current visitor."""
        return Call(
            id=ids.request_id(self._pod),
            request=request,
            visitor=self.settings.visitors.current,
            deployment=self.deployment,
        )

    def admit(self, call: Call) -> Outcome:
        """Check a request, choose its visitor and decide where it goes.

        Raises:
            HTTPError: it is over a limit, or names a visitor that does not exist, or nothing can be
                served.
        """
        if self.refused_for is not None:
            raise HTTPError(Failure(code="SERVICE_UNAVAILABLE", explanation=self.refused_for))
        settings, request = self.settings, call.request
        code = refused(settings.limits, request.target, request.headers, request.content_length)
        if code:
            raise HTTPError(Failure(code=code))
        try:
            call.visitor = settings.visitors.choose(request.headers)
        except EmuError as error:
            failure = Failure(code="INVALID_VISITOR", explanation=str(error), error=error)
            raise HTTPError(failure) from None
        if request.path.startswith("/_vercel/"):
            raise HTTPError(Failure(code="NOT_FOUND"))
        deployment = call.deployment
        return route(deployment.routing, _as_routed(call), deployment.files)


def _as_routed(call: Call) -> RouteRequest:
    request = call.request
    headers = request.headers
    if not call.deployment.routing.is_plain:
        # Conditions see what the function would see.
        headers = [*kept_headers(headers), *geo_headers(call.visitor)]
        headers.append((b"host", request.host.encode("latin-1")))
    path, query = request.path, request.query
    return RouteRequest(method=request.method, path=path, query=query, headers=headers)

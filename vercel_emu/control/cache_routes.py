"""The cache's part of the control API: the operations over HTTP, for commands and inspector.

`POST OPERATION` with a JSON request; the reading ones also as `GET OPERATION?name=value`. An error
is `{"error": {"code", "message", "hint", "where"}}`.
"""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vercel_emu.control.asked import asked, asked_in_query, status_of
from vercel_emu.errors import EmuError
from vercel_emu.runtime_cache.model import Scope
from vercel_emu.runtime_cache.operations import OPERATIONS, READING, CacheOperations
from vercel_emu.runtime_cache.store import Store


def routes(store: Store, scope: Scope, *, tag_propagation_ms: int = 0) -> list[Route]:
    """One route for each operation, to be mounted behind the control API's authorization."""
    operations = CacheOperations(store, scope, tag_propagation_ms=tag_propagation_ms)
    return [_route(name, operations) for name in OPERATIONS]


def _route(name: str, operations: CacheOperations) -> Route:
    kind, _, operation = OPERATIONS[name]

    async def endpoint(request: Request) -> Response:
        try:
            if request.method == "POST":
                wanted = await asked(request, kind, empty=b"{}")
            else:
                wanted = asked_in_query(request, kind)
        except EmuError as error:
            return _problem(status_of(error), error)
        try:
            answer = await operation(operations, wanted)
        except EmuError as error:
            return _problem(503, error)
        return _json(200, answer)

    methods = ["POST", "GET"] if name in READING else ["POST"]
    return Route(f"/{name}", endpoint, methods=methods, name=f"cache-{name}")


def _json(status: int, value: object) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def _problem(status: int, error: EmuError) -> Response:
    return _json(status, {"error": error.as_dict()})

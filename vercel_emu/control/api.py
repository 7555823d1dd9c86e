"""The control API (`/emu/v1/...`): what the other commands ask of a running emulator.

JSON in and out; errors are `{"error": {"code", "message", "hint", "where"}}` with a 4xx status.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

from vercel_emu import events
from vercel_emu.control import cache_routes as admin
from vercel_emu.control import cdn_routes as cdn
from vercel_emu.control.asked import asked, asked_in_query, status_of
from vercel_emu.control.controlled import ControlledProject
from vercel_emu.control.recorder import KEPT
from vercel_emu.control.waiting import happened
from vercel_emu.errors import EmuError

LONGEST_WAIT = 300


class _WantedVisitor(Struct):
    visitor: str


class _Listing(Struct):
    limit: Annotated[int, Meta(ge=1, le=KEPT)] = 50


class _Waiting(Struct):
    wait: Annotated[float, Meta(ge=0, le=LONGEST_WAIT)] = 0.0


def control_api(project: ControlledProject) -> Starlette:
    """The application for one running project; the caller has checked the token."""
    api = _Api(project)
    routes = [
        Route("/info", api.info),
        Route("/visitor", api.visitor, methods=["GET", "PUT", "DELETE"]),
        Route("/environment", api.environment),
        Route("/reload", api.reload, methods=["POST"]),
        Route("/events", api.events),
        Route("/invocations", api.invocations),
        Route("/invocations/{id:path}", api.invocation),
        Mount("/cdn", routes=cdn.routes(project.cdn, project.store, project.cache_scope)),
        Mount(
            "/cache",
            routes=admin.routes(
                project.store,
                project.cache_scope,
                tag_propagation_ms=project.options.tag_propagation,
            ),
        ),
    ]
    return Starlette(
        routes=[Mount("/emu/v1", routes=routes)], exception_handlers={EmuError: _refused}
    )


class _Api:
    def __init__(self, project: ControlledProject) -> None:
        self._project = project

    async def info(self, request: Request) -> Response:
        """Addresses, project and every instance with its state."""
        project = self._project
        functions = [
            {
                "name": name,
                "entrypoint": pool.spec.entrypoint.file,
                "instances": [
                    {
                        "name": instance.name,
                        "phase": phase.value if phase else "ending",
                        "pid": instance.process.pid,
                        "served": instance.invocations.served,
                        "running": len(instance.invocations),
                    }
                    for instance, phase in pool.instances()
                ],
            }
            for name, pool in project.pools.items()
        ]
        return JSONResponse(
            {
                "pid": os.getpid(),
                "url": project.url,
                "root": str(project.project.root),
                "framework": project.project.framework,
                "environment": project.options.env,
                "region": project.options.region,
                "visitor": project.visitor.label,
                "overrides": project.visitors.overrides,
                "functions": functions,
            }
        )

    async def environment(self, request: Request) -> Response:
        """The functions' variables with their values, and where each came from."""
        built = self._project.described_environment()
        variables = [asdict(variable) for variable in built.variables]
        warnings = [warning.as_dict() for warning in built.warnings]
        return JSONResponse({"variables": variables, "warnings": warnings})

    async def visitor(self, request: Request) -> Response:
        """Show, change (`{"visitor": "Tokyo"}`) or reset the current visitor."""
        project = self._project
        if request.method == "PUT":
            project.set_visitor((await asked(request, _WantedVisitor)).visitor)
        elif request.method == "DELETE":
            project.set_visitor(None)
        return JSONResponse(msgspec.to_builtins(project.visitor))

    async def reload(self, request: Request) -> Response:
        self._project.reload()
        return JSONResponse({"reloading": True})

    async def invocations(self, request: Request) -> Response:
        """The last invocations, the newest first (`?limit=`)."""
        limit = asked_in_query(request, _Listing).limit
        found = self._project.recorder.recent(limit)
        return JSONResponse([one.as_dict() for one in found])

    async def invocation(self, request: Request) -> Response:
        """One invocation by its id or by the whole `x-vercel-id` of its response.

        `?wait=SECONDS`: once it has ended, or after this time.
        """
        project, name = self._project, request.path_params["id"]
        found = project.recorder.get(name)
        wait = asked_in_query(request, _Waiting).wait
        if found is not None and wait:
            await happened(project.bus, lambda: found.ended, wait)
        if found is None:
            raise EmuError(
                "INVOCATION_NOT_FOUND", f"There is no invocation {request.path_params['id']}."
            )
        return JSONResponse(found.as_dict())

    async def events(self, request: Request) -> Response:
        """Every event from now on, one JSON object a line."""
        return StreamingResponse(self._lines(), media_type="application/x-ndjson")

    async def _lines(self) -> AsyncIterator[str]:
        queue: asyncio.Queue[events.Event] = asyncio.Queue(maxsize=10_000)

        def put(event: events.Event) -> None:
            if not queue.full():
                queue.put_nowait(event)

        unsubscribe = self._project.bus.subscribe(put)
        try:
            while True:
                event = await queue.get()
                fields = {"event": type(event).__name__, **msgspec.to_builtins(event)}
                yield json.dumps(fields, ensure_ascii=False) + "\n"
        finally:
            unsubscribe()


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, EmuError)
    return JSONResponse({"error": error.as_dict()}, status_code=status_of(error))

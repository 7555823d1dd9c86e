"""The CDN cache's part of the control API, `/emu/v1/cdn/...`: what is cached, and purging.

Purging by tag reaches the runtime cache too: on the platform one tag stands for every cache.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from vercel_emu.cdn_cache.gate import CdnGate
from vercel_emu.cdn_cache.store import Entry
from vercel_emu.control.asked import asked
from vercel_emu.errors import EmuError
from vercel_emu.runtime_cache.model import Scope
from vercel_emu.runtime_cache.store import Store

_ONE_CENTURY = 100 * 366 * 86_400


class Purge(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to purge: `tags` (invalidated, or deleted with `delete`), a `path`, or `everything`.

    With `deadline`, a deletion takes effect after so many seconds, unless renewed before.
    """

    tags: tuple[str, ...] = ()
    delete: bool = False
    deadline: Annotated[int, Meta(ge=0, le=_ONE_CENTURY)] | None = None
    path: str = ""
    everything: bool = False


def routes(gate: CdnGate | None, store: Store, scope: Scope) -> list[Route]:
    """`GET /ls` and `POST /purge`; `gate` is None where the CDN cache is off."""

    async def ls(request: Request) -> Response:
        return JSONResponse(listing(_on(gate)))

    async def purge(request: Request) -> Response:
        wanted = await asked(request, Purge)
        if wanted.tags:
            await store.expire_tags(scope, wanted.tags)
        if gate is None and not wanted.tags:
            _on(gate)
        count = 0 if gate is None else perform(gate, wanted)
        return JSONResponse({"purged": count, "cdn_cache": gate is not None})

    return [Route("/ls", ls), Route("/purge", purge, methods=["POST"])]


def perform(gate: CdnGate, wanted: Purge) -> int:
    """Purge the CDN cache; how many responses it concerned."""
    now = gate.clock()
    if wanted.everything:
        return gate.store.clear()
    if wanted.path:
        return gate.store.delete_path(wanted.path, now)
    if not wanted.delete:
        return gate.store.invalidate(wanted.tags, now)
    if wanted.deadline:
        return gate.store.invalidate(wanted.tags, now, dies_at=now + wanted.deadline)
    return gate.store.delete(wanted.tags, now)


def listing(gate: CdnGate) -> dict[str, Any]:
    """Every cached response, the last used first."""
    now = gate.clock()
    return {
        "bytes": gate.store.size,
        "entries": [_row(entry, now) for entry in gate.store.entries(now)],
    }


def _row(entry: Entry, now: float) -> dict[str, Any]:
    return {
        "host": entry.key.host,
        "path": entry.key.target.decode("latin-1"),
        "state": entry.state(now),
        "status": entry.status,
        "bytes": len(entry.body),
        "age": entry.age(now),
        "fresh": entry.rules.fresh,
        "stale": entry.rules.stale,
        "tags": sorted(entry.rules.tags),
        "vary": {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in zip(entry.rules.vary, entry.values, strict=True)
        },
    }


def _on(gate: CdnGate | None) -> CdnGate:
    if gate is None:
        raise EmuError(
            "CDN_CACHE_OFF",
            "The running emulator has no CDN cache.",
            "Start it with `vercel-emu dev --cdn-cache`.",
        )
    return gate

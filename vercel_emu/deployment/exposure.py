"""Which sources of a project anyone can download: the public files, as the router serves them."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from vercel_emu.deployment.public_files import PublicFiles
from vercel_emu.deployment.routing import RouteRequest, RoutingTable, ServeFile, route

_SHOWN = 5
_MOST_ASKED = 500
"""Of more sources these many, evenly chosen, are asked about: each takes the router 0.1 ms."""
_HEADERS = ((b"host", b"localhost"),)


def exposed_sources(files: PublicFiles, routing: RoutingTable) -> list[str]:
    """URL paths of public sources whose request really ends at them, sorted.

    Of very many only some are looked at.
    """
    sources = files.exposed_sources()
    if "main" not in routing.phases:  # files come before every rule
        return sources
    sources = sources[:: len(sources) // _MOST_ASKED + 1]
    return [path for path in sources if _is_served(path, files, routing)]


def exposure_text(sources: Sequence[str]) -> tuple[str, str]:
    """What to say of them, and what to do."""
    more = f" and {len(sources) - _SHOWN} more" if len(sources) > _SHOWN else ""
    text = f"Anyone can download {', '.join(sources[:_SHOWN])}{more}: without a public/ folder a "
    text += "deployment publishes every file outside of api/."
    return text, "Put what is meant for visitors into public/, or list the rest in .vercelignore."


def _is_served(path: str, files: PublicFiles, routing: RoutingTable) -> bool:
    request = RouteRequest("GET", quote(path, errors="surrogateescape"), "", _HEADERS)
    outcome = route(routing, request, files)
    return isinstance(outcome, ServeFile) and outcome.file == files.find(request.path)

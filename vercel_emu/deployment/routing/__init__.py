"""Where a request goes, decided with values: `compile_routing` once, then `route` per request."""

from vercel_emu.deployment.routing.compile import compile_routing
from vercel_emu.deployment.routing.decide import route
from vercel_emu.deployment.routing.model import (
    FileLookup,
    InvokeFunction,
    NotFound,
    Outcome,
    ProxyExternal,
    Redirect,
    Respond,
    RouteRequest,
    RoutingTable,
    ServeFile,
    TraceEntry,
)

__all__ = [
    "FileLookup",
    "InvokeFunction",
    "NotFound",
    "Outcome",
    "ProxyExternal",
    "Redirect",
    "Respond",
    "RouteRequest",
    "RoutingTable",
    "ServeFile",
    "TraceEntry",
    "compile_routing",
    "route",
]

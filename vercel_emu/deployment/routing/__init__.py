"""Where a request goes, decided with values: `compile_routing` once, then `route` per request.

In come vercel.json's rules and the functions, then each `RouteRequest` with a look at the public
files. Out goes an `Outcome` (a function, a file, a redirect, another origin, a status) with the
trace of every rule that was tried. No sockets, no files, no clock.

Start with `model.py` (the values) and `decide.py` (the phases, in the platform's order), then
`compile.py`. `checks.py` has what the platform refuses, `api_rules.py` the rules it makes of
`api/`; `conditions.py`, `destination.py`, `patterns.py` and `query.py` are the parts of a rule,
and `regex.py` runs expressions in bounded time.
"""

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

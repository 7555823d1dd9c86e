"""Runs every case in the environment that it is started in and prints what was observed, as JSON.

Started with `-m`, once for each environment, with the folder to put first on the path (the
built-in API) or nothing (whatever the environment has). Standard library only.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import io
import json
import ssl
import sys
import warnings

from tests.functions_api.differential.cases import CASES, STATELESS, Case, World
from tests.functions_api.differential.peer import Peer


def forget_vercel() -> None:
    """The next import makes new modules: no case sees the process-wide state of another."""
    for name in [name for name in sys.modules if name == "vercel" or name.startswith("vercel.")]:
        del sys.modules[name]


def describe(value: object) -> object:
    """A value as something that JSON holds and that tells apart what Python tells apart."""
    if isinstance(value, dict):
        items = [[describe(key), describe(item)] for key, item in value.items()]
        return [type(value).__name__, items]
    if isinstance(value, list | tuple):
        return [type(value).__name__, [describe(item) for item in value]]
    if isinstance(value, str | int | float | bool | None | bytes):
        return [type(value).__name__, repr(value)]
    if hasattr(value, "__dataclass_fields__"):
        fields = {name: describe(getattr(value, name)) for name in value.__dataclass_fields__}
        return [type(value).__name__, fields]
    return [type(value).__name__]


def observe(case: Case, world: World) -> dict[str, object]:
    world.reset()
    printed = io.StringIO()
    seen: dict[str, object] = {}
    with (
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
        warnings.catch_warnings(record=True) as caught,
    ):
        warnings.simplefilter("always")
        try:
            value = case(world)
            if asyncio.iscoroutine(value):
                value = asyncio.run(value)
            seen["returned"] = describe(value)
        except Exception as error:
            seen["raised"] = [type(error).__name__, str(error)]
    said = printed.getvalue().replace(str(world.peer.port), "PORT")
    seen["printed"] = said
    # When a forgotten client's socket is collected is no behaviour of the API.
    told = [warning for warning in caught if not issubclass(warning.category, ResourceWarning)]
    seen["warned"] = [str(warning.message) for warning in told]
    seen["requests"] = world.peer.take_requests()
    return seen


def make_tls_contexts_cheap() -> None:
    """The official client makes one for each call, for plain HTTP too: most of its run time."""
    ssl.create_default_context = functools.cache(  # type: ignore[assignment]
        ssl.create_default_context
    )
    with contextlib.suppress(ImportError):
        import httpcore2

        httpcore2.default_ssl_context = functools.cache(httpcore2.default_ssl_context)


def main() -> None:
    make_tls_contexts_cheap()
    if len(sys.argv) > 1:
        sys.path.insert(0, sys.argv[1])
    with Peer() as peer:
        world = World(peer)
        observed = {}
        for name, case in CASES.items():
            if name not in STATELESS:
                forget_vercel()
            observed[name] = observe(case, world)
    json.dump(observed, sys.stdout)


if __name__ == "__main__":
    main()

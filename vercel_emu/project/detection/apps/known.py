"""What the objects of widely used libraries are on the platform, by what makes them.

Names as `guest/analysis` gives them: `flask.Flask()` is what calling `flask.Flask` gives. Each was
put to the runtime's own test (`vercel_runtime.resolver.detect_app_type`).
"""

from __future__ import annotations

from dataclasses import dataclass

_APPS = {
    "FastAPI": ("fastapi.FastAPI", "fastapi.applications.FastAPI"),
    "Starlette": ("starlette.applications.Starlette",),
    "Flask": ("flask.Flask", "flask.app.Flask", "apiflask.APIFlask"),
    "Quart": ("quart.Quart", "quart.app.Quart"),
    "Sanic": ("sanic.Sanic", "sanic.app.Sanic"),
    "Litestar": ("litestar.Litestar", "litestar.app.Litestar"),
    "Bottle": ("bottle.Bottle", "bottle.default_app", "bottle.app"),
    "Falcon": ("falcon.App", "falcon.asgi.App", "falcon.API"),
    "FastHTML": ("fasthtml.common.FastHTML", "fasthtml.FastHTML", "fasthtml.core.FastHTML"),
    "WSGI": (
        *("django.core.wsgi.get_wsgi_application", "socketio.WSGIApp"),
        "pyramid.config.Configurator().make_wsgi_app",
    ),
    "ASGI": (
        *("django.core.asgi.get_asgi_application", "socketio.ASGIApp", "blacksheep.Application"),
        *("fastmcp.FastMCP().http_app", "fastmcp.FastMCP().streamable_http_app"),
        "mcp.server.fastmcp.FastMCP().streamable_http_app",
    ),
}
_KIND = {f"{maker}()": kind for kind, makers in _APPS.items() for maker in makers}


@dataclass(frozen=True, slots=True)
class Unfit:
    """An object that is neither ASGI nor WSGI.

    `instead` is the expression of one that is, with `{}` for the object, and `name` a good name
    for the object then. Where there is none, `advice` says what to do.
    """

    kind: str
    instead: str = ""
    name: str = ""
    advice: str = "It can't run on Vercel."


_UNFIT = (
    (("dash.Dash", "dash.dash.Dash"), Unfit("a Dash object", "{}.server", "dash_app")),
    (
        ("aiohttp.web.Application", "aiohttp.web_app.Application", "aiohttp.Application"),
        Unfit("an aiohttp application"),
    ),
    (("robyn.Robyn",), Unfit("a Robyn application")),
    (("tornado.web.Application",), Unfit("a Tornado application")),
    (
        ("gradio.Blocks", "gradio.Interface", "gradio.ChatInterface", "gradio.TabbedInterface"),
        Unfit(
            "a Gradio interface",
            "gradio.mount_gradio_app(fastapi.FastAPI(), {}, path='/')",
            "interface",
        ),
    ),
    (("fastmcp.FastMCP",), Unfit("a FastMCP server", "{}.http_app()", "mcp")),
    (
        ("mcp.server.fastmcp.FastMCP", "mcp.server.mcpserver.MCPServer"),
        Unfit("an MCP server", "{}.streamable_http_app()", "mcp"),
    ),
    (("typer.Typer",), Unfit("a Typer command line")),
    (("socketio.AsyncServer",), Unfit("a Socket.IO server", "socketio.ASGIApp({})", "sio")),
    (("socketio.Server",), Unfit("a Socket.IO server", "socketio.WSGIApp({})", "sio")),
    (
        ("flask_socketio.SocketIO",),
        Unfit("a SocketIO object", advice="Export the Flask app that it was given."),
    ),
    (
        ("flask.Blueprint", "quart.Blueprint"),
        Unfit("a blueprint", advice="Register it in an app, and export that."),
    ),
    # It has two parameters, as a WSGI app has, so it fails only when it is called.
    (
        ("mangum.Mangum", "mangum.adapter.Mangum"),
        Unfit("a handler for AWS Lambda", advice="Export the app that Mangum was given."),
    ),
)
_UNFIT_OF = {f"{maker}()": what for makers, what in _UNFIT for maker in makers}


_ASGI = frozenset(
    f"{maker}()"
    for kind in ("FastAPI", "Starlette", "Quart", "Sanic", "Litestar", "FastHTML", "ASGI")
    for maker in _APPS[kind]
)


def is_asgi(stands_for: str) -> bool:
    """Whether it is known to be an ASGI app; it may be one where it is not."""
    return stands_for in _ASGI


def kind_of_app(stands_for: str) -> str | None:
    """`FastAPI`, `Flask`... where it is known to be an app that runs, else None."""
    return _KIND.get(stands_for)


def unfit(stands_for: str) -> Unfit | None:
    """What an object is that can't be the app; None for one that may be."""
    return _UNFIT_OF.get(stands_for)

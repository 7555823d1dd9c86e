"""Calls that start a server, or wait for ever, while the app is imported.

A deployment times out at such a line, and so does a start here. Only what is sure is told: calls
that every import makes, of objects whose library is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vercel_emu.errors import Where
from vercel_emu.guest.analysis.facts import OPTIONAL, Call
from vercel_emu.project.detection.apps.followed import Followed

_BLOCKING = frozenset(
    (
        *("uvicorn.run", "uvicorn.main.run", "uvicorn.Server().run", "waitress.serve"),
        *("werkzeug.serving.run_simple", "werkzeug.run_simple", "bottle.run"),
        *("aiohttp.web.run_app", "cherrypy.quickstart", "eventlet.wsgi.server"),
        *("tornado.ioloop.IOLoop.current().start", "tornado.ioloop.IOLoop.instance().start"),
        *("wsgiref.simple_server.make_server().serve_forever", "cheroot.wsgi.Server().start"),
        *("http.server.HTTPServer().serve_forever", "gevent.pywsgi.WSGIServer().serve_forever"),
        *("http.server.ThreadingHTTPServer().serve_forever", "granian.Granian().serve"),
        *("flask.Flask().run", "flask.app.Flask().run", "apiflask.APIFlask().run"),
        *("quart.Quart().run", "quart.app.Quart().run", "bottle.Bottle().run"),
        *("bottle.default_app().run", "bottle.app().run", "sanic.Sanic().run"),
        *("dash.Dash().run", "dash.Dash().run_server", "robyn.Robyn().start"),
        *("flask_socketio.SocketIO().run", "connexion.App().run", "connexion.FlaskApp().run"),
        *("connexion.AsyncApp().run", "flask_openapi3.OpenAPI().run"),
        *("fastmcp.FastMCP().run", "mcp.server.fastmcp.FastMCP().run"),
        *("telebot.TeleBot().polling", "telebot.TeleBot().infinity_polling"),
        *("discord.Client().run", "discord.ext.commands.Bot().run"),
    )
)
_COROUTINES = frozenset(
    (
        *("uvicorn.Server().serve", "hypercorn.asyncio.serve", "hypercorn.trio.serve"),
        *("quart.Quart().run_task", "fastmcp.FastMCP().run_async"),
        *("aiogram.Dispatcher().start_polling", "discord.Client().start"),
    )
)
"""What runs for ever once something runs the coroutine."""
_RUNNERS = frozenset({"asyncio.run", "uvloop.run", "anyio.run", "trio.run"})
_GRADIO = frozenset(
    f"gradio.{name}().launch"
    for name in ("Blocks", "Interface", "ChatInterface", "TabbedInterface")
)


@dataclass(frozen=True, slots=True)
class Server:
    """A call that never returns: its place, how it is written, and the line at the top level of
    the file that leads to it, where it stands in a function."""

    where: Where
    written: str
    through: int | None = None

    @property
    def text(self) -> str:
        """What is wrong."""
        way = f" (called in line {self.through})" if self.through is not None else ""
        return f"`{self.written}()`{way} never returns, so the import of the app never ends"

    @property
    def hint(self) -> str:
        """What to do."""
        line = "it" if self.through is None else f"the call in line {self.through}"
        return f'Put {line} under `if __name__ == "__main__":`. A deployment would time out here.'


def servers_at_import(followed: Followed) -> Iterator[Server]:
    """The calls of the app's files that surely happen at import, and never return."""
    for file, facts in followed.files.items():
        run_lines = {call.line for call in facts.calls if _runs_coroutines(call)}
        for call in facts.calls:
            if _is_sure(call) and _never_returns(call, file, followed, run_lines):
                yield Server(Where(file, line=call.line), call.written, call.through)


def _never_returns(call: Call, file: str, followed: Followed, run_lines: set[int]) -> bool:
    callee = followed.meaning(call.callee, file)
    if callee in _BLOCKING:
        return True
    if callee in _GRADIO:
        return "prevent_thread_lock" not in dict(call.keywords)
    if callee in _COROUTINES:
        return call.through is not None or call.line in run_lines
    return callee.startswith("telegram.ext.") and callee.endswith((".run_polling", ".run_webhook"))


def _is_sure(call: Call) -> bool:
    return set(call.conditions) <= {OPTIONAL}


def _runs_coroutines(call: Call) -> bool:
    runs = call.callee in _RUNNERS or call.callee.endswith(".run_until_complete")
    return runs and _is_sure(call)

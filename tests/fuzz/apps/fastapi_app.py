"""The ASGI app under test: echoes which request it got."""

import sys
from typing import Any

import recorder
from fastapi import FastAPI, Request, Response, WebSocket


class Recorded(FastAPI):
    """Notes each head as the runtime's middleware got it, internal headers included."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] in ("http", "websocket"):
            whole = sys._getframe(1).f_locals.get("scope", scope)
            query = b"?" + whole["query_string"] if whole["query_string"] else b""
            target = (whole.get("raw_path") or whole["path"].encode()) + query
            line = f"{whole.get('method', 'GET')} {target.decode('latin-1')} HTTP/1.1\r\n"
            pairs = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in whole["headers"]]
            recorder.note("raw", line, pairs)
        await super().__call__(scope, receive, send)


app = Recorded(docs_url=None, redoc_url=None, openapi_url=None)
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


@app.get("/_seen")
def seen() -> Response:
    return Response(recorder.drain(), media_type="application/json")


@app.api_route("/canary/{token}", methods=["GET", "POST"])
async def canary(token: str, request: Request) -> Response:
    return Response(f"canary {token} {len(await request.body())}", media_type="text/plain")


@app.websocket("/ws")
async def accepted(socket: WebSocket) -> None:
    await socket.accept()
    await socket.close()


@app.websocket("/ws-refused")
async def refused(socket: WebSocket) -> None:
    await socket.close()


@app.api_route("/unread/{rest:path}", methods=METHODS)
async def unread(request: Request) -> Response:
    return echo(request, 0)


@app.api_route("/status/{status}", methods=METHODS)
async def with_status(status: int, request: Request) -> Response:
    response = echo(request, len(await request.body()))
    response.status_code = status
    return response


@app.api_route("/{rest:path}", methods=METHODS)
async def anything(request: Request) -> Response:
    return echo(request, len(await request.body()))


def echo(request: Request, length: int) -> Response:
    tag = request.headers.get("x-fuzz", "-").encode("ascii", "replace").decode()
    return Response(f"echo {tag} {length}", media_type="text/plain", headers={"x-echo": tag})

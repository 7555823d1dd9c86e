"""HTTPS as a deployment has it, and what is said where a client wants it in vain."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import websockets

from tests.real.support import Emulation, clean_environ, emulation
from vercel_emu import events

APP = """
import json, os, urllib.request
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.httpsredirect import HTTPSRedirectMiddleware
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute

async def show(request):
    kept = {n: v for n, v in request.headers.items() if n.startswith(("x-forwarded", "forwarded"))}
    headers = {"strict-transport-security": "max-age=9", "set-cookie": "a=b; Secure"}
    return JSONResponse({"url": str(request.url), "headers": kept}, headers=headers)

def ask_itself(request):
    with urllib.request.urlopen("https://" + os.environ["VERCEL_URL"] + "/") as answer:
        return JSONResponse(json.load(answer))

async def echo(socket):
    await socket.accept()
    await socket.send_text(socket.url.scheme)
    await socket.send_text(await socket.receive_text())
    await socket.close()

routes = [Route("/", show), Route("/itself", ask_itself), WebSocketRoute("/ws", echo)]
app = Starlette(routes=routes, middleware=[Middleware(HTTPSRedirectMiddleware)])
"""


@pytest.fixture(scope="module")
def data_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, data_home: Path) -> Iterator[Emulation]:
    environ = clean_environ(XDG_DATA_HOME=str(data_home))
    root = tmp_path_factory.mktemp("https")
    with emulation(root, {"app.py": APP}, environ, https=True) as running:
        yield running


@pytest.fixture(scope="module")
def trusting(served: Emulation, data_home: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=data_home / "vercel-emu" / "authority.pem")


@pytest.mark.parametrize("address", ["localhost", "127.0.0.1"])
def test_the_app_sees_https(served: Emulation, trusting: ssl.SSLContext, address: str) -> None:
    assert served.url.startswith("https://localhost:")
    answer = httpx.get(f"https://{address}:{served.port}/", verify=trusting, trust_env=False)
    assert answer.status_code == 200
    assert answer.json()["url"] == f"https://{address}:{served.port}/"
    headers = answer.json()["headers"]
    assert headers["x-forwarded-proto"] == "https"
    assert ";proto=https;" in headers["forwarded"]
    assert "strict-transport-security" not in answer.headers
    assert answer.headers["set-cookie"] == "a=b; Secure"


def test_the_app_asks_itself(served: Emulation, trusting: ssl.SSLContext) -> None:
    answer = httpx.get(f"{served.url}/itself", verify=trusting, trust_env=False, timeout=60)
    assert answer.json()["url"] == f"{served.url}/"


def test_a_websocket(served: Emulation, trusting: ssl.SSLContext) -> None:
    async def talk() -> list[str | bytes]:
        address = f"wss://localhost:{served.port}/ws"
        async with websockets.connect(address, ssl=trusting, proxy=None) as socket:
            scheme = await socket.recv()
            await socket.send("x" * 300_000)
            return [scheme, await socket.recv()]

    assert asyncio.run(talk()) == ["wss", "x" * 300_000]


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Emulation]:
    with emulation(tmp_path, {"app.py": APP}) as running:
        yield running


def test_an_app_that_wants_https_and_a_client_that_speaks_it(plain: Emulation) -> None:
    for _ in range(2):
        assert plain.get("/").status_code == 307
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"https://127.0.0.1:{plain.port}/", verify=False, trust_env=False)
    notices = [one.code for one in plain.events.all(events.Notice)]
    assert notices.count("REDIRECT_TO_HTTPS") == 1
    assert notices.count("SPEAKS_TLS") == 1
    assert plain.events.all(events.ResponseSent, lambda sent: sent.method == "?") == []


def test_bytes_of_tls_after_a_request_are_malformed(plain: Emulation) -> None:
    answer = plain.raw(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n\x16\x03\x01\x00\x05")
    assert answer.count(b"HTTP/1.1 ") == 2
    assert b"BAD_REQUEST" in answer
    assert len(plain.events.all(events.ResponseSent, lambda sent: sent.method == "?")) == 1


def test_a_proxy_of_the_shell_is_not_asked(tmp_path: Path) -> None:
    app = """
import os, urllib.request

def app(environ, start_response):
    start_response("200 OK", [])
    if environ["PATH_INFO"] == "/":
        return [urllib.request.urlopen("http://" + os.environ["VERCEL_URL"] + "/other").read()]
    return [os.environ["NO_PROXY"].encode()]
"""
    dead = "http://127.0.0.1:9"
    environ = clean_environ(HTTP_PROXY=dead, http_proxy=dead, NO_PROXY="corp", no_proxy="")
    with emulation(tmp_path, {"app.py": app}, environ) as running:
        assert running.get("/").text == "corp,localhost,127.0.0.1,::1"

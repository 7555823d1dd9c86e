"""Static files over a real server: bytes, ranges, conditional requests, nothing outside."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from tests.real.support import PATIENCE
from vercel_emu.deployment.public_files import Mount, PublicFiles
from vercel_emu.edge.responses.static_file import EtagCache, send_file

BIG = bytes(range(256)) * 4096


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[httpx.Client, Path]]:
    """A server of `tmp_path/public` on a free port, and a client for it."""
    public = tmp_path / "public"
    public.mkdir()
    (public / "hello.txt").write_text("hello, world")
    (public / "big.bin").write_bytes(BIG)
    (tmp_path / "secret.txt").write_text("secret")
    files, etags = PublicFiles([Mount(public)]), EtagCache()

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        path = scope["raw_path"].decode("latin-1")
        file = files.find(path)
        if file is None or not await send_file(
            file, scope["method"], scope["headers"], send, etags
        ):
            await send({"type": "http.response.start", "status": 404, "headers": []})
            await send({"type": "http.response.body", "body": b"nothing"})

    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, lifespan="off", log_level="error")
    running = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(running.serve([listener])))
    thread.start()
    port = listener.getsockname()[1]
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
            yield client, public
    finally:
        running.should_exit = True
        thread.join()


def test_whole_file_range_and_conditional(server: tuple[httpx.Client, Path]) -> None:
    client, _ = server
    whole = client.get("/big.bin")
    assert whole.content == BIG
    part = client.get("/big.bin", headers={"range": "bytes=300000-300009"})
    assert (part.status_code, part.content) == (206, BIG[300000:300010])
    again = client.get("/big.bin", headers={"if-none-match": whole.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = client.head("/big.bin")
    assert (head.headers["content-length"], head.content) == (str(len(BIG)), b"")
    assert client.get("/big.bin", headers={"range": "bytes=99999999-"}).status_code == 416


def test_nothing_outside_is_served(server: tuple[httpx.Client, Path]) -> None:
    client, _ = server
    port = client.base_url.port
    assert port is not None
    for path in (
        b"/../secret.txt",
        b"/%2e%2e/secret.txt",
        b"/..%2fsecret.txt",
        b"/..%5csecret.txt",
    ):
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(
                b"GET " + path + b" HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
            )
            answer = b"".join(iter(lambda: connection.recv(4096), b""))
        assert b"404" in answer.split(b"\r\n", 1)[0]
        assert b"secret" not in answer


def test_removed_file_is_not_there(server: tuple[httpx.Client, Path]) -> None:
    client, public = server
    (public / "hello.txt").unlink()
    assert client.get("/hello.txt").status_code == 404

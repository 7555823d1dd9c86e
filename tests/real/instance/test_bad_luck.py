"""Instances that somebody else ends, or that no longer listen."""

from __future__ import annotations

import os
import signal

from websockets.sync.client import connect

from tests.real.conftest import Emulate
from tests.real.support import wait_until
from vercel_emu import events

SLOW = """
import os, time
FIRST = os.path.join(os.path.dirname(__file__), "first")
if not os.path.exists(FIRST):
    open(FIRST, "w").close()
    time.sleep(60)
def app(environ, start_response):
    start_response("200 OK", [("content-type", "text/plain")])
    return [b"ok"]
"""

DEAF = """
import gc, os, socket
from fastapi import FastAPI, WebSocket
app = FastAPI()

@app.get("/pid")
def pid():
    return os.getpid()

@app.websocket("/ws")
async def socket_of_a_client(websocket: WebSocket):
    await websocket.accept()
    await websocket.send_text(str(os.getpid()))

@app.get("/deaf")
def deaf():
    for one in gc.get_objects():
        if isinstance(one, socket.socket) and one.fileno() >= 0 and one.family == socket.AF_INET:
            if one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                one.shutdown(socket.SHUT_RDWR)
                one.close()
"""


def test_a_start_that_is_killed_is_tried_again_with_the_next_request(emulate: Emulate) -> None:
    running = emulate({"app.py": SLOW})
    wait_until((running.root / "first").exists)
    (instance,) = running.instances()
    pid = instance.process.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    failed = running.events.wait(events.InstanceFailed)
    assert failed.message == "the process was ended by SIGKILL"
    assert running.get("/").text == "ok"


def test_an_instance_that_no_longer_listens_is_replaced_for_a_websocket(emulate: Emulate) -> None:
    running = emulate({"app.py": DEAF})
    first = running.get("/pid").json()
    running.get("/deaf")
    with connect(f"{running.url.replace('http', 'ws')}/ws") as client:
        assert client.recv() not in ("", str(first))
    assert len(running.events.all(events.InstanceReady)) == 2


def test_an_instance_that_no_longer_listens_is_replaced(emulate: Emulate) -> None:
    running = emulate({"app.py": DEAF})
    first = running.get("/pid").json()
    running.get("/deaf")
    (instance,) = running.instances()
    assert instance.connections is not None
    instance.connections.close()
    second = running.get("/pid")
    assert second.status_code == 200
    assert second.json() != first
    assert len(running.events.all(events.InstanceReady)) == 2

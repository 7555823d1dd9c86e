"""The runtime cache outside of a request: as in a deployment, only the memory of the process."""

from __future__ import annotations

import pytest

from tests.real.conftest import Emulate
from vercel_emu import events

APP = """
import os
import threading
from contextlib import asynccontextmanager

from fastapi import FastAPI
from vercel.functions import AsyncRuntimeCache, RuntimeCache

cache = RuntimeCache()
cache.set("at import", 1)

@asynccontextmanager
async def lifespan(app):
    await AsyncRuntimeCache().set("in lifespan", 2)
    yield

app = FastAPI(lifespan=lifespan)

@app.get("/")
def read():
    names = [name for name in os.environ if name.startswith("RUNTIME_CACHE")]
    return [cache.get("at import"), cache.get("in lifespan"), names]

@app.get("/thread")
def thread():
    cache.set("in a request", 3)
    found = []
    # Without the request's context, as a worker has it.
    worker = threading.Thread(target=lambda: found.append(cache.get("in a request")))
    worker.start()
    worker.join()
    return found
"""


@pytest.mark.parametrize("official", [True, False])
def test_what_is_set_outside_of_a_request_is_not_there(emulate: Emulate, official: bool) -> None:
    running = emulate({"app.py": APP}, official_cache_client=official)
    assert running.get("/").json() == [None, None, []]
    (notice,) = running.events.all(
        events.Notice, lambda event: event.code == "CACHE_OUTSIDE_REQUEST"
    )
    assert notice.message.startswith("app.py:10: ")
    assert running.get("/thread").json() == [3], "the SDK remembers the last request's client"


def test_in_requests_alone_nothing_is_said(emulate: Emulate) -> None:
    app = APP.replace('cache.set("at import", 1)', "").replace(
        'await AsyncRuntimeCache().set("in lifespan", 2)', ""
    )
    running = emulate({"app.py": app})
    running.get("/thread")
    assert not running.events.all(events.Notice, lambda e: e.code == "CACHE_OUTSIDE_REQUEST")

"""A FastAPI app that uses every function of `vercel.functions`."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import HTMLResponse, StreamingResponse
from origin import POSTS, fetch_blog
from page import render
from vercel.functions import (
    AsyncRuntimeCache,
    RuntimeCache,
    geolocation,
    get_deadline,
    get_env,
    ip_address,
    wait_until,
)

app = FastAPI(title="FastAPI on Vercel")

HOUR = 3600


@app.get("/", response_class=HTMLResponse)
def index(request: Request) -> str:
    return render(city=geolocation(request).get("city"))


# Who is asking, and where this runs


@app.get("/api/geo")
def geo(request: Request) -> dict[str, str | None]:
    return dict(geolocation(request))


@app.get("/api/ip")
def ip(request: Request) -> dict[str, str | None]:
    return {"ip": ip_address(request)}


@app.get("/api/env")
def env() -> dict[str, str | None]:
    return get_env().to_dict()


# The runtime cache: shared by all instances in a region, and kept between deployments' requests


@app.get("/api/cache")
def cache() -> dict[str, int]:
    """Counts visits until the tag expires, or for an hour after the last one."""
    stored = RuntimeCache()
    visits = (stored.get("visits") or 0) + 1
    stored.set("visits", visits, {"ttl": HOUR, "tags": ["visits"]})
    return {"visits": visits}


@app.post("/api/cache/expire")
def cache_expire() -> dict[str, str]:
    RuntimeCache().expire_tag("visits")
    return {"expired": "visits"}


@app.get("/api/cache-async")
async def cache_async() -> dict[str, int]:
    """The same counter, without blocking the event loop."""
    stored = AsyncRuntimeCache()
    visits = (await stored.get("visits") or 0) + 1
    await stored.set("visits", visits, {"ttl": HOUR, "tags": ["visits"]})
    return {"visits": visits}


# A blog whose posts come from an origin once an hour, or after the tag `blog` expired


@app.get("/api/blog")
def blog() -> dict[str, Any]:
    stored = RuntimeCache()
    found = stored.get("blog")
    if found is not None:
        return {**found, "cached": True}
    fresh = fetch_blog()
    stored.set("blog", fresh, {"ttl": HOUR, "tags": ["blog"]})
    return {**fresh, "cached": False}


@app.get("/api/blog-async")
async def blog_async() -> dict[str, Any]:
    stored = AsyncRuntimeCache()
    found = await stored.get("blog")
    if found is not None:
        return {**found, "cached": True}
    fresh = await asyncio.to_thread(fetch_blog)
    await stored.set("blog", fresh, {"ttl": HOUR, "tags": ["blog"]})
    return {**fresh, "cached": False}


@app.post("/api/blog/expire")
async def blog_expire() -> dict[str, str]:
    await AsyncRuntimeCache().expire_tag("blog")
    return {"expired": "blog"}


@app.get("/origin/blog")
def origin_blog() -> list[dict[str, str]]:
    """The origin over HTTP, for `BLOG_ORIGIN` of another app."""
    return POSTS


# The invocation: work after the response, and the time that is left


@app.get("/api/background")
async def background(request: Request) -> dict[str, str]:
    wait_until(write_report(ip_address(request)))
    return {"status": "the report is written after this response"}


async def write_report(visitor: str | None) -> None:
    await asyncio.sleep(0.5)
    print(f"report written for {visitor}")


@app.get("/api/deadline")
def deadline() -> dict[str, Any]:
    end = get_deadline()
    if end is None:  # not on the platform
        return {"deadline": None, "seconds_left": None}
    left = (end - datetime.now(UTC)).total_seconds()
    return {"deadline": end.isoformat(), "seconds_left": round(left, 3)}


# Streams


@app.get("/api/stream")
async def stream() -> StreamingResponse:
    return StreamingResponse(tokens(), media_type="text/event-stream")


async def tokens() -> AsyncIterator[str]:
    for number in range(10):
        yield f"data: token {number}\n\n"
        await asyncio.sleep(0.1)


@app.websocket("/ws")
async def echo(websocket: WebSocket) -> None:
    """Sends back every message, text as text and binary as binary."""
    await websocket.accept()
    try:
        while True:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if message.get("text") is not None:
                await websocket.send_text(message["text"])
            else:
                await websocket.send_bytes(message["bytes"])
    except WebSocketDisconnect:
        return

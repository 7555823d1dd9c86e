"""The gate over a store and a clock of our own: hits, staleness, variants, purging, streaming."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.types import Send

from vercel_emu.cdn_cache.gate import CdnGate, CdnRequest, OnHead
from vercel_emu.cdn_cache.store import ResponseStore
from vercel_emu.control.cdn_routes import Purge, listing, perform
from vercel_emu.events import Event, Reloading
from vercel_emu.platform.limits import CDN_RESPONSE_BYTES


class Answer:
    """What a client received."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.parts: list[bytes] = []

    @property
    def body(self) -> bytes:
        return b"".join(self.parts)

    @property
    def state(self) -> str:
        return self.headers["x-vercel-cache"]

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            self.parts.append(message.get("body", b""))


class World:
    """A deployment whose function counts its calls, and a clock that stands still."""

    def __init__(self, **function_headers: str) -> None:
        self.now = 1000.0
        self.events: list[Event] = []
        self.gate = CdnGate(self.events.append, ResponseStore(), lambda: self.now)
        self.calls = 0
        self.background = 0
        self.status = 200
        self.headers = {"cache-control": "s-maxage=60", **function_headers}
        self.parts: list[bytes] | None = None
        self.error: Exception | None = None

    async def origin(self, send: Send, on_head: OnHead, *, background: bool) -> None:
        self.calls += 1
        self.background += background
        if self.error is not None:
            raise self.error
        own = [(n.replace("_", "-").encode(), v.encode()) for n, v in self.headers.items()]
        on_head(self.status, own)
        edge = [(b"x-vercel-cache", b"MISS"), (b"x-vercel-id", b"iad1::iad1::1")]
        await send({"type": "http.response.start", "status": self.status, "headers": own + edge})
        for part in self.parts or [f"call {self.calls}".encode()]:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def get(self, target: str = "/", method: str = "GET", **headers: str) -> Answer:
        pairs = [(n.replace("_", "-").encode(), v.encode()) for n, v in headers.items()]
        answer = Answer()
        asked = CdnRequest(method=method, host="h", target=target.encode(), headers=pairs)
        await self.gate.serve(asked, answer.send, self.origin)
        return answer

    async def settle(self) -> None:
        """Let what is renewed in the background finish."""
        while tasks := list(self.gate._renewing.values()):
            await asyncio.gather(*tasks)


def play(scene: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(scene())  # type: ignore[arg-type]


def test_miss_then_hit_with_its_age() -> None:
    async def scene() -> None:
        world = World()
        assert (await world.get()).state == "MISS"
        world.now += 5
        hit = await world.get()
        assert (hit.state, hit.body, hit.headers["age"]) == ("HIT", b"call 1", "5")
        assert "x-vercel-id" not in hit.headers
        assert (await world.get("/?a=1")).state == "MISS"
        world.now += 60
        assert (await world.get()).body == b"call 3"

    play(scene)


def test_head_is_answered_from_get_without_a_body() -> None:
    async def scene() -> None:
        world = World()
        assert (await world.get(method="HEAD")).state == "MISS"
        assert (await world.get()).state == "MISS"
        head = await world.get(method="HEAD")
        assert (head.state, head.body, head.headers["content-length"]) == ("HIT", b"", "6")

    play(scene)


def test_stale_is_served_once_and_renewed_in_the_background() -> None:
    async def scene() -> None:
        world = World(cache_control="s-maxage=1, stale-while-revalidate=10")
        world.headers = {"cache-control": "s-maxage=1, stale-while-revalidate=10"}
        await world.get()
        world.now += 5
        answers = await asyncio.gather(world.get(), world.get())
        assert [(one.state, one.body) for one in answers] == [("STALE", b"call 1")] * 2
        await world.settle()
        assert (world.calls, world.background) == (2, 1)
        fresh = await world.get()
        assert (fresh.state, fresh.body) == ("HIT", b"call 2")
        world.now += 12
        assert (await world.get()).state == "MISS"

    play(scene)


def test_a_failing_renewal_keeps_the_stale_response() -> None:
    async def scene() -> None:
        world = World()
        world.headers = {"cache-control": "s-maxage=1, stale-while-revalidate=10"}
        await world.get()
        world.now += 2
        world.status = 500
        await world.get()
        await world.settle()
        assert (await world.get()).body == b"call 1"
        await world.settle()
        world.error = RuntimeError("gone")
        await world.get()
        await world.settle()
        assert len(world.events) == 1
        world.error, world.status, world.headers = None, 200, {"cache-control": "no-store"}
        assert (await world.get()).state == "STALE"
        await world.settle()
        assert (await world.get()).state == "MISS"

    play(scene)


def test_variants_by_header() -> None:
    async def scene() -> None:
        world = World(vary="x-vercel-ip-country")
        await world.get(x_vercel_ip_country="DE")
        await world.get(x_vercel_ip_country="JP")
        assert (await world.get(x_vercel_ip_country="DE")).body == b"call 1"
        assert (await world.get(x_vercel_ip_country="JP")).body == b"call 2"
        assert (await world.get()).state == "MISS"

    play(scene)


def test_bypass_and_other_methods() -> None:
    async def scene() -> None:
        world = World()
        await world.get()
        assert (await world.get(authorization="x")).state == "BYPASS"
        assert (await world.get(range="bytes=0-1")).state == "BYPASS"
        assert (await world.get(method="POST")).state == "MISS"
        assert (await world.get()).body == b"call 1"

    play(scene)


def test_not_modified() -> None:
    async def scene() -> None:
        world = World(etag='"v1"')
        await world.get()
        answer = await world.get(if_none_match='W/"v1"')
        assert (answer.status, answer.body, answer.state) == (304, b"", "HIT")
        assert "content-length" not in answer.headers
        assert (await world.get(if_none_match='"v0"')).status == 200

    play(scene)


def test_parts_pass_through_as_they_come_and_large_ones_are_not_kept() -> None:
    async def scene() -> None:
        world = World()
        world.parts = [b"a", b"b"]
        assert (await world.get()).parts == [b"a", b"b", b""]
        assert (await world.get()).body == b"ab"
        world.parts = [b"x" * CDN_RESPONSE_BYTES, b"x"]
        assert len((await world.get("/large")).body) == CDN_RESPONSE_BYTES + 1
        assert (await world.get("/large")).state == "MISS"

    play(scene)


def test_purge_by_tag() -> None:
    async def scene() -> None:
        world = World(vercel_cache_tag="news, all")
        await world.get()
        assert perform(world.gate, Purge(tags=("other",))) == 0
        assert perform(world.gate, Purge(tags=("news",))) == 1
        assert (await world.get()).state == "STALE"
        await world.settle()
        assert (await world.get()).state == "HIT"
        assert perform(world.gate, Purge(tags=("all",), delete=True)) == 1
        assert (await world.get()).state == "MISS"

    play(scene)


def test_a_deletion_with_a_deadline() -> None:
    async def scene() -> None:
        world = World(vercel_cache_tag="news")
        await world.get()
        await world.get("/other")
        assert perform(world.gate, Purge(tags=("news",), delete=True, deadline=5)) == 2
        assert (await world.get()).state == "STALE"
        await world.settle()
        world.now += 6
        assert (await world.get()).state == "HIT"
        assert (await world.get("/other")).state == "MISS"

    play(scene)


def test_new_code_is_a_new_deployment() -> None:
    async def scene() -> None:
        world = World()
        await world.get()
        world.gate.on_event(Reloading(files=("app.py",)))
        assert (await world.get()).state == "MISS"

        async def slow(send: Send, on_head: OnHead, *, background: bool) -> None:
            world.gate.on_event(Reloading(files=("app.py",)))
            await world.origin(send, on_head, background=background)

        asked = CdnRequest(method="GET", host="h", target=b"/old", headers=[])
        await world.gate.serve(asked, Answer().send, slow)
        assert (await world.get("/old")).state == "MISS"

    play(scene)


def test_listing_path_and_bounds() -> None:
    async def scene() -> None:
        world = World(vercel_cache_tag="b, a")
        await world.get("/one?x=1")
        await world.get("/two")
        rows = listing(world.gate)["entries"]
        assert [row["path"] for row in rows] == ["/two", "/one?x=1"]
        assert rows[0]["tags"] == ["a", "b"]
        assert perform(world.gate, Purge(path="/one")) == 1
        assert perform(world.gate, Purge(everything=True)) == 1
        assert listing(world.gate) == {"bytes": 0, "entries": []}
        small = ResponseStore(max_bytes=2000)
        world.gate.store = small
        for number in range(10):
            await world.get(f"/{number}")
        assert 0 < small.size <= 2000
        assert (await world.get("/9")).state == "HIT"

    play(scene)

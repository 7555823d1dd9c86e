"""The cache through the official SDK, sync and async, and the protocol's every answer."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from vercel.cache import AsyncRuntimeCache, RuntimeCache, RuntimeCacheError
from vercel.cache.cache_build import AsyncBuildCache, BuildCache
from vercel.cache.context import set_context

from tests.real.support import PATIENCE
from tests.runtime_cache.stores import SCOPE, Place, redis_server
from vercel_emu.platform import header_names as names
from vercel_emu.runtime_cache import sdk_keys
from vercel_emu.runtime_cache.http_api import RuntimeCacheAPI

TOKEN = "test-token"
LIMIT = 2 * 1024 * 1024
BAD_TTL = '{"error":"Invalid revalidate value"}'


@dataclass
class Served:
    """A listener with the cache, in a thread of its own."""

    place: Place
    url: str = ""

    @property
    def endpoint(self) -> str:
        return f"{self.url}/v1/suspense-cache/"

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {TOKEN}"}

    def call(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **options: Any
    ) -> httpx.Response:
        headers = {**self.headers, **(headers or {})}
        return httpx.request(
            method, self.endpoint + path, headers=headers, timeout=PATIENCE, **options
        )


def serve(place: Place, ready: threading.Event, served: Served, stop: list[uvicorn.Server]) -> None:
    async def main() -> None:
        store = place.open()
        api = RuntimeCacheAPI(store, SCOPE, TOKEN, place.log)
        config = uvicorn.Config(api, port=0, log_level="warning", lifespan="off")
        config.load()
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        await server.startup()
        port = server.servers[0].sockets[0].getsockname()[1]
        api.port = port
        served.url = f"http://127.0.0.1:{port}"
        stop.append(server)
        ready.set()
        await server.main_loop()
        await server.shutdown()
        await store.close()

    asyncio.run(main())


@pytest.fixture(scope="module", params=["file", "memory", "redis"])
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    if request.param == "redis":
        with redis_server() as url:
            yield from running(Place(url, Path()))
    else:
        yield from running(Place(request.param, tmp_path_factory.mktemp("cache")))


def running(place: Place) -> Iterator[Served]:
    served, ready = Served(place), threading.Event()
    stop: list[uvicorn.Server] = []
    thread = threading.Thread(target=serve, args=(place, ready, served, stop))
    thread.start()
    assert ready.wait(PATIENCE)
    yield served
    stop[0].should_exit = True
    thread.join(PATIENCE)
    assert not thread.is_alive()


@pytest.fixture
def sdk(served: Served) -> Iterator[None]:
    """The SDK's clients in the request context, as the runtime puts them there."""
    cache = BuildCache(endpoint=served.endpoint, headers=served.headers, strict=True)
    async_cache = AsyncBuildCache(endpoint=served.endpoint, headers=served.headers)
    # The client has no way of closing its connections: on the platform they end with the process.
    with contextlib.closing(cache._client):
        set_context(cache=cache, async_cache=async_cache)
        yield
        set_context(cache=None, async_cache=None)


@pytest.mark.usefixtures("sdk")
class TestOfficialSDK:
    def test_values_of_every_kind(self) -> None:
        cache = RuntimeCache(namespace="kinds")
        values: list[object] = [{"a": [1, 2.5, None, "ü"]}, [], "text", 0, False, "x" * 100_000]
        for value in values:
            cache.set("k", value)
            assert cache.get("k") == value
            assert "k" in cache
        cache.delete("k")
        cache.delete("k")
        assert cache.get("k") is None
        assert "k" not in cache

    def test_async(self) -> None:
        async def main() -> None:
            cache = AsyncRuntimeCache(namespace="async")
            await cache.set("k", {"a": 1}, {"tags": ["at", "other"], "ttl": 60, "name": "item"})
            assert await cache.get("k") == {"a": 1}
            assert await cache.contains("k")
            await cache.expire_tag("at")
            assert await cache.get("k") is None
            await cache.set("k", 2)
            await cache.delete("k")
            assert not await cache.contains("k")

        asyncio.run(main())

    @pytest.mark.parametrize("separator", [None, "/", "$$", " ü%?"[:2]])
    def test_namespaces_and_separators_keep_keys_apart(self, separator: str | None) -> None:
        one = RuntimeCache(namespace="one", namespace_separator=separator)
        two = RuntimeCache(namespace="two", namespace_separator=separator)
        one.set("k", 1)
        two.set("k", 2)
        RuntimeCache().set("k", 3)
        assert (one.get("k"), two.get("k"), RuntimeCache().get("k")) == (1, 2, 3)

    @pytest.mark.parametrize("key", ["a/b", "ü ñ", "with$dollar", "100%25", "a+b"])
    def test_keys_of_ones_own(self, key: str) -> None:
        cache = RuntimeCache(key_hash_function=lambda plain: plain)
        cache.set(key, key)
        cache.set("other", 1)
        assert cache.get(key) == key

    def test_ttl_is_whole_seconds(self, served: Served) -> None:
        cache = RuntimeCache(namespace="ttl")
        served.place.log.events.clear()
        for ttl in (1.5, 60.0, 1e30, 10**30, float("inf"), float("nan"), -5, True, "abc"):
            with pytest.raises(RuntimeCacheError, match="400"):
                cache.set(f"odd {ttl}", 1, {"ttl": ttl})
            assert cache.get(f"odd {ttl}") is None
        notices = served.place.log.notices("CACHE_INVALID_TTL")
        assert len(notices) == 9
        assert "the ttl is '1.5', and only whole seconds are taken" in notices[0].message

    def test_the_same_refusal_is_told_once(self, served: Served) -> None:
        cache = RuntimeCache(namespace="once")
        served.place.log.events.clear()
        for _ in range(3):
            with pytest.raises(RuntimeCacheError, match="400"):
                cache.set("k", 1, {"ttl": "soon"})
        assert len(served.place.log.notices()) == 1

    def test_a_client_that_is_observed_gets_the_reason_and_tells_it_itself(
        self, served: Served
    ) -> None:
        served.place.log.events.clear()
        headers = {"x-vercel-revalidate": "1.5", names.CACHE_OBSERVED: "1"}
        answer = served.call("POST", "k", headers=headers, content=b"1")
        assert (answer.status_code, answer.text) == (400, BAD_TTL)
        assert answer.headers[names.CACHE_REFUSAL].startswith("CACHE_INVALID_TTL Invalid")
        assert served.place.log.notices() == []

    def test_expire_several_tags_and_write_again(self) -> None:
        cache = RuntimeCache(namespace="tags")
        cache.set("a", 1, {"tags": ["t one", "x"]})
        cache.set("b", 1, {"tags": ["t&two"]})
        cache.set("c", 1, {"tags": ["three"]})
        cache.expire_tag(["t one", "t&two"])
        assert [cache.get(key) for key in "abc"] == [None, None, 1]
        cache.set("a", 2, {"tags": ["t one"]})
        assert cache.get("a") == 2

    def test_item_limit(self, served: Served) -> None:
        cache = RuntimeCache(namespace="limit")
        fits = "x" * (LIMIT - 2)  # two quotes around it in JSON
        cache.set("k", fits, {"name": "thumb"})
        served.place.log.events.clear()
        with pytest.raises(RuntimeCacheError, match="413"):
            cache.set("k", fits + "x", {"name": "thumb"})
        assert cache.get("k") == fits
        (notice,) = served.place.log.notices("CACHE_ITEM_TOO_LARGE")
        key = sdk_keys.stored_key("k", "limit")
        for part in (repr(key), "'thumb'", "2,097,153", "2,097,152"):
            assert part in notice.message

    def test_tag_limits(self, served: Served) -> None:
        cache = RuntimeCache(namespace="limits")
        many, long = [f"{n:0256}" for n in range(128)], "x" * 256
        cache.set("many", 1, {"tags": many})
        cache.set("long", 1, {"tags": [long]})
        served.place.log.events.clear()
        with pytest.raises(RuntimeCacheError, match="400"):
            cache.set("many", 2, {"tags": [*many, "one more"]})
        with pytest.raises(RuntimeCacheError, match="400"):
            cache.set("long", 2, {"tags": [long + "x"]})
        assert (cache.get("many"), cache.get("long")) == (1, 1)
        assert [notice.code for notice in served.place.log.notices()] == [
            "CACHE_TOO_MANY_TAGS",
            "CACHE_TAG_TOO_LONG",
        ]

    def test_from_background_threads(self, served: Served) -> None:
        cache = BuildCache(endpoint=served.endpoint, headers=served.headers, strict=True)

        def work(number: int) -> None:
            for turn in range(10):
                cache.set(f"thread{number}", turn)
                assert cache.get(f"thread{number}") == turn

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with contextlib.closing(cache._client):
            assert [cache.get(f"thread{number}") for number in range(4)] == [9] * 4


class TestAnswers:
    @pytest.mark.parametrize(
        ("method", "path", "headers", "status", "body"),
        [
            ("GET", "k", {"host": "evil.test"}, 403, "Forbidden"),
            ("GET", "k", {"authorization": "Bearer wrong"}, 401, "Unauthorized"),
            ("GET", "k", {"authorization": ""}, 401, "Unauthorized"),
            ("GET", "", {}, 404, "Not Found"),
            ("GET", "../other", {}, 404, "Not Found"),
            ("GET", "missing", {}, 404, "Not Found"),
            ("GET", "bad%zz", {}, 400, '{"error":"Invalid cache key"}'),
            ("GET", "bad%ff", {}, 400, '{"error":"Invalid cache key"}'),
            ("PUT", "k", {}, 405, "Method Not Allowed"),
            ("PATCH", "k", {}, 405, "Method Not Allowed"),
            ("GET", "revalidate?tags=a", {}, 405, "Method Not Allowed"),
            ("POST", "revalidate", {}, 400, '{"error":"No tags or itemId provided"}'),
            ("POST", "revalidate?tags=", {}, 400, '{"error":"No tags or itemId provided"}'),
            ("POST", "revalidate?tags=a,b", {}, 200, '{"revalidated":true}'),
            ("POST", "revalidate?itemId=a", {}, 200, '{"revalidated":true}'),
            ("DELETE", "missing", {}, 200, '{"success":true}'),
            *(
                (
                    "POST",
                    "k",
                    {"x-vercel-revalidate": ttl},
                    400,
                    '{"error":"Invalid revalidate value"}',
                )
                for ttl in ("-1", "nan", "soon", "1.5", "inf", "1_0", "0x10")
            ),
        ],
    )
    def test_each(
        self,
        served: Served,
        method: str,
        path: str,
        headers: dict[str, str],
        status: int,
        body: str,
    ) -> None:
        response = served.call(method, path, headers=headers)
        assert (response.status_code, response.text) == (status, body)
        if status == 401:
            assert response.headers["www-authenticate"] == "Bearer"

    def test_head_is_not_a_get(self, served: Served) -> None:
        assert served.call("HEAD", "k").status_code == 405

    def test_localhost_is_a_name_too(self, served: Served) -> None:
        port = served.url.rpartition(":")[2]
        served.call("POST", "lh", content=b"1")
        assert served.call("GET", "lh", headers={"host": f"localhost:{port}"}).status_code == 200

    def test_a_hit_in_full(self, served: Served) -> None:
        body = b'{"b": 1,  "a": "\xc3\xbc"}'
        headers = {
            "x-vercel-cache-tags": "one,two, one",
            "x-vercel-cache-item-name": "my item",
            "x-vercel-revalidate": "60",
        }
        stored = served.call("POST", "a%2Fb%20%C3%BC", content=body, headers=headers)
        assert (stored.status_code, stored.text) == (200, '{"success":true}')
        served.place.clock.now += 3.9
        hit = served.call("GET", "a/b%20ü")
        assert (hit.status_code, hit.content) == (200, body)
        assert hit.headers["content-type"] == "application/json"
        assert hit.headers["content-length"] == str(len(body))
        assert hit.headers["x-vercel-cache-state"] == "fresh"
        assert hit.headers["x-vercel-cache-tags"] == "one,two"
        assert hit.headers["x-vercel-cache-item-name"] == "my item"
        assert hit.headers["age"] == "3"

    def test_revalidate_zero_stores_nothing(self, served: Served) -> None:
        served.call("POST", "zero", content=b"1")
        answer = served.call("POST", "zero", content=b"2", headers={"x-vercel-revalidate": "0"})
        assert answer.json() == {"success": True}
        assert served.call("GET", "zero").content == b"1"

    def test_forever_is_a_year(self, served: Served) -> None:
        for number, word in enumerate(("Infinity", "false", "False", "FALSE", "f", "F")):
            key = f"year{number}"
            served.call("POST", key, content=b"1", headers={"x-vercel-revalidate": word})
        served.place.clock.now += 31_535_999
        assert all(served.call("GET", f"year{n}").status_code == 200 for n in range(6))
        served.place.clock.now += 1
        assert all(served.call("GET", f"year{n}").status_code == 404 for n in range(6))

    def test_a_streamed_body_over_the_limit(self, served: Served) -> None:
        served.call("POST", "stream", content=b"old")

        def chunks() -> Iterator[bytes]:
            for _ in range(33):
                yield b"x" * 65_536

        refused = served.call("POST", "stream", content=chunks())
        assert (refused.status_code, refused.json()) == (413, {"error": "Cache item is too large"})
        assert served.call("GET", "stream").content == b"old"

    def test_item_id_deletes_that_item(self, served: Served) -> None:
        served.call("POST", "byid", content=b"1")
        served.call("POST", "revalidate?itemId=byid")
        assert served.call("GET", "byid").status_code == 404

    def test_a_refusal_says_why(self, served: Served) -> None:
        tags = ",".join(f"t{n}" for n in range(129))
        refused = served.call("POST", "k", content=b"1", headers={"x-vercel-cache-tags": tags})
        assert refused.status_code == 400
        assert json.loads(refused.text) == {"error": "Too many cache tags: 129 (limit 128)"}

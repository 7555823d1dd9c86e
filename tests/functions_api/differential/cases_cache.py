"""`RuntimeCache`: keys, and which cache serves a call inside and outside of a request."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import Any

from tests.functions_api.differential.cases import Case, World, add, attempt, case
from tests.functions_api.differential.peer import Answer

FAILURE: Answer = (500, {}, b"oops")


@case
def getitem_of_the_runtime_cache(world: World) -> Any:
    from vercel.functions import RuntimeCache

    world.from_environment()
    cache = RuntimeCache(namespace="n")
    cache.set("k", {"v": 1}, {"ttl": 5, "tags": ["t"]})
    return [cache["k"], "k" in cache, "x" in cache, attempt(lambda: cache["missing"])]


@case
def keys_are_hashed(_: World) -> Any:
    from vercel.cache.utils import create_key_transformer, default_key_hash_function

    texts = ["", "a", "ab", "grüße", "🙂", "\ud800", "x" * 1000, "\0"]
    made = [default_key_hash_function(text) for text in texts]
    for function, namespace, separator in (
        (None, None, None),
        (None, "", "-"),
        (None, "ns", None),
        (None, "ns", ""),
        (None, "ns", "::"),
        (str.upper, "ns", None),
        (str.upper, None, None),
    ):
        made.append(create_key_transformer(function, namespace, separator)("a key"))
    wrong = create_key_transformer(None, None, None)
    return [*made, attempt(lambda: wrong(None)), attempt(lambda: wrong(b"x"))]


def _runtime_caches() -> list[Any]:
    from vercel.cache import RuntimeCache, get_cache

    return [
        RuntimeCache(),
        RuntimeCache(namespace="ns"),
        RuntimeCache(namespace="ns", namespace_separator="/"),
        RuntimeCache(key_hash_function=lambda key: f"<{key}>"),
        get_cache(namespace="n", key_hash_function=str.upper, namespace_separator="~"),
    ]


@case
def runtime_cache_over_the_environment(world: World) -> Any:
    world.from_environment()
    seen = []
    for cache in _runtime_caches():
        cache.set("key", {"n": 1}, {"ttl": 5, "tags": ["t"], "name": "N"})
        seen.append([cache.get("key"), "key" in cache, cache.expire_tag(["a", "b"])])
        seen.append([cache.delete("key"), cache.get("key")])
    return seen


@case
async def async_runtime_cache_over_the_environment(world: World) -> Any:
    from vercel.cache import AsyncRuntimeCache, aio, get_cache

    world.from_environment()
    seen = []
    for cache in (
        AsyncRuntimeCache(),
        AsyncRuntimeCache(namespace="ns", key_hash_function=str.upper),
        get_cache(sync=False, namespace="x"),
        aio.get_cache(namespace="y", namespace_separator="-"),
    ):
        await cache.set("key", [1], {"ttl": 5})
        seen.append([type(cache).__name__, await cache.get("key"), await cache.contains("key")])
        seen.append([await cache.expire_tag("t"), await cache.delete("key")])
    return seen


@case
def runtime_cache_inside_a_request(world: World) -> Any:
    from vercel.cache import AsyncRuntimeCache, RuntimeCache
    from vercel.cache.context import set_context

    os.environ["RUNTIME_CACHE_ENDPOINT"] = "http://127.0.0.1:9/wrong/"
    os.environ["RUNTIME_CACHE_HEADERS"] = "{}"
    set_context(cache=world.client(), async_cache=world.async_client())
    RuntimeCache().set("k", "v")

    async def main() -> Any:
        return await AsyncRuntimeCache().get("k")

    return [RuntimeCache().get("k"), asyncio.run(main())]


@case
def threads_after_a_request(world: World) -> Any:
    """A thread without context uses what the request used last, if it is told by no variable."""
    from vercel.cache import RuntimeCache, prime_runtime_cache
    from vercel.cache.context import set_context

    seen: list[Any] = []

    def in_thread() -> None:
        thread = threading.Thread(target=lambda: seen.append(RuntimeCache().get("k")))
        thread.start()
        thread.join()

    in_thread()
    set_context(cache=world.client())
    in_thread()
    prime_runtime_cache()
    in_thread()
    set_context(cache=None)
    return [seen, RuntimeCache().get("k")]


@case
def prime_without_anything(_: World) -> Any:
    from vercel.cache import prime_runtime_cache

    return prime_runtime_cache()


@case
def in_memory(_: World) -> Any:
    from vercel.cache import AsyncRuntimeCache, RuntimeCache

    cache, value = RuntimeCache(namespace="a"), object()
    cache.set("k", value, {"tags": ["t", "u"]})
    cache.set("gone", 1, {"ttl": -1})
    cache.set("zero", 1, {"ttl": -0.001})
    cache.set("none", None)
    seen = [cache.get("k") is value, "k" in cache, cache["k"] is value, "gone" in cache]
    seen += [cache.get("zero"), "none" in cache, cache["none"], attempt(lambda: cache["gone"])]
    seen.append(asyncio.run(AsyncRuntimeCache(namespace="a").contains("k")))
    seen += [RuntimeCache(namespace="b").get("k"), cache.expire_tag("x"), "k" in cache]
    seen += [cache.expire_tag(["x", "u"]), "k" in cache, cache.delete("k"), cache.delete("none")]
    seen.append(attempt(lambda: cache.set("k", 1, {"tags": None})))
    seen.append(attempt(lambda: cache.set("k", 1, {"tags": 5})))
    seen.append(attempt(lambda: cache.set("k", 1, [1])))
    cache.set("text_ttl", 1, {"ttl": "5"})
    seen.append(attempt(lambda: cache.get("text_ttl")))
    seen.append(attempt(lambda: cache.expire_tag(5)))
    return [
        *seen,
        cache.set("tags_text", 1, {"tags": "ab"}),
        cache.expire_tag("b"),
        "tags_text" in cache,
    ]


@case
async def in_memory_async(_: World) -> Any:
    from vercel.cache import AsyncRuntimeCache, RuntimeCache

    cache = AsyncRuntimeCache()
    await cache.set("k", {"a": 1}, {"tags": ["t"]})
    seen = [await cache.get("k"), RuntimeCache().get("k"), await cache.contains("k")]
    await cache.expire_tag("t")
    seen += [await cache.contains("k"), await cache.delete("k")]
    return seen


@case
def in_memory_because_disabled(world: World) -> Any:
    from vercel.cache import RuntimeCache

    world.from_environment()
    os.environ["RUNTIME_CACHE_DISABLE_BUILD_CACHE"] = "true"
    os.environ["SUSPENSE_CACHE_DEBUG"] = "true"
    RuntimeCache().set("k", 1)
    return [RuntimeCache().get("k"), attempt(lambda: RuntimeCache(strict=True).get("k"))]


@case
def debug_output(world: World) -> Any:
    from vercel.cache import RuntimeCache

    world.from_environment()
    os.environ["SUSPENSE_CACHE_DEBUG"] = "true"
    return RuntimeCache().get("k")


def _bad_headers(text: str) -> Case:
    def bad_headers(world: World) -> Any:
        from vercel.cache import AsyncRuntimeCache, RuntimeCache

        world.from_environment(text)
        seen = [RuntimeCache().set("k", 1), RuntimeCache().get("k")]
        seen.append(attempt(lambda: RuntimeCache(strict=True).get("k")))
        return [*seen, asyncio.run(AsyncRuntimeCache().get("k"))]

    return bad_headers


for name, text in {
    "list": "[]",
    "broken": "{",
    "number": "5",
    "empty": "",
    "numbers": '{"a": 1}',
    "spaces": '{"a": " b "}',
    "unicode": '{"a": "é"}',
    "name_with_space": '{"a b": "c"}',
    "host": '{"Host": "cache.example"}',
    "user_agent": '{"User-Agent": "me"}',
    "twice": '{"A": "1", "a": "2"}',
}.items():
    add(f"environment_headers_{name}", _bad_headers(text))


@case
def strict_without_a_cache(_: World) -> Any:
    from vercel.cache import RuntimeCache

    cache = RuntimeCache(strict=True)
    return [
        attempt(call)
        for call in (
            lambda: cache.get("k"),
            lambda: cache.set("k", 1),
            lambda: cache.delete("k"),
            lambda: cache.expire_tag("t"),
            lambda: "k" in cache,
            lambda: cache["k"],
        )
    ]


@case
def strict_over_the_environment(world: World) -> Any:
    from vercel.cache import RuntimeCache

    world.from_environment()
    world.peer.answers.extend([FAILURE] * 3)
    cache = RuntimeCache(strict=True)
    return [
        attempt(lambda: cache.get("k")),
        attempt(lambda: cache.set("k", 1)),
        attempt(lambda: "k" in cache),
        attempt(lambda: RuntimeCache().get("k")),
        attempt(lambda: cache.set("k", {1})),
    ]


@case
def strict_does_not_change_the_requests_own_cache(world: World) -> Any:
    from vercel.cache import RuntimeCache
    from vercel.cache.context import set_context

    set_context(cache=world.client())
    world.peer.answers.append(FAILURE)
    return RuntimeCache(strict=True).get("k")


@case
def the_environment_is_read_once(world: World) -> Any:
    from vercel.cache import RuntimeCache

    world.from_environment()
    RuntimeCache().get("k")
    os.environ["RUNTIME_CACHE_HEADERS"] = '{"authorization": "changed"}'
    RuntimeCache().get("k")
    del os.environ["RUNTIME_CACHE_ENDPOINT"]
    RuntimeCache().get("k")
    return None


@case
def nobody_listens_and_it_is_printed(world: World) -> Any:
    import socket

    from vercel.cache import AsyncRuntimeCache, RuntimeCache

    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        world.from_environment()
        os.environ["RUNTIME_CACHE_ENDPOINT"] = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        RuntimeCache().set("k", 1)
        return [RuntimeCache().get("k"), asyncio.run(AsyncRuntimeCache().get("k"))]


@case
def wrong_arguments(_: World) -> Any:
    from vercel.cache import AsyncRuntimeCache, RuntimeCache, get_cache

    return [
        attempt(lambda: RuntimeCache("ns")),
        attempt(lambda: AsyncRuntimeCache(strict=True)),
        attempt(lambda: get_cache("ns")),
        attempt(lambda: get_cache(strict=True)),
        attempt(lambda: RuntimeCache().get()),
    ]

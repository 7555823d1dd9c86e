"""The cache clients: what reaches the endpoint, what comes back, what is swallowed and raised."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.functions_api.differential.cases import World, add, attempt, case
from tests.functions_api.differential.peer import Answer

KEYS = {
    "plain": "2b606",
    "namespaced": "shop$2b606",
    "empty": "",
    "space": "a b",
    "unicode": "grüße/日本",
    "emoji": "🙂",
    "slash": "a/b//c/",
    "dots": "a/./b/../c",
    "climbing": "../../../../etc",
    "dot": ".",
    "dot_dot": "..",
    "query": "a?b=c d&e=é#f",
    "question_only": "?",
    "question_twice": "a?b?c",
    "fragment": "a#b?c",
    "percent": "100%",
    "percent_escape": "a%2Fb%zz%e9",
    "all_ascii": "".join(map(chr, range(0x20, 0x7F))),
    "colon_at": "user:pass@host",
    "slashes_first": "//host/x",
    "newline": "a\nb",
    "tab": "\tb",
    "nul": "\0",
    "delete": "\x7f",
    "c1_control": "\x85\xa0",
    "surrogate": "a\ud800b",
    "long": "x" * 60000,
    "too_long": "x" * 66000,
    "long_in_bytes": "é" * 10000,
}
VALUES = {
    "none": None,
    "object": {"a": [1, 2.5, None, True], "é": "日本", "": {}},
    "surrogate": "a\ud800",
    "nan": [float("inf"), float("-inf")],
    "big": 2**80,
    "tuple": (1, (2,)),
    "int_keys": {1: "a", None: "b", False: "c", 1.5: "d"},
    "set": {1},
    "bytes": b"x",
    "key_tuple": {(1, 2): 3},
}
OPTIONS: dict[str, Any] = {
    "none": None,
    "empty": {},
    "ttl": {"ttl": 60},
    "ttl_zero": {"ttl": 0},
    "ttl_negative": {"ttl": -1},
    "ttl_float": {"ttl": 1.5},
    "ttl_true": {"ttl": True},
    "ttl_text": {"ttl": "60"},
    "ttl_broken_text": {"ttl": "6\n0"},
    "tags": {"tags": ["a", "b c", "d,e"]},
    "tags_empty": {"tags": []},
    "tags_tuple": {"tags": ("a", "b")},
    "tags_text": {"tags": "abc"},
    "tags_number": {"tags": [1]},
    "tags_not_a_list": {"tags": 5},
    "tags_unicode": {"tags": ["é"]},
    "tags_newline": {"tags": ["a\r\nx: y"]},
    "tags_blank": {"tags": [" a"]},
    "tags_empty_text": {"tags": [""]},
    "name": {"name": "Item 1", "ttl": 5, "tags": ["t"]},
    "name_number": {"name": 5},
    "name_bytes": {"name": b"x"},
    "unknown": {"other": 1},
    "list": [1],
    "text": "x",
}
TAGS: dict[str, Any] = {
    "one": "a",
    "several": ["a", "b c"],
    "tuple": ("a", "é"),
    "set": {"a"},
    "frozenset": frozenset(["a"]),
    "none": None,
    "number": 5,
    "true": True,
    "odd": "a&b=c,d+e/%2F?#",
    "surrogate": "\ud800",
    "empty": "",
    "empty_list": [],
    "numbers": [1],
    "newline": "a\nb",
    "bytes": b"a",
    "long": "x" * 70000,
}
ANSWERS: dict[str, Answer] = {
    "fresh": (200, {"x-vercel-cache-state": "fresh"}, b'{"a": 1}'),
    "fresh_upper": (200, {"X-Vercel-Cache-State": "FRESH"}, b'"v"'),
    "stale": (200, {"x-vercel-cache-state": "stale"}, b'"v"'),
    "no_state": (200, {}, b"[1]"),
    "empty_state": (200, {"x-vercel-cache-state": ""}, b"0"),
    "null": (200, {}, b"null"),
    "not_json": (200, {}, b"<html>"),
    "empty_body": (200, {}, b""),
    "not_utf8": (200, {}, b'"\xff"'),
    "utf16": (200, {}, '"é"'.encode("utf-16")),
    "chunked": (200, {"transfer-encoding": "chunked"}, b'3\r\n"ab\r\n2;x=y\r\nc"\r\n0\r\n\r\n'),
    "created": (201, {}, b"{}"),
    "no_content": (204, {}, b""),
    "redirect": (302, {"location": "/elsewhere"}, b""),
    "unauthorized": (401, {}, b"Unauthorized"),
    "missing": (404, {}, b"Not Found"),
    "too_large": (413, {}, b"{}"),
    "failure": (500, {}, b"oops"),
    "unavailable": (503, {}, b""),
    "closing": (200, {"connection": "close"}, b"1"),
}


def _twice(name: str, operation: Any) -> None:
    """Register a case for the sync client and one for the async client."""

    async def as_coroutine(world: World) -> Any:
        return await operation(world, world.async_client())

    def as_call(world: World) -> Any:
        return operation(world, world.client())

    add(f"sync_{name}", as_call, stateless=True)
    add(f"async_{name}", as_coroutine, stateless=True)


for key_name, key in KEYS.items():
    _twice(f"get_key_{key_name}", lambda _, client, key=key: client.get(key))
    _twice(f"set_key_{key_name}", lambda _, client, key=key: client.set(key, 1))
for value_name, value in VALUES.items():
    _twice(f"set_value_{value_name}", lambda _, client, value=value: client.set("k", value))
for option_name, options in OPTIONS.items():
    _twice(f"set_option_{option_name}", lambda _, client, o=options: client.set("k", 1, o))
for tag_name, tag in TAGS.items():
    _twice(f"expire_{tag_name}", lambda _, client, tag=tag: client.expire_tag(tag))

for answer_name, answer in ANSWERS.items():

    def _answered(world: World, client: Any, call: Any, answer: Answer = answer) -> Any:
        world.peer.answers.append(answer)
        return call(client)

    for call_name, call in {
        "get": lambda client: client.get("k"),
        "set": lambda client: client.set("k", 1),
        "delete": lambda client: client.delete("k"),
        "expire": lambda client: client.expire_tag("k"),
    }.items():
        _twice(
            f"{call_name}_answer_{answer_name}",
            lambda world, client, call=call, answered=_answered: answered(world, client, call),
        )

    def _present(world: World, answer: Answer = answer) -> Any:
        world.peer.answers.append(answer)
        return "k" in world.client()

    async def _present_async(world: World, answer: Answer = answer) -> Any:
        world.peer.answers.append(answer)
        return await world.async_client().contains("k")

    def _strict(world: World, answer: Answer = answer) -> Any:
        client, seen = world.client(strict=True), []
        for call in (
            lambda: client.get("k"),
            lambda: client.set("k", 1),
            lambda: client.delete("k"),
            lambda: client.expire_tag("k"),
            lambda: "k" in client,
        ):
            world.peer.answers.append(answer)
            seen.append(attempt(call))
        return seen

    add(f"contains_answer_{answer_name}", _present, stateless=True)
    add(f"async_contains_answer_{answer_name}", _present_async, stateless=True)
    add(f"strict_answer_{answer_name}", _strict, stateless=True)


@case
def getitem(world: World) -> Any:
    client = world.client()
    client.set("k", None)
    return [client["k"], attempt(lambda: client["missing"]), attempt(lambda: client["a\nb"])]


@case
def header_values_that_are_not_text(world: World) -> Any:
    world.headers = {"authorization": "x", "x-number": 5}
    try:
        return [world.client().get("k"), asyncio.run(world.async_client().get("k"))]
    finally:
        world.headers = {"authorization": "Bearer t"}


@case
def on_error_that_raises(world: World) -> Any:
    def fail(error: Exception) -> None:
        raise KeyError(str(error))

    world.peer.answers.extend([ANSWERS["failure"]] * 2)
    sync = attempt(lambda: world.client(on_error=fail).get("k"))
    return [sync, attempt(lambda: asyncio.run(world.async_client(on_error=fail).get("k")))]


@case
def without_on_error(world: World) -> Any:
    world.peer.answers.extend([ANSWERS["failure"]] * 2)
    client = world.client(on_error=None)
    return [client.get("k"), asyncio.run(world.async_client(on_error=None).get("k"))]


@case
def endpoint_spellings(world: World) -> Any:
    from vercel.cache.cache_build import BuildCache

    origin = f"http://127.0.0.1:{world.peer.port}"
    seen = []
    for tail in ("", "/", "/a", "/a//", "/a b/é", "/a/../b"):
        client = BuildCache(endpoint=origin + tail, headers={"A": "b"}, on_error=print)
        seen.append([client.get("k"), client.expire_tag("t")])
    return seen


@case
def nobody_listens(_: World) -> Any:
    import socket

    from vercel.cache.cache_build import AsyncBuildCache, BuildCache

    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        failed: list[Exception] = []
        sync = BuildCache(endpoint=endpoint, headers={}, on_error=failed.append)
        coroutine = AsyncBuildCache(endpoint=endpoint, headers={}, on_error=failed.append)
        seen = [sync.get("k"), sync.set("k", 1), "k" in sync, asyncio.run(coroutine.get("k"))]
        seen.append(asyncio.run(coroutine.contains("k")))
    return [*seen, len(failed)]


@case
def an_unusable_endpoint(_: World) -> Any:
    from vercel.cache.cache_build import AsyncBuildCache, BuildCache

    failed: list[Exception] = []
    for endpoint in ("", "nonsense", "ftp://127.0.0.1/", "http://", "http://127.0.0.1:x/"):
        BuildCache(endpoint=endpoint, headers={}, on_error=failed.append).get("k")
        asyncio.run(AsyncBuildCache(endpoint=endpoint, headers={}, on_error=failed.append).get("k"))
    return len(failed)


@case
def strict_and_not_sendable(world: World) -> Any:
    client = world.client(on_error=None, strict=True)
    return [
        attempt(lambda: client.get("a\nb")),
        attempt(lambda: client.get("x" * 66000)),
        attempt(lambda: client.get("\ud800")),
        attempt(lambda: client.set("k", 1, {"tags": ["é"]})),
        attempt(lambda: client.set("k", 1, {"tags": [" a"]})),
        attempt(lambda: client.set("k", 1, {"name": 5})),
        attempt(lambda: client.set("k", {1})),
        attempt(lambda: client.expire_tag("x" * 70000)),
    ]


@case
def strict_and_nobody_listens(_: World) -> Any:
    import socket

    from vercel.cache.cache_build import BuildCache

    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        return attempt(lambda: BuildCache(endpoint=endpoint, headers={}, strict=True).get("k"))

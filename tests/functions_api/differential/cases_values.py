"""The environment, the visitor, the headers' context, the deadline and `wait_until`."""

from __future__ import annotations

import asyncio
import contextvars
import io
import os
import sys
import types
from functools import partial
from typing import Any

from tests.functions_api.differential.cases import Case, World, add, attempt, case

VISITOR = {
    "x-real-ip": "203.0.113.9",
    "x-vercel-ip-city": "S%C3%A3o%20Paulo",
    "x-vercel-ip-country": "BR",
    "x-vercel-ip-country-region": "SP",
    "x-vercel-ip-latitude": "-23.5335",
    "x-vercel-ip-longitude": "-46.6359",
    "x-vercel-ip-postal-code": "01000",
    "x-vercel-id": "gru1::iad1::abcd-1",
}


def starlette_request(headers: dict[str, str]) -> Any:
    from starlette.requests import Request

    pairs = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    return Request({"type": "http", "method": "GET", "path": "/", "headers": pairs})


def fastapi_request(headers: dict[str, str]) -> Any:
    from fastapi import Request

    pairs = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    return Request({"type": "http", "method": "GET", "path": "/", "headers": pairs})


def flask_request(headers: dict[str, str]) -> Any:
    from flask import Flask

    return Flask("app").test_request_context("/", headers=headers).request


def django_request(headers: dict[str, str]) -> Any:
    from django.conf import settings

    if not settings.configured:
        settings.configure()
    from django.http import HttpRequest

    request = HttpRequest()
    request.META = {f"HTTP_{n.upper().replace('-', '_')}": v for n, v in headers.items()}
    return request


def http_server_request(headers: dict[str, str]) -> Any:
    from http.client import parse_headers

    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return types.SimpleNamespace(
        headers=parse_headers(io.BytesIO(lines.encode("latin-1") + b"\r\n"))
    )


def plain_request(headers: dict[str, str]) -> Any:
    return types.SimpleNamespace(headers=headers)


REQUESTS = {
    "starlette": starlette_request,
    "fastapi": fastapi_request,
    "flask": flask_request,
    "django": django_request,
    "http_server": http_server_request,
    "plain": plain_request,
    "mapping": dict,
}
VISITORS: dict[str, dict[str, str]] = {
    "full": VISITOR,
    "nobody": {},
    "empty_values": dict.fromkeys(VISITOR, ""),
    "odd_country": VISITOR | {"x-vercel-ip-country": "B1", "x-vercel-ip-city": "100%"},
    "long_country": VISITOR | {"x-vercel-ip-country": "BRA", "x-vercel-id": "gru1"},
    "lower_country": VISITOR | {"x-vercel-ip-country": "br", "x-vercel-ip-city": "%FF%zz+a"},
}


def _visit(make: Any, headers: dict[str, str]) -> Case:
    def visit(_: World) -> Any:
        from vercel.functions import geolocation, ip_address

        request = make(headers)
        of_headers = attempt(lambda: ip_address(getattr(request, "headers", request)))
        return (
            attempt(lambda: geolocation(request)),
            attempt(lambda: ip_address(request)),
            of_headers,
        )

    return visit


for framework, make_request in REQUESTS.items():
    for visitor, visitor_headers in VISITORS.items():
        add(f"visitor_{framework}_{visitor}", _visit(make_request, visitor_headers), stateless=True)


@case
def visitor_not_a_request(_: World) -> Any:
    from vercel.functions import geolocation, ip_address

    return [
        attempt(lambda: geolocation(None)),
        attempt(lambda: ip_address(None)),
        attempt(lambda: ip_address(5)),
        attempt(lambda: geolocation(types.SimpleNamespace(headers=None))),
        attempt(lambda: ip_address(types.SimpleNamespace(headers=None))),
        attempt(lambda: geolocation(plain_request({"x-vercel-ip-country": "ßx"}))),
        attempt(lambda: geolocation(plain_request({"x-vercel-ip-city": b"K%C3%B6ln"}))),
    ]


@case
def env_of_a_mapping(_: World) -> Any:
    from vercel.functions import get_env

    env = get_env({"VERCEL": "1", "VERCEL_URL": "", "VERCEL_GIT_COMMIT_MESSAGE": "ü\n", "X": "y"})
    return [
        env,
        env.to_dict(),
        env["VERCEL"],
        env["VERCEL_URL"],
        env.get("VERCEL_URL", "default"),
        env.get("X", "default"),
        env.get("X"),
        attempt(lambda: env["X"]),
        attempt(lambda: env[""]),
        attempt(lambda: env[1]),
        attempt(lambda: setattr(env, "VERCEL", "2")),
        repr(env),
        env == get_env({"VERCEL": "1", "VERCEL_GIT_COMMIT_MESSAGE": "ü\n"}),
        hash(env) == hash(get_env(env.to_dict())),
    ]


@case
def env_of_the_process(_: World) -> Any:
    from vercel.functions import get_env

    os.environ["VERCEL_REGION"] = "cdg1"
    os.environ["CI"] = ""
    try:
        env = get_env()
        return [env.VERCEL_REGION, env.CI, get_env({}), get_env(None).VERCEL_REGION]
    finally:
        del os.environ["VERCEL_REGION"], os.environ["CI"]


@case
def headers_set_and_get(_: World) -> Any:
    from vercel.functions import get_headers, set_headers

    def inner() -> Any:
        set_headers({"a": "inner"})
        return get_headers()

    seen = [get_headers(), set_headers({"a": "b"}), get_headers()]
    seen += [contextvars.copy_context().run(inner), get_headers(), set_headers(None), get_headers()]
    return seen


@case
def headers_seen_by_the_context(_: World) -> Any:
    from vercel.cache.context import get_context, get_headers, set_context, set_headers
    from vercel.headers import get_headers as public_get
    from vercel.headers import set_headers as public_set

    public_set({"x": "1"})
    seen = [get_context().headers, get_headers()]
    set_context(headers={"x": "2"})
    seen += [public_get()]
    set_headers({"x": "3"})
    return [*seen, public_get(), set_context(headers=None), public_get()]


@case
def headers_context(_: World) -> Any:
    from vercel.headers import HeadersContext, get_headers, set_headers

    set_headers({"outer": "1"})
    context = HeadersContext({"inner": "1"})
    with context.use() as entered:
        seen: list[object] = [entered, get_headers()]

    def inside(a: int, b: int = 0) -> list[object]:
        return [a, b, get_headers()]

    seen += [get_headers(), context.run(inside, 1, b=2)]
    seen += [attempt(lambda: context.run(lambda: 1 / 0)), get_headers()]
    return [*seen, context, context == HeadersContext({"inner": "1"}), repr(HeadersContext(None))]


@case
def headers_of_scopes(_: World) -> Any:
    from vercel.headers import headers_from_asgi_scope, headers_from_wsgi_environ

    return [
        headers_from_asgi_scope({"headers": [(b"a", b"\xe9"), (b"B", b"2"), (b"a", b"3")]}),
        headers_from_asgi_scope({}),
        attempt(lambda: headers_from_asgi_scope({"headers": [("a", "b")]})),
        headers_from_wsgi_environ(
            {
                "HTTP_X_REAL_IP": "1.2.3.4",
                "CONTENT_LENGTH": 5,
                "CONTENT_TYPE": "",
                "HTTP_": "odd",
                "HTTP_A__B": None,
                "HTTPS": "on",
                "REQUEST_METHOD": "GET",
            }
        ),
        headers_from_wsgi_environ({}),
    ]


@case
def context_sets_only_what_is_given(_: World) -> Any:
    from vercel.cache.context import get_context, set_context

    set_context(cache="c", async_cache="a", purge="p", wait_until="w")
    first = get_context()
    set_context()
    second = get_context()
    set_context(cache=None, wait_until=None)
    return [first, second, get_context(), attempt(lambda: set_context("positional"))]


@case
def purge(_: World) -> Any:
    from vercel.cache import dangerously_delete_by_tag, invalidate_by_tag
    from vercel.cache.context import set_context

    class Purge:
        def invalidate_by_tag(self, tag: object) -> object:
            return ("invalidated", tag)

        def dangerously_delete_by_tag(self, tag: object, **options: object) -> object:
            return ("deleted", tag, options)

    without = [invalidate_by_tag("a"), dangerously_delete_by_tag("a")]
    set_context(purge=Purge())
    return [
        *without,
        invalidate_by_tag(["a", "b"]),
        dangerously_delete_by_tag("a"),
        dangerously_delete_by_tag("a", revalidation_deadline_seconds=5),
        attempt(lambda: dangerously_delete_by_tag("a", 5)),
    ]


@case
def wait_until_outside(_: World) -> Any:
    from vercel.functions import wait_until

    ran: list[int] = []

    async def work() -> None:
        ran.append(1)

    seen = [wait_until(work()), ran]
    wrong: tuple[Any, ...] = (None, 5, work, lambda: None, [work])
    return [*seen, *(attempt(partial(wait_until, given)) for given in wrong)]


@case
def wait_until_inside(_: World) -> Any:
    from vercel.cache.context import set_context
    from vercel.functions import wait_until

    given: list[Any] = []
    set_context(wait_until=given.append)

    async def work() -> str:
        return "done"

    async def main() -> Any:
        future = asyncio.get_running_loop().create_future()
        future.set_result("future")
        wait_until(work())
        wait_until(asyncio.ensure_future(work()))
        wait_until(future)
        return [await awaitable for awaitable in given]

    return [asyncio.run(main()), attempt(lambda: wait_until("text"))]


@case
def wait_until_a_refusing_platform(_: World) -> Any:
    from vercel.cache.context import set_context
    from vercel.functions import wait_until

    def refuse(awaitable: Any) -> None:
        awaitable.close()
        raise RuntimeError("wait_until cannot be called after the invocation ended")

    async def work() -> None: ...

    set_context(wait_until=refuse)
    return attempt(lambda: wait_until(work()))


@case
def deadline(_: World) -> Any:
    from datetime import UTC, datetime

    from vercel.functions import get_deadline

    def with_runtime(runtime: Any) -> Any:
        sys.modules["vercel_runtime"] = runtime
        try:
            return attempt(get_deadline)
        finally:
            del sys.modules["vercel_runtime"]

    moment = datetime(2026, 1, 2, tzinfo=UTC)
    return [
        str(with_runtime(types.SimpleNamespace(get_deadline=lambda: moment))),
        with_runtime(types.SimpleNamespace(get_deadline=lambda: "soon")),
        with_runtime(types.SimpleNamespace(get_deadline=None)),
        with_runtime(types.SimpleNamespace()),
        attempt(get_deadline),
    ]

"""The two classes that people and the runtime see: a runtime cache behind an HTTP endpoint.

Building one costs about a microsecond, since the runtime builds both for every request; the
connections behind them are the process's. Errors are reported through `on_error` and swallowed,
because a cache that is away must not take the page down with it; strict mode raises them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from .address import Endpoint, parse_endpoint
from .exchange import exchange, exchange_async
from .fallback import exchange_elsewhere
from .protocol import (
    Ask,
    RuntimeCacheError,
    ask_delete,
    ask_expire_tag,
    ask_get,
    ask_set,
    read_presence,
    read_value,
    require_ok,
)
from .wire import Response, render_request


def _nobody(key: str, value: object, options: Any, outcome: Any) -> None:
    """Called after every `set`; the emulator puts its own in this place."""


class BuildCache:
    """The runtime cache at `endpoint`, for ordinary (blocking) code. Safe to share by threads.

    Items are JSON values of at most 2 MB; `ttl` is in whole seconds; at most 128 tags an item of
    256 bytes each. A request waits 30 seconds at most.
    """

    _error: ClassVar[type[RuntimeError]] = RuntimeCacheError
    _observe = staticmethod(_nobody)
    _marks: ClassVar[Mapping[str, str]] = {}

    def __init__(
        self,
        *,
        endpoint: str,
        headers: Mapping[str, str],
        on_error: Callable[[Exception], None] | None = None,
        strict: bool = False,
    ) -> None:
        self._endpoint = endpoint.rstrip("/") + "/"
        self._headers = {**headers, **self._marks}
        self._on_error = on_error
        self._strict = strict

    def get(self, key: str) -> Any:
        """The item under `key`, or None where there is none or its time is over."""
        try:
            return read_value(self._send(ask_get, key), self._error)
        except Exception as error:
            self._failed(error)
            return None

    def set(self, key: str, value: object, options: dict[str, Any] | None = None) -> None:
        """Store a JSON value. Options: `ttl` (seconds; 0 or absent: for good), `tags`, `name`."""
        response = None
        try:
            response = self._send(ask_set, key, value, options)
            require_ok(response, self._error, "set cache")
        except Exception as error:
            self._observe(key, value, options, response or error)
            self._failed(error)
        else:
            self._observe(key, value, options, response)

    def delete(self, key: str) -> None:
        """Remove the item under `key`, if there is one."""
        try:
            require_ok(self._send(ask_delete, key), self._error, "delete cache")
        except Exception as error:
            self._failed(error)

    def expire_tag(self, tag: str | Sequence[str]) -> None:
        """Expire every item that carries the tag, or one of the tags."""
        try:
            require_ok(self._send(ask_expire_tag, tag), self._error, "revalidate tag")
        except Exception as error:
            self._failed(error)

    def __contains__(self, key: str) -> bool:
        try:
            return read_presence(self._send(ask_get, key))
        except Exception as error:
            if self._on_error:
                self._on_error(error)
            return False  # in strict mode too, like the official class

    def __getitem__(self, key: str) -> Any:
        if key in self:
            return self.get(key)
        raise KeyError(key)

    def _send(self, ask: Callable[..., Ask], *arguments: object) -> Response:
        endpoint = parse_endpoint(self._endpoint)
        question = ask(endpoint, self._headers, *arguments)
        if not endpoint.loopback:
            return exchange_elsewhere(endpoint, *_checked(endpoint, question))
        return exchange((endpoint.host, endpoint.port), _rendered(endpoint, question))

    def _failed(self, error: Exception) -> None:
        if self._on_error:
            self._on_error(error)
        if self._strict:
            raise error


class AsyncBuildCache:
    """The runtime cache at `endpoint`, for coroutines; for any event loop, and several at a time.

    The same limits as `BuildCache`. A cancelled call closes its connection.
    """

    _observe = staticmethod(_nobody)
    _marks: ClassVar[Mapping[str, str]] = {}

    def __init__(
        self,
        *,
        endpoint: str,
        headers: Mapping[str, str],
        on_error: Callable[[Exception], None] | None = None,
    ) -> None:
        self._endpoint = endpoint.rstrip("/") + "/"
        self._headers = {**headers, **self._marks}
        self._on_error = on_error

    async def get(self, key: str) -> Any:
        """The item under `key`, or None where there is none or its time is over."""
        try:
            return read_value(await self._send(ask_get, key), RuntimeError)
        except Exception as error:
            self._failed(error)
            return None

    async def set(self, key: str, value: object, options: dict[str, Any] | None = None) -> None:
        """Store a JSON value. Options: `ttl` (seconds; 0 or absent: for good), `tags`, `name`."""
        response = None
        try:
            response = await self._send(ask_set, key, value, options)
            require_ok(response, RuntimeError, "set cache")
        except Exception as error:
            self._observe(key, value, options, response or error)
            self._failed(error)
        else:
            self._observe(key, value, options, response)

    async def delete(self, key: str) -> None:
        """Remove the item under `key`, if there is one."""
        try:
            require_ok(await self._send(ask_delete, key), RuntimeError, "delete cache")
        except Exception as error:
            self._failed(error)

    async def expire_tag(self, tag: str | Sequence[str]) -> None:
        """Expire every item that carries the tag, or one of the tags."""
        try:
            require_ok(await self._send(ask_expire_tag, tag), RuntimeError, "revalidate tag")
        except Exception as error:
            self._failed(error)

    async def contains(self, key: str) -> bool:
        """Whether there is a fresh item under `key`."""
        try:
            return read_presence(await self._send(ask_get, key))
        except Exception as error:
            self._failed(error)
            return False

    async def _send(self, ask: Callable[..., Ask], *arguments: object) -> Response:
        endpoint = parse_endpoint(self._endpoint)
        question = ask(endpoint, self._headers, *arguments)
        if not endpoint.loopback:
            import asyncio

            checked = _checked(endpoint, question)
            return await asyncio.to_thread(exchange_elsewhere, endpoint, *checked)
        return await exchange_async((endpoint.host, endpoint.port), _rendered(endpoint, question))

    def _failed(self, error: Exception) -> None:
        if self._on_error:
            self._on_error(error)


def _rendered(endpoint: Endpoint, ask: Ask) -> bytes:
    return render_request(ask.method, ask.target, endpoint.host_header, ask.headers, ask.body)


def _checked(endpoint: Endpoint, ask: Ask) -> tuple[str, str, dict[str, str], bytes | None]:
    _rendered(endpoint, ask)  # refuses what is refused on the other way too
    return ask.method, ask.target, dict(ask.headers), ask.body

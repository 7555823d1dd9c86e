"""The platform's runtime cache protocol over HTTP, as the official SDK speaks it.

A raw ASGI callable: it shares its event loop with the proxy, and a get is on the app's hot path.
Statuses and bodies are those of the official CLI's cache, word for word.
"""

from __future__ import annotations

import hmac
from collections.abc import MutableMapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

from starlette.types import Receive, Send

from vercel_emu.errors import EmuError
from vercel_emu.events import Emit, Notice
from vercel_emu.platform import header_names as names
from vercel_emu.platform.limits import CACHE_ITEM_BYTES
from vercel_emu.runtime_cache import policy
from vercel_emu.runtime_cache.model import Scope
from vercel_emu.runtime_cache.policy import Refusal
from vercel_emu.runtime_cache.responses import (
    DONE,
    FORBIDDEN,
    INTERNAL_ERROR,
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    REVALIDATED,
    UNAUTHORIZED,
    Response,
    hit,
    problem,
)
from vercel_emu.runtime_cache.store import Store

PREFIX = b"/v1/suspense-cache/"
_REVALIDATE = b"revalidate"
_MOST_TOLD = 1000


def loopback_hosts(port: int) -> frozenset[bytes]:
    """The `Host` values of requests that are meant for a listener of ours, and no other's."""
    return frozenset((f"127.0.0.1:{port}".encode(), f"localhost:{port}".encode()))


class _ClientGoneError(Exception):
    pass


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    path: bytes
    query: bytes
    headers: dict[bytes, bytes]
    receive: Receive

    def header(self, name: str) -> str | None:
        raw = self.headers.get(name.encode())
        if raw is None:
            return None
        try:
            return raw.decode()
        except UnicodeDecodeError:
            return raw.decode("latin-1")


class RuntimeCacheAPI:
    """Answers every request below `/v1/suspense-cache/` for one scope."""

    def __init__(
        self,
        store: Store,
        scope: Scope,
        token: str,
        emit: Emit,
        tag_propagation_ms: int = 0,
    ) -> None:
        self.scope = scope
        self._store = store
        self._authorization = f"Bearer {token}".encode()
        self._emit = emit
        self._delay_ms = tag_propagation_ms
        self._hosts: frozenset[bytes] = frozenset()
        self._told: set[tuple[str, str]] = set()

    @property
    def port(self) -> int | None:
        """The listener's port, known once it is bound; requests for other hosts are refused."""
        return int(next(iter(self._hosts)).rpartition(b":")[2]) if self._hosts else None

    @port.setter
    def port(self, port: int) -> None:
        self._hosts = loopback_hosts(port)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        path = scope.get("raw_path") or scope["path"].encode()
        request = _Request(
            scope["method"], path, scope["query_string"], dict(scope["headers"]), receive
        )
        try:
            answer = await self._answer(request)
        except _ClientGoneError:
            return
        except EmuError as error:
            answer = problem(503, error.message)
        except Exception as error:
            message = f"The runtime cache failed: {type(error).__name__}: {error}"
            self._emit(Notice(level="error", code="CACHE_FAILED", message=message))
            answer = INTERNAL_ERROR
        await send(answer.start())
        await send({"type": "http.response.body", "body": answer.body})

    async def _answer(self, request: _Request) -> Response:
        if request.headers.get(b"host") not in self._hosts:
            return FORBIDDEN
        given = request.headers.get(b"authorization", b"")
        if not hmac.compare_digest(given, self._authorization):
            return UNAUTHORIZED
        if not request.path.startswith(PREFIX):
            return NOT_FOUND
        raw_key = request.path[len(PREFIX) :]
        if raw_key == _REVALIDATE:
            return await self._revalidate(request)
        if not raw_key:
            return NOT_FOUND
        key = policy.decode_key(raw_key)
        if key is None:
            return problem(400, "Invalid cache key")
        if request.method == "GET":
            return await self._get(key)
        if request.method == "POST":
            return await self._set(key, request)
        if request.method == "DELETE":
            await self._store.delete(self.scope, key)
            return DONE
        return METHOD_NOT_ALLOWED

    async def _get(self, key: str) -> Response:
        try:
            item = await self._store.get(self.scope, key)
        except EmuError:
            return NOT_FOUND  # the store has told the terminal; the app computes its value
        return NOT_FOUND if item is None else hit(item)

    async def _set(self, key: str, request: _Request) -> Response:
        ttl: float | None = None
        tags = policy.parse_tags(request.header(names.CACHE_TAGS) or "")
        name = request.header(names.CACHE_ITEM_NAME) or ""
        if revalidate := request.header(names.CACHE_REVALIDATE):
            ttl = policy.parse_ttl(revalidate)
            if ttl is None:
                return self._refuse(policy.refuse_ttl(revalidate), request, key, name)
            if ttl == 0:
                return DONE  # the platform's answer, although nothing is stored
        body, size = await _read_body(request)
        refusal = policy.too_large(size) or policy.refuse_labels(tags, name)
        if refusal is not None:
            return self._refuse(refusal, request, key, name)
        await self._store.set(self.scope, key, body, tags=tags, ttl=ttl, name=name)
        return DONE

    async def _revalidate(self, request: _Request) -> Response:
        if request.method != "POST":
            return METHOD_NOT_ALLOWED
        query = parse_qsl(request.query.decode("latin-1"))
        tags = policy.unique_tags(
            tag for name, value in query if name == "tags" for tag in value.split(",")
        )
        keys = [value for name, value in query if name == "itemId"]
        if not tags and not keys:
            return problem(400, "No tags or itemId provided")
        if tags:
            await self._store.expire_tags(self.scope, tags, delay_ms=self._delay_ms)
        for key in keys:
            await self._store.delete(self.scope, key)
        return REVALIDATED

    def _refuse(self, refusal: Refusal, request: _Request, key: str, name: str) -> Response:
        """The SDK stays silent about a refused item; the terminal must not.

        A client of ours is observed where it runs, which knows the key before it was hashed.
        """
        answer = problem(refusal.status, refusal.reason)
        if request.header(names.CACHE_OBSERVED) is not None:
            told = f"{refusal.code} {refusal}".encode("ascii", "backslashreplace")
            return replace(answer, headers=(*answer.headers, (names.CACHE_REFUSAL.encode(), told)))
        if (key, refusal.code) not in self._told and len(self._told) < _MOST_TOLD:
            self._told.add((key, refusal.code))
            self._warn(refusal, key, name)
        return answer

    def _warn(self, refusal: Refusal, key: str, name: str) -> None:
        named = f" (name {name!r})" if name else ""
        self._emit(
            Notice(
                level="warn",
                code=refusal.code,
                message=f"Runtime cache item {key!r}{named} was not stored: {refusal}.",
                hint="Vercel refuses it as well, and the SDK does not say so. "
                "The item's old value, if any, is unchanged.",
            )
        )


async def _read_body(request: _Request) -> tuple[bytes, int]:
    """The body and its size; one over the limit is read to its end but not kept."""
    chunks: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise _ClientGoneError
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= CACHE_ITEM_BYTES:
            chunks.append(chunk)
        else:
            chunks.clear()
        more = message.get("more_body", False)
    return b"".join(chunks), size

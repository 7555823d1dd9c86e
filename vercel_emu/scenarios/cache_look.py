"""Whether the runtime cache holds what a scenario expects: asked of the emulator's control API."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from vercel_emu.platform import header_names as names
from vercel_emu.runtime_cache.sdk_keys import SEPARATOR, stored_key
from vercel_emu.scenarios.expectations import CacheView, filled
from vercel_emu.scenarios.scenario import Expectation
from vercel_emu.transport.client import HttpClient, NoAnswer, Response
from vercel_emu.visitors.visitor import Visitor

WAIT_SECONDS = 10


class CacheLook:
    """Asks one emulator. `client` is for its control listener, with the token."""

    def __init__(self, client: HttpClient) -> None:
        self._client = client

    async def after(
        self, expect: Expectation, answer: Response, visitor: Visitor
    ) -> CacheView | None:
        """What the cache holds once the invocation is over, `wait_until` work included."""
        if expect.cache_key is None and expect.cache_tag is None:
            return None
        keys: set[str] = set()
        tags: set[str] = set()
        try:
            await self._ended(answer)
            if expect.cache_key is not None:
                name = str(filled(expect.cache_key, visitor))
                if any([await self._holds_key(key) for key in spellings(name)]):
                    keys.add(name)
            if expect.cache_tag is not None:
                name = str(filled(expect.cache_tag, visitor))
                if await self._holds_tag(name):
                    tags.add(name)
        except NoAnswer:
            return None
        return CacheView(keys.__contains__, tags.__contains__)

    async def _ended(self, answer: Response) -> None:
        if identity := answer.headers.get(names.VERCEL_ID):
            path = f"/emu/v1/invocations/{identity}?wait={WAIT_SECONDS}"
            await self._client.send("GET", path)

    async def _holds_key(self, key: str) -> bool:
        found = await self._ask("get", key=key)
        return found.get("item") is not None

    async def _holds_tag(self, tag: str) -> bool:
        found = await self._ask("items", tag=tag, limit="1")
        return bool(found.get("items"))

    async def _ask(self, operation: str, **query: str) -> dict[str, object]:
        answer = await self._client.send("GET", f"/emu/v1/cache/{operation}?{urlencode(query)}")
        if answer.status != 200:
            raise NoAnswer(answer.body.decode("utf-8", "replace"))
        found: dict[str, object] = json.loads(answer.body)
        return found


def spellings(name: str) -> tuple[str, ...]:
    """The stored keys that `name` can mean: as it is, hashed, or `NAMESPACE$key` hashed."""
    namespace, separator, plain = name.partition(SEPARATOR)
    found = (name, stored_key(name))
    return (*found, stored_key(plain, namespace)) if separator else found

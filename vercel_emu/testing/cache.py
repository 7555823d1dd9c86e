"""The runtime cache of an emulator from Python: the app's own items, by the keys its code uses."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from vercel_emu.errors import EmuError
from vercel_emu.runtime_cache import operations as ops
from vercel_emu.runtime_cache import sdk_keys
from vercel_emu.testing.background import Background


class _Items:
    """The operations as coroutines on the emulator's loop."""

    def __init__(self, background: Background) -> None:
        project = background.project
        self._operations = ops.CacheOperations(project.store, project.cache_scope)

    async def get(self, key: str) -> Any:
        found = await self._operations.get(ops.GetItem(key=key))
        return None if found.item is None else json.loads(found.item.body)

    async def set(
        self, key: str, value: Any, ttl: float | None, tags: Iterable[str], name: str
    ) -> None:
        body = json.dumps(value).encode()
        record = ops.Record(key=key, body=body, tags=tuple(tags), name=name, ttl=ttl)
        stored = await self._operations.put(ops.PutItems(records=[record]))
        for refused in stored.refused:
            raise EmuError("CACHE_REFUSED", f"The item {key} was refused: {refused.reason}.")

    async def delete(self, key: str) -> bool:
        return bool((await self._operations.delete(ops.DeleteItems(keys=[key]))).deleted)

    async def expire_tag(self, tags: str | Iterable[str]) -> int:
        wanted = [tags] if isinstance(tags, str) else list(tags)
        return (await self._operations.expire_tags(ops.ExpireTags(tags=wanted))).items

    async def items(self, tag: str, prefix: str) -> list[ops.ItemRow]:
        found: list[ops.ItemRow] = []
        request = ops.ListItems(tag=tag, prefix=prefix, limit=ops.MOST_ITEMS)
        while True:
            page = await self._operations.items(request)
            found += page.items
            if not page.next:
                return found
            request.after = page.next

    async def clear(self) -> int:
        return (await self._operations.clear(ops.Request())).items


class Cache:
    """`emu.cache`. Keys are those that the app gives to `RuntimeCache`; values are JSON.

    `namespace` is the app's, `hashed=False` takes the key as it is stored (a `key_hash_function`
    of the app's own).
    """

    def __init__(self, background: Background) -> None:
        self._items = _Items(background)
        self._run = background.run

    def get(self, key: str, *, namespace: str = "", hashed: bool = True) -> Any:
        """The value, or None."""
        return self._run(self._items.get(_stored(key, namespace, hashed=hashed)))

    def set(
        self,
        key: str,
        value: Any,
        *,
        ttl: float | None = None,
        tags: Iterable[str] = (),
        name: str = "",
        namespace: str = "",
        hashed: bool = True,
    ) -> None:
        """Store a value, for `ttl` seconds or for good."""
        stored = _stored(key, namespace, hashed=hashed)
        self._run(self._items.set(stored, value, ttl, tags, name))

    def delete(self, key: str, *, namespace: str = "", hashed: bool = True) -> bool:
        """Forget an item; whether there was one."""
        return self._run(self._items.delete(_stored(key, namespace, hashed=hashed)))

    def expire_tag(self, tags: str | Iterable[str]) -> int:
        """Expire one tag or several; how many items had one of them."""
        return self._run(self._items.expire_tag(tags))

    def items(self, *, tag: str = "", prefix: str = "") -> list[ops.ItemRow]:
        """What is in it, without the values; `prefix` is of stored keys."""
        return self._run(self._items.items(tag, prefix))

    def clear(self) -> int:
        """Forget everything; how many items there were."""
        return self._run(self._items.clear())


class AsyncCache:
    """`emu.cache` in an `async with` block: `Cache` with coroutines."""

    def __init__(self, background: Background) -> None:
        self._items = _Items(background)
        self._run = background.run_async

    async def get(self, key: str, *, namespace: str = "", hashed: bool = True) -> Any:
        """The value, or None."""
        return await self._run(self._items.get(_stored(key, namespace, hashed=hashed)))

    async def set(
        self,
        key: str,
        value: Any,
        *,
        ttl: float | None = None,
        tags: Iterable[str] = (),
        name: str = "",
        namespace: str = "",
        hashed: bool = True,
    ) -> None:
        """Store a value, for `ttl` seconds or for good."""
        stored = _stored(key, namespace, hashed=hashed)
        await self._run(self._items.set(stored, value, ttl, tags, name))

    async def delete(self, key: str, *, namespace: str = "", hashed: bool = True) -> bool:
        """Forget an item; whether there was one."""
        return await self._run(self._items.delete(_stored(key, namespace, hashed=hashed)))

    async def expire_tag(self, tags: str | Iterable[str]) -> int:
        """Expire one tag or several; how many items had one of them."""
        return await self._run(self._items.expire_tag(tags))

    async def items(self, *, tag: str = "", prefix: str = "") -> list[ops.ItemRow]:
        """What is in it, without the values; `prefix` is of stored keys."""
        return await self._run(self._items.items(tag, prefix))

    async def clear(self) -> int:
        """Forget everything; how many items there were."""
        return await self._run(self._items.clear())


def _stored(key: str, namespace: str, *, hashed: bool) -> str:
    if hashed:
        return sdk_keys.stored_key(key, namespace)
    return sdk_keys.namespace_prefix(namespace) + key

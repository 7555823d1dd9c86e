"""Connects the SDK's `invalidate_by_tag` and `dangerously_delete_by_tag` to the emulator's caches.

The SDK asks the request's context for a purge API. The runtime sets that context anew for every
request, in whatever thread or task serves it, at one place: there the API is added.

Runs inside the function instance: standard library only.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Generator
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

_TIMEOUT = 10.0


class Done:
    """The answer: nothing, and it may be awaited, as the SDK's async shape of the API is."""

    def __await__(self) -> Generator[Any, None, None]:
        return
        yield


class PurgeAPI:
    """What `vercel.cache.purge` calls. Purging by tag reaches every cache, as on the platform."""

    def __init__(self, control_url: str, authorization: str) -> None:
        self._address = urlsplit(control_url).netloc
        self._headers = {"authorization": authorization, "content-type": "application/json"}

    def invalidate_by_tag(self, tag: str | list[str]) -> Done:
        return self._purge(tag, delete=False)

    def dangerously_delete_by_tag(
        self, tag: str | list[str], *, revalidation_deadline_seconds: int | None = None
    ) -> Done:
        return self._purge(tag, delete=True, deadline=revalidation_deadline_seconds)

    def _purge(self, tag: str | list[str], *, delete: bool, deadline: int | None = None) -> Done:
        tags = [tag] if isinstance(tag, str) else list(tag)
        asked = json.dumps({"tags": tags, "delete": delete, "deadline": deadline})
        import http.client  # only who purges pays for it

        connection = http.client.HTTPConnection(self._address, timeout=_TIMEOUT)
        try:
            connection.request("POST", "/emu/v1/cdn/purge", asked, self._headers)
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
        finally:
            connection.close()
        if response.status != 200:
            raise RuntimeError(f"purging {', '.join(tags)} failed: {text}")
        return Done()


def install(control_url: str, authorization: str) -> bool:
    """Add the API to every request's context; False where the runtime has no such place."""
    api = PurgeAPI(control_url, authorization)
    try:
        runtime_cache = importlib.import_module("vercel_runtime.cache")
    except ImportError:
        return False
    load = getattr(runtime_cache, "_load_vercel_cache_modules", None)
    if not callable(load):
        return False
    found: list[Any] = []

    def load_vercel_cache_modules() -> Any:
        if not found:
            modules = load()
            if modules is None:
                return None
            cache_build, context = modules
            takes_purge = "purge" in context.set_context.__code__.co_varnames
            found.append((cache_build, _with_purge(context, api) if takes_purge else context))
        return found[0]

    runtime_cache._load_vercel_cache_modules = load_vercel_cache_modules  # type: ignore[attr-defined]
    return True


def _with_purge(context: Any, api: PurgeAPI) -> Any:
    """The SDK's context as the runtime uses it: what sets the caches sets the API too."""

    def set_context(**values: Any) -> None:
        context.set_context(**values, purge=None if values.get("cache") is None else api)

    return SimpleNamespace(set_context=set_context)

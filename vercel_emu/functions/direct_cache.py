"""A project's runtime cache without a server: the protocol's own code, called in this process.

The built-in client builds its questions and reads its answers as always; only the socket between
it and `RuntimeCacheAPI` is missing. So limits, time to live, tags and JSON are what the app meets.
"""

from __future__ import annotations

import asyncio
import atexit
import threading
import warnings
from collections.abc import Callable, Coroutine, MutableMapping
from pathlib import Path
from typing import Any

from vercel_emu.emu_folder import emu_folder
from vercel_emu.guest.functions_api.vercel.cache._client.address import parse_endpoint
from vercel_emu.guest.functions_api.vercel.cache._client.caches import AsyncBuildCache, BuildCache
from vercel_emu.guest.functions_api.vercel.cache._client.protocol import Ask
from vercel_emu.guest.functions_api.vercel.cache._client.wire import Response, render_request
from vercel_emu.options import load_options
from vercel_emu.project.load import identify_project
from vercel_emu.project.pyproject import emu_table
from vercel_emu.runtime_cache import open_store
from vercel_emu.runtime_cache.http_api import RuntimeCacheAPI
from vercel_emu.runtime_cache.identity import cache_scope
from vercel_emu.runtime_cache.store import ignore

_PORT = 1  # of an address that nothing listens on, and nothing is sent to
_ENDPOINT = parse_endpoint(f"http://127.0.0.1:{_PORT}/v1/suspense-cache/")
_TOKEN = "in-process"
_HEADERS = {"authorization": f"Bearer {_TOKEN}"}


class ProjectCache:
    """The cache of the project in `folder`: `sync` and `coroutine` are clients of it.

    The store belongs to one event loop, which runs in a thread of its own; so any thread and any
    event loop of the process may ask.
    """

    def __init__(self, folder: Path) -> None:
        self.sync = _Sync(self)
        self.coroutine = _Coroutine(self)
        self._loop = asyncio.new_event_loop()
        threading.Thread(
            target=self._loop.run_forever, name="vercel-emu-cache", daemon=True
        ).start()
        try:
            self._store, self._api = self._run(_open(folder)).result()
        except BaseException:
            self._loop.call_soon_threadsafe(self._loop.stop)
            raise
        self._open = True
        _at_exit(self.close)

    def close(self) -> None:
        """Finish writing and let go of the file. It can be called again."""
        if self._open:
            self._open = False
            self._run(self._store.close()).result()
            self._loop.call_soon_threadsafe(self._loop.stop)

    def ask(self, question: Ask) -> Any:
        """Start asking; the result is a `concurrent.futures.Future` of the response."""
        return self._run(_answer(self._api, question))

    def _run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)


class _Sync(BuildCache):
    def __init__(self, cache: ProjectCache) -> None:
        super().__init__(endpoint=_ENDPOINT.url, headers=_HEADERS)
        self._cache = cache

    def _send(self, ask: Callable[..., Ask], *arguments: object) -> Response:
        response: Response = self._cache.ask(ask(_ENDPOINT, _HEADERS, *arguments)).result()
        return response


class _Coroutine(AsyncBuildCache):
    def __init__(self, cache: ProjectCache) -> None:
        super().__init__(endpoint=_ENDPOINT.url, headers=_HEADERS)
        self._cache = cache

    async def _send(self, ask: Callable[..., Ask], *arguments: object) -> Response:
        question = ask(_ENDPOINT, _HEADERS, *arguments)
        response: Response = await asyncio.wrap_future(self._cache.ask(question))
        return response


def _at_exit(close: Callable[[], None]) -> None:
    """Before the worker threads end, which closing needs; `atexit` itself comes after that."""
    getattr(threading, "_register_atexit", atexit.register)(close)


async def _open(folder: Path) -> tuple[Any, RuntimeCacheAPI]:
    """The store and scope that `vercel-emu dev` in this folder would use."""
    project = identify_project(folder)
    options = load_options(emu_table(project.root), {}, project.root / "pyproject.toml")
    max_bytes = options.cache_size * 1024 * 1024
    with emu_folder(project.root) as kept:
        if warning := kept.warning(options.cache):
            warnings.warn(f"{warning.message} {warning.hint}", RuntimeWarning, stacklevel=2)
        spec = kept.cache(options.cache)
        store = open_store(spec, path=kept.cache_file, max_bytes=max_bytes)
    scope = cache_scope(project, options)
    api = RuntimeCacheAPI(store, scope, _TOKEN, ignore)
    api.port = _PORT
    return store, api


async def _answer(api: RuntimeCacheAPI, ask: Ask) -> Response:
    body = ask.body or b""
    # Rendered for its checks alone: what can't be a header on the wire can't be one here.
    render_request(ask.method, ask.target, _ENDPOINT.host_header, ask.headers, body)
    path, _, query = ask.target.partition("?")
    headers = {"host": _ENDPOINT.host_header, **ask.headers}
    scope: MutableMapping[str, Any] = {
        "type": "http",
        "method": ask.method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), _bytes(value)) for name, value in headers.items()],
    }
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await api(scope, receive, send)
    fields = {name.decode().lower(): value.decode("latin-1") for name, value in sent[0]["headers"]}
    answer = b"".join(message.get("body", b"") for message in sent[1:])
    return Response(sent[0]["status"], "", fields, answer, reusable=False)


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("ascii")

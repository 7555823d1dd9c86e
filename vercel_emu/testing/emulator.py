"""`with Emulator("path") as emu:` and `async with`: the public classes of the Python API."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any, Self, cast

import httpx

from vercel_emu import tasks
from vercel_emu.testing.cache import AsyncCache, Cache
from vercel_emu.testing.core import EmulatorCore, Who, merged
from vercel_emu.testing.http import Response, async_client, client, no_cookies


class Emulator(EmulatorCore):
    """The project in a folder, run as `vercel-emu dev` runs it, on a free port.

    `visitor` is who asks where a request doesn't say, `environ` are further environment variables,
    and every option of `vercel-emu dev` is a keyword (`env="preview"`, `max_duration=2`). The
    runtime cache is empty and in memory, and nothing is reloaded by itself, unless asked for
    (`cache="file"`, `reload=True`). Starting waits until the app has started, or raises its error;
    with `wait_ready=False` requests wait, and see the error page.

    It runs inside a `with` block, or between `start()` and `stop()`.
    """

    _opened: tuple[httpx.Client, Cache] | None = None

    def start(self) -> Self:
        """Run it until `stop()`, which a `with` block calls by itself.

        Raises:
            EmuError: a wrong option, the project can't be run, or its app can't start.
        """
        self._start()
        made = client(self._background, self.url, cookies=no_cookies())
        self._opened = made, Cache(self._background)
        return self

    def stop(self) -> None:
        """End it and everything that it started; without effect where it does not run."""
        opened, self._opened = self._opened, None
        if opened is not None:
            opened[0].close()
        self._stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    async def __aenter__(self) -> AsyncEmulator:
        self._async = AsyncEmulator(
            self._folder,
            visitor=self._visitor,
            environ=self._environ,
            wait_ready=self._wait_ready,
            **self._options,
        )
        return await self._async.__aenter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._async.__aexit__(kind, error, traceback)

    @property
    def cache(self) -> Cache:
        """The app's runtime cache, by the keys that its code uses."""
        return self._started[1]

    @property
    def _started(self) -> tuple[httpx.Client, Cache]:
        if self._opened is None or self._running is None:
            raise self._not_running()
        return self._opened

    def request(
        self,
        method: str,
        path: str,
        *,
        visitor: Who | None = None,
        wait: bool = False,
        **options: Any,
    ) -> Response:
        """Send a request as `visitor`; `options` are those of `httpx`.

        With `wait` it returns once the invocation has ended, `wait_until` work included. Cookies
        are not kept and redirects not followed; a `client` can do both.
        """
        http, _ = self._started
        found = http.request(method, path, **merged(self._asking(visitor), options))
        response = cast(Response, found)
        if wait:
            response.invocation.wait()
        return response

    def get(self, path: str, **options: Any) -> Response:
        """A GET request; see `request`."""
        return self.request("GET", path, **options)

    def head(self, path: str, **options: Any) -> Response:
        """A HEAD request; see `request`."""
        return self.request("HEAD", path, **options)

    def options(self, path: str, **options: Any) -> Response:
        """An OPTIONS request; see `request`."""
        return self.request("OPTIONS", path, **options)

    def post(self, path: str, **options: Any) -> Response:
        """A POST request; see `request`."""
        return self.request("POST", path, **options)

    def put(self, path: str, **options: Any) -> Response:
        """A PUT request; see `request`."""
        return self.request("PUT", path, **options)

    def patch(self, path: str, **options: Any) -> Response:
        """A PATCH request; see `request`."""
        return self.request("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> Response:
        """A DELETE request; see `request`."""
        return self.request("DELETE", path, **options)

    def client(self, visitor: Who | None = None, **settings: Any) -> httpx.Client:
        """An `httpx.Client` of its own, for a visitor who keeps cookies; a context manager."""
        settings = merged(self._asking(visitor), settings)
        return client(self._background, self.url, **settings)

    def reload(self) -> None:
        """Start the app anew; returns once the new code serves.

        Raises:
            EmuError: it can't start.
        """
        self._background.run(self._reload())


class AsyncEmulator(EmulatorCore):
    """What `async with Emulator(...)` gives: the same, with coroutines."""

    _opened: tuple[httpx.AsyncClient, AsyncCache] | None = None

    async def start(self) -> Self:
        """Run it until `stop()`; see `Emulator.start`."""
        starting = tasks.start(asyncio.to_thread(self._start), "start of the emulator")
        try:
            await asyncio.shield(starting)
        except asyncio.CancelledError:
            # The thread goes on: what it starts must not be left behind.
            await asyncio.wait([starting])
            await asyncio.to_thread(self._stop)
            raise
        made = async_client(self._background, self.url, cookies=no_cookies())
        self._opened = made, AsyncCache(self._background)
        return self

    async def stop(self) -> None:
        """End it and everything that it started; without effect where it does not run."""
        opened, self._opened = self._opened, None
        if opened is not None:
            await opened[0].aclose()
        await asyncio.to_thread(self._stop)

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    @property
    def cache(self) -> AsyncCache:
        """The app's runtime cache, by the keys that its code uses."""
        return self._started[1]

    @property
    def _started(self) -> tuple[httpx.AsyncClient, AsyncCache]:
        if self._opened is None or self._running is None:
            raise self._not_running()
        return self._opened

    async def request(
        self,
        method: str,
        path: str,
        *,
        visitor: Who | None = None,
        wait: bool = False,
        **options: Any,
    ) -> Response:
        """Send a request as `visitor`; see `Emulator.request`."""
        http, _ = self._started
        found = await http.request(method, path, **merged(self._asking(visitor), options))
        response = cast(Response, found)
        if wait:
            await response.invocation.wait_async()
        return response

    async def get(self, path: str, **options: Any) -> Response:
        """A GET request; see `request`."""
        return await self.request("GET", path, **options)

    async def head(self, path: str, **options: Any) -> Response:
        """A HEAD request; see `request`."""
        return await self.request("HEAD", path, **options)

    async def options(self, path: str, **options: Any) -> Response:
        """An OPTIONS request; see `request`."""
        return await self.request("OPTIONS", path, **options)

    async def post(self, path: str, **options: Any) -> Response:
        """A POST request; see `request`."""
        return await self.request("POST", path, **options)

    async def put(self, path: str, **options: Any) -> Response:
        """A PUT request; see `request`."""
        return await self.request("PUT", path, **options)

    async def patch(self, path: str, **options: Any) -> Response:
        """A PATCH request; see `request`."""
        return await self.request("PATCH", path, **options)

    async def delete(self, path: str, **options: Any) -> Response:
        """A DELETE request; see `request`."""
        return await self.request("DELETE", path, **options)

    def client(self, visitor: Who | None = None, **settings: Any) -> httpx.AsyncClient:
        """An `httpx.AsyncClient` of its own, for a visitor who keeps cookies."""
        settings = merged(self._asking(visitor), settings)
        return async_client(self._background, self.url, **settings)

    async def reload(self) -> None:
        """Start the app anew; returns once the new code serves."""
        await self._background.run_async(self._reload())

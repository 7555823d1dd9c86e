"""The functions API for plain unit tests: `from vercel_emu.functions import RuntimeCache`.

The same API as `vercel.functions`, with one difference: where neither a request nor the environment
names a runtime cache, it is the project's own cache file (`.vercel/emu/cache.sqlite3`), opened
directly. Items are those that `vercel-emu dev` and the app see, and no server need run.

In come calls of a test; out go values, as the app would get them. Start with `direct_cache.py`,
which calls the cache protocol's own code in this process. The rest is the built-in copy of the API
in `vercel_emu/guest/functions_api/`; `use_project` names another folder than the current one.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, overload

from vercel_emu.guest.functions_api.vercel import functions as _builtin
from vercel_emu.guest.functions_api.vercel.cache import types as _types
from vercel_emu.guest.functions_api.vercel.cache.context import get_context
from vercel_emu.guest.functions_api.vercel.functions import (
    Env,
    Geo,
    geolocation,
    get_deadline,
    get_env,
    get_headers,
    ip_address,
    set_headers,
    wait_until,
)

if TYPE_CHECKING:
    from vercel_emu.functions.direct_cache import ProjectCache

__all__ = [
    "AsyncRuntimeCache",
    "Env",
    "Geo",
    "RuntimeCache",
    "geolocation",
    "get_cache",
    "get_deadline",
    "get_env",
    "get_headers",
    "ip_address",
    "set_headers",
    "use_project",
    "wait_until",
]

_folder: Path | None = None


def use_project(folder: str | os.PathLike[str] | None) -> None:
    """Use the cache file of this project; None (the default): of the folder the process is in."""
    global _folder
    _folder = None if folder is None else Path(folder)


class RuntimeCache(_builtin.RuntimeCache):
    __doc__ = _builtin.RuntimeCache.__doc__

    def _cache(self) -> _types.Cache:
        if get_context().cache is not None or _environment_decides():
            return super()._cache()
        return _project_cache().sync


class AsyncRuntimeCache(_builtin.AsyncRuntimeCache):
    __doc__ = _builtin.AsyncRuntimeCache.__doc__

    def _cache(self) -> _types.AsyncCache:
        if get_context().async_cache is not None or _environment_decides():
            return super()._cache()
        return _project_cache().coroutine


@overload
def get_cache(
    *,
    key_hash_function: Callable[[str], str] | None = ...,
    namespace: str | None = ...,
    namespace_separator: str | None = ...,
    sync: Literal[True] = ...,
) -> RuntimeCache: ...


@overload
def get_cache(
    *,
    key_hash_function: Callable[[str], str] | None = ...,
    namespace: str | None = ...,
    namespace_separator: str | None = ...,
    sync: Literal[False],
) -> AsyncRuntimeCache: ...


def get_cache(
    *,
    key_hash_function: Callable[[str], str] | None = None,
    namespace: str | None = None,
    namespace_separator: str | None = None,
    sync: bool = True,
) -> RuntimeCache | AsyncRuntimeCache:
    """A `RuntimeCache`, or with `sync=False` an `AsyncRuntimeCache`."""
    kind = RuntimeCache if sync else AsyncRuntimeCache
    return kind(
        key_hash_function=key_hash_function,
        namespace=namespace,
        namespace_separator=namespace_separator,
    )


def _environment_decides() -> bool:
    """Whether variables name a cache, or ask for none: then they are obeyed, as officially."""
    if os.environ.get("RUNTIME_CACHE_DISABLE_BUILD_CACHE") == "true":
        return True
    names = ("RUNTIME_CACHE_ENDPOINT", "RUNTIME_CACHE_HEADERS")
    return all(os.environ.get(name) for name in names)


def _project_cache() -> ProjectCache:
    return _opened((_folder or Path.cwd()).resolve(), os.getpid())


@cache
def _opened(folder: Path, _process: int) -> ProjectCache:
    """One for each folder, and after a fork a new one (threads and SQLite don't survive it)."""
    from vercel_emu.functions.direct_cache import ProjectCache

    return ProjectCache(folder)

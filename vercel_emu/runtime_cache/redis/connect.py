"""Connecting to the server that `--cache` names."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from vercel_emu.errors import EmuError
from vercel_emu.events import Emit
from vercel_emu.runtime_cache.store import Clock, Store

_TIMEOUT = 5.0
"""Seconds for a connection: more than an operation waits (`store.py`), as a check may."""
_SCHEMES = {"valkey://": "redis://", "valkeys://": "rediss://"}


def open_redis(url: str, *, clock: Clock, emit: Emit) -> Store:
    """A store on the server at `url`. Connects with the first operation, not here."""
    try:
        from redis.asyncio import Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
        from redis.exceptions import ConnectionError as LostConnectionError
    except ImportError:
        raise EmuError(
            "REDIS_NOT_INSTALLED",
            "A runtime cache on Redis needs the `redis` package.",
            "Install it with: pip install 'vercel-emu[redis]'",
        ) from None
    from vercel_emu.runtime_cache.redis.store import RedisStore

    try:
        client = Redis.from_url(
            _in_the_clients_words(url),
            socket_timeout=_TIMEOUT,
            socket_connect_timeout=_TIMEOUT,
            # For a connection that the server closed meanwhile; a hung one is waited for once.
            retry=Retry(NoBackoff(), 1, supported_errors=(LostConnectionError,)),
        )
        # Connects nowhere, but refuses options that the client does not know.
        client.connection_pool.make_connection()  # type: ignore[no-untyped-call]
    except (ValueError, TypeError) as error:
        raise EmuError(
            "INVALID_CACHE",
            f"{address(url)!r} is not the address of a Redis server: {error}.",
            "Use redis://HOST:PORT/DB or rediss://HOST:PORT/DB (or valkey://, valkeys://).",
        ) from None
    # Clocks of several machines differ, so the server's decides; tests bring one of their own.
    own_clock = None if clock is time.time else clock
    return RedisStore(client, address(url), own_clock, emit)


def _in_the_clients_words(url: str) -> str:
    for scheme, known in _SCHEMES.items():
        if url.startswith(scheme):
            return known + url.removeprefix(scheme)
    return url


def address(url: str) -> str:
    """The server for people: without user name, password and options."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.partition("://")[0] + "://..."  # anything of it may be the password
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"

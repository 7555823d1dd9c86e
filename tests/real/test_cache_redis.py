"""The cache on a real Redis server: the semantics, one round trip, and a server that goes away."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runtime_cache.semantics import StoreSemantics
from tests.runtime_cache.stores import Place, redis_server


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with redis_server() as address:
        yield address


class TestRedis(StoreSemantics):
    @pytest.fixture
    def place(self, url: str, tmp_path: Path) -> Place:
        import redis

        with redis.Redis.from_url(url) as client:
            client.flushall()
        return Place(url, tmp_path)

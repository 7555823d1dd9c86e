"""Any key, namespace and value: the same address and the same round trip as officially."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.functions_api.differential.peer import Peer
from vercel_emu.guest.functions_api.vercel.cache._client.caches import BuildCache
from vercel_emu.guest.functions_api.vercel.cache.context import set_context
from vercel_emu.guest.functions_api.vercel.cache.runtime_cache import RuntimeCache

official_client = pytest.importorskip("vercel.cache.cache_build")
official_cache = pytest.importorskip("vercel.cache")
official_context = pytest.importorskip("vercel.cache.context")

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)
LONG_TEXT = st.builds(lambda text, times: text * times, ANY_TEXT, st.integers(1, 1500))
TEXT = st.one_of(ANY_TEXT, LONG_TEXT, st.text("./%?#\\ \n\ud800é", max_size=8))
NAMESPACE = st.one_of(st.none(), TEXT)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=20,
)
lean = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Pair:
    """The official client and ours, as the caches of the request in progress."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.official = official_client.BuildCache(endpoint=peer.endpoint, headers={})
        self.ours = BuildCache(endpoint=peer.endpoint, headers={})

    def requests(self) -> list[dict[str, object]]:
        return self.peer.take_requests()


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with Peer() as peer:
        both = Pair(peer)
        # The official client has no way of closing its connections itself.
        with contextlib.closing(both.official._client):
            official_context.set_context(cache=both.official)
            set_context(cache=both.ours)
            yield both
            official_context.set_context(cache=None)
            set_context(cache=None)


@lean
@given(TEXT, NAMESPACE, NAMESPACE)
@example("\ud800", None, None)
@example("", "", "")
@example("k", "#\ud800", None)
@example("k" * 100_000, "n" * 70_000, None)
def test_keys_and_namespaces_have_the_same_address(
    pair: Pair, key: str, namespace: str | None, separator: str | None
) -> None:
    pair.requests()
    official_cache.RuntimeCache(namespace=namespace, namespace_separator=separator).delete(key)
    theirs = pair.requests()
    RuntimeCache(namespace=namespace, namespace_separator=separator).delete(key)
    assert pair.requests() == theirs


@lean
@given(TEXT)
def test_keys_that_are_not_hashed_have_the_same_address(pair: Pair, key: str) -> None:
    if len(key.encode("utf-8", "surrogatepass")) > 20_000:
        return  # percent-encoded, it would be beyond what the recording peer can read
    pair.requests()
    pair.official.delete(key)
    theirs = pair.requests()
    pair.ours.delete(key)
    assert pair.requests() == theirs


@lean
@given(TEXT, JSON, st.one_of(st.none(), st.integers(-5, 10**9)), st.lists(ANY_TEXT, max_size=3))
def test_values_make_the_same_round_trip(
    pair: Pair, key: str, value: object, ttl: int | None, tags: list[str]
) -> None:
    theirs, ours = official_cache.RuntimeCache(namespace="ns"), RuntimeCache(namespace="ns")
    options = {"ttl": ttl, "tags": tags}

    pair.requests()
    theirs.set(key, value, options)
    sent = pair.requests()
    assert json.dumps(ours.get(key)) == json.dumps(theirs.get(key))
    theirs.delete(key)
    pair.requests()

    ours.set(key, value, options)
    assert pair.requests() == sent
    assert json.dumps(ours.get(key)) == json.dumps(theirs.get(key))
    theirs.delete(key)
    pair.requests()


@lean
@given(st.one_of(TEXT, st.lists(TEXT, max_size=4)))
def test_expired_tags_are_the_same(pair: Pair, tags: str | list[str]) -> None:
    if len(json.dumps(tags)) > 20_000:
        return
    pair.requests()
    pair.official.expire_tag(tags)
    theirs = pair.requests()
    pair.ours.expire_tag(tags)
    assert pair.requests() == theirs

"""A random user of a store, checked step by step against a dictionary."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.runtime_cache.stores import SCOPE, Place
from vercel_emu.runtime_cache import Query, Scope

SETTINGS = settings(
    max_examples=30,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

SCOPES = (SCOPE, replace(SCOPE, region="fra1"), replace(SCOPE, environment="preview"))
KEYS = ("a", "b", "ns$c")
TAGS = ("red", "green", "blü")

scopes = st.sampled_from(SCOPES)
keys = st.sampled_from(KEYS)
tag_lists = st.lists(st.sampled_from(TAGS), unique=True, max_size=3)
ttls = st.none() | st.sampled_from([0.25, 1.0, 60.0, 1e300])


@dataclass
class Written:
    body: bytes
    tags: list[str]
    ends: float | None


@dataclass
class Travelling:
    """A tag expiry that will end `item`, where it is still the one there, at `arrival`."""

    arrival: float
    scope: Scope
    key: str
    item: Written


class StoreMachine(RuleBasedStateMachine):
    """The model: a dictionary, and a list of tag expiries on their way to other regions."""

    place: Place

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.clock = self.place.clock
        self.begin()
        self.open()
        self.model: dict[tuple[Scope, str], Written] = {}
        self.travelling: list[Travelling] = []
        self.has_delayed = False

    def begin(self) -> None:
        """Empty the place; for subclasses."""

    def open(self) -> None:
        async def connect() -> None:
            self.store = self.place.open()

        self.runner.run(connect())

    @rule(scope=scopes, key=keys, body=st.binary(max_size=20), tags=tag_lists, ttl=ttls)
    def write(
        self, scope: Scope, key: str, body: bytes, tags: list[str], ttl: float | None
    ) -> None:
        self.runner.run(self.store.set(scope, key, body, tags=tags, ttl=ttl))
        ends = None if ttl is None else self.clock.now + ttl
        self.model[scope, key] = Written(body, tags, ends)

    @rule(scope=scopes, key=keys)
    def remove(self, scope: Scope, key: str) -> None:
        there = self.runner.run(self.store.delete(scope, key))
        assert there == (self.expected(scope, key) is not None)
        self.model.pop((scope, key), None)

    @rule(scope=scopes, tags=tag_lists.filter(bool), delay=st.sampled_from([0, 300]))
    def expire(self, scope: Scope, tags: list[str], delay: int) -> None:
        self.runner.run(self.store.expire_tags(scope, tags, delay_ms=delay))
        self.has_delayed |= delay > 0
        for (owner, key), item in list(self.model.items()):
            same_space = replace(owner, region=scope.region) == scope
            if not same_space or not set(tags) & set(item.tags):
                continue
            if owner.region == scope.region or not delay:
                del self.model[owner, key]
            else:
                arrival = self.clock.now + delay / 1000
                self.travelling.append(Travelling(arrival, owner, key, item))

    @rule(seconds=st.sampled_from([0.1, 0.25, 0.3, 1.0, 100.0]))
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds
        self.arrive()

    # An expiry on its way arrives by the clock, so what a clock set back means for it is open.
    @precondition(lambda self: not self.has_delayed)
    @rule(seconds=st.sampled_from([0.1, 1.0, 100.0]))
    def clock_is_set_back(self, seconds: float) -> None:
        self.clock.now -= seconds

    @rule()
    def restart(self) -> None:
        if self.place.spec != "memory":
            self.runner.run(self.store.close())
            self.open()

    @rule(scope=scopes)
    def clear(self, scope: Scope) -> None:
        self.runner.run(self.store.clear(scope))
        for key in KEYS:
            self.model.pop((scope, key), None)

    @rule(scope=scopes, tag=st.sampled_from(("", *TAGS)))
    def list_items(self, scope: Scope, tag: str) -> None:
        page = self.runner.run(self.store.items(scope, Query(tag=tag)))
        fresh = {key: item for key in KEYS if (item := self.expected(scope, key)) is not None}
        assert {info.key: (info.size, list(info.tags)) for info in page.items} == {
            key: (len(item.body), item.tags)
            for key, item in fresh.items()
            if not tag or tag in item.tags
        }

    @invariant()
    def every_read_agrees(self) -> None:
        for scope in SCOPES:
            for key in KEYS:
                item = self.runner.run(self.store.get(scope, key))
                expected = self.expected(scope, key)
                assert (item and (item.body, list(item.tags))) == (
                    expected and (expected.body, expected.tags)
                )

    def expected(self, scope: Scope, key: str) -> Written | None:
        item = self.model.get((scope, key))
        if item is None or (item.ends is not None and self.clock.now >= item.ends):
            return None
        return item

    def arrive(self) -> None:
        for expiry in [e for e in self.travelling if e.arrival <= self.clock.now]:
            self.travelling.remove(expiry)
            if self.model.get((expiry.scope, expiry.key)) is expiry.item:
                del self.model[expiry.scope, expiry.key]

    def teardown(self) -> None:
        self.runner.run(self.store.close())
        self.runner.close()

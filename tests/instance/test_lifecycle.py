"""The life of instances as written timelines: what happens, and what is done about it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vercel_emu.instance import lifecycle as life
from vercel_emu.instance.lifecycle import (
    Changed,
    Drain,
    Exited,
    Fail,
    Go,
    Idle,
    Kill,
    Lifecycle,
    Phase,
    Prepared,
    Promote,
    Serve,
    Spawn,
    StandbyUnfit,
    Started,
    Stopping,
    Unresponsive,
    Wanted,
)

COLD = Spawn("f#1")
STANDBY = Spawn("f#2", standby=True, preload=True)


class Timeline:
    """`when(event) == [commands]`, read from top to bottom."""

    def __init__(self, size: int = 1, keep_standby: bool = True) -> None:
        self.life = Lifecycle("f", size=size, keep_standby=keep_standby)

    def when(self, event: life.Event) -> list[life.Command]:
        return self.life.handle(event)


def serving(*, standby_prepared: bool = True) -> Timeline:
    """One instance serves, a standby waits."""
    t = Timeline()
    assert t.when(Wanted()) == [COLD]
    assert t.when(Prepared("f#1")) == [Go("f#1")]
    assert t.when(Started("f#1")) == [Serve("f#1"), STANDBY]
    if standby_prepared:
        assert t.when(Prepared("f#2")) == []
    return t


def test_a_function_starts_when_it_is_wanted_and_only_once() -> None:
    t = Timeline()
    assert t.when(Wanted()) == [COLD]
    assert t.when(Wanted()) == []
    assert t.when(Prepared("f#1")) == [Go("f#1")]
    assert t.when(Wanted()) == []
    assert t.when(Started("f#1")) == [Serve("f#1"), STANDBY]
    assert t.when(Wanted()) == []


def test_a_save_promotes_the_standby_and_drains_the_old_instance() -> None:
    t = serving()
    assert t.when(Changed()) == [Drain("f#1"), Promote("f#2"), Go("f#2")]
    assert t.when(Started("f#2")) == [Serve("f#2"), Spawn("f#3", standby=True, preload=True)]
    assert t.when(Exited("f#1")) == []
    assert t.life.serving() == ["f#2"]


def test_a_save_while_the_standby_still_prepares_waits_for_it() -> None:
    t = serving(standby_prepared=False)
    assert t.when(Changed()) == [Drain("f#1"), Promote("f#2")]
    assert t.when(Prepared("f#2")) == [Go("f#2")]
    assert t.when(Started("f#2")) == [Serve("f#2"), Spawn("f#3", standby=True, preload=True)]


def test_a_second_save_supersedes_a_start_that_has_read_code() -> None:
    t = serving()
    t.when(Changed())
    assert t.when(Changed()) == [Kill("f#2"), Spawn("f#3", preload=True)]
    assert t.when(Started("f#2")) == []  # late news of one that is gone
    assert t.when(Exited("f#2")) == []
    assert t.when(Prepared("f#3")) == [Go("f#3")]
    assert t.when(Started("f#3"))[0] == Serve("f#3")


def test_a_second_save_keeps_a_start_that_has_read_nothing() -> None:
    t = serving(standby_prepared=False)
    t.when(Changed())
    assert t.when(Changed()) == []
    assert t.when(Changed()) == []
    assert t.when(Prepared("f#2")) == [Go("f#2")]


def test_a_save_without_a_standby_starts_a_process() -> None:
    t = serving()
    assert t.when(Exited("f#2")) == []
    assert t.when(Changed()) == [Drain("f#1"), Spawn("f#3", preload=True)]


def test_a_new_environment_replaces_what_was_made_before_it() -> None:
    t = serving()
    assert t.when(Changed(environment=True)) == [
        Drain("f#1"),
        Kill("f#2"),
        Spawn("f#3", preload=True),
    ]
    assert t.when(Changed(environment=True)) == [Kill("f#3"), Spawn("f#4", preload=True)]


def test_a_fresh_start_prepares_nothing() -> None:
    t = serving()
    assert t.when(Changed(fresh=True)) == [Drain("f#1"), Kill("f#2"), Spawn("f#3")]


def test_code_that_cannot_start_fails_the_requests_and_keeps_a_standby_for_the_fix() -> None:
    t = serving()
    t.when(Changed())
    assert t.when(Exited("f#2")) == [Fail("f#2"), Spawn("f#3", standby=True, preload=True)]
    assert t.when(Prepared("f#3")) == []
    assert t.life.failed
    assert t.when(Changed()) == [Promote("f#3"), Go("f#3")]
    assert t.when(Started("f#3"))[0] == Serve("f#3")
    assert not t.life.failed


def test_a_request_tries_again_what_could_not_start() -> None:
    t = serving()
    t.when(Changed())
    t.when(Exited("f#2"))
    t.when(Prepared("f#3"))
    assert t.when(Wanted()) == [Promote("f#3"), Go("f#3")]


def test_a_start_that_hangs_is_killed_and_fails() -> None:
    t = serving()
    t.when(Changed())
    assert t.when(Unresponsive("f#2")) == [
        Kill("f#2"),
        Fail("f#2"),
        Spawn("f#3", standby=True, preload=True),
    ]
    assert t.when(Exited("f#2")) == []


def test_news_of_a_superseded_failure_is_ignored() -> None:
    t = serving()
    t.when(Changed())
    t.when(Changed())
    assert t.when(Unresponsive("f#2")) == []
    assert t.when(Exited("f#2")) == []
    assert not t.life.failed


def test_a_standby_that_needs_the_persons_code_is_made_anew() -> None:
    t = serving()
    assert t.when(StandbyUnfit("f#2")) == [Spawn("f#3", standby=True, preload=True)]
    assert t.when(Exited("f#2")) == []


def test_a_promoted_standby_that_does_not_fit_is_replaced_by_a_fresh_start() -> None:
    t = serving()
    t.when(Changed())
    assert t.when(StandbyUnfit("f#2")) == [Spawn("f#3")]
    assert t.when(Exited("f#2")) == []
    assert t.when(Prepared("f#3")) == [Go("f#3")]


def test_a_killed_standby_is_not_missed_until_the_next_start() -> None:
    t = serving()
    assert t.when(Exited("f#2")) == []
    assert t.life.serving() == ["f#1"]


def test_an_instance_that_dies_is_replaced_when_somebody_asks() -> None:
    t = serving()
    assert t.when(Exited("f#1")) == []
    assert t.when(Wanted()) == [Promote("f#2"), Go("f#2")]


def test_an_instance_that_is_stuck_is_killed() -> None:
    t = serving()
    assert t.when(Unresponsive("f#1")) == [Kill("f#1")]
    assert t.when(Wanted()) == [Promote("f#2"), Go("f#2")]


def test_without_standby_none_is_made() -> None:
    t = Timeline(keep_standby=False)
    t.when(Wanted())
    t.when(Prepared("f#1"))
    assert t.when(Started("f#1")) == [Serve("f#1")]
    assert t.when(Changed()) == [Drain("f#1"), Spawn("f#2")]


def test_several_instances_are_all_swapped() -> None:
    t = Timeline(size=3)
    assert t.when(Wanted()) == [Spawn("f#1"), Spawn("f#2"), Spawn("f#3")]
    for name in ("f#1", "f#2"):
        t.when(Prepared(name))
        assert t.when(Started(name)) == [Serve(name)]
    t.when(Prepared("f#3"))
    assert t.when(Started("f#3")) == [Serve("f#3"), Spawn("f#4", standby=True, preload=True)]
    t.when(Prepared("f#4"))
    assert t.when(Changed()) == [
        Drain("f#1"),
        Drain("f#2"),
        Drain("f#3"),
        Promote("f#4"),
        Go("f#4"),
        Spawn("f#5", preload=True),
        Spawn("f#6", preload=True),
    ]
    assert t.when(Started("f#4")) == [Serve("f#4")]
    assert t.life.serving() == ["f#4"]


def test_one_of_several_that_dies_is_replaced_at_once() -> None:
    t = Timeline(size=2, keep_standby=False)
    t.when(Wanted())
    for name in ("f#1", "f#2"):
        t.when(Prepared(name))
        t.when(Started(name))
    assert t.when(Exited("f#1")) == [Spawn("f#3")]


def test_one_of_several_that_cannot_start_does_not_fail_the_requests() -> None:
    t = Timeline(size=2, keep_standby=False)
    t.when(Wanted())
    t.when(Prepared("f#1"))
    t.when(Started("f#1"))
    assert t.when(Exited("f#2")) == []
    assert not t.life.failed


def test_an_idle_function_stops_and_starts_cold() -> None:
    t = serving()
    assert t.when(Idle()) == [Drain("f#1"), Kill("f#2")]
    assert t.when(Changed()) == []
    assert t.when(Wanted()) == [Spawn("f#3")]


def test_stopping_ends_everything_and_starts_nothing() -> None:
    t = serving()
    t.when(Changed())
    assert t.when(Stopping()) == [Kill("f#2")]
    assert t.when(Wanted()) == []
    assert t.when(Changed()) == []
    assert t.when(Exited("f#1")) == []
    assert t.when(StandbyUnfit("f#2")) == []


@pytest.mark.parametrize("event", [Started, Exited, Unresponsive, StandbyUnfit, Prepared])
def test_news_of_unknown_instances_changes_nothing(event: Callable[[str], life.Event]) -> None:
    t = serving()
    assert t.when(event("f#99")) == []
    assert t.life.serving() == ["f#1"]


NAMES = st.integers(1, 12).map(lambda number: f"f#{number}")
EVENTS = st.one_of(
    st.just(Wanted()),
    st.builds(Changed, st.booleans(), st.booleans()),
    st.just(Idle()),
    NAMES.map(Prepared),
    NAMES.map(Started),
    NAMES.map(Exited),
    NAMES.map(Unresponsive),
    NAMES.map(StandbyUnfit),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(EVENTS, max_size=40), st.integers(1, 3), st.booleans())
def test_whatever_happens_no_request_reaches_old_code_and_none_waits_in_vain(
    timeline: list[life.Event], size: int, keep_standby: bool
) -> None:
    function = Lifecycle("f", size=size, keep_standby=keep_standby)
    told: dict[str, int] = {}
    for event in timeline:
        for command in function.handle(event):
            if isinstance(command, Go):
                assert command.instance not in told
                told[command.instance] = function.generation
        for name in function.serving():
            assert told.get(name, 0) == function.generation or name not in told
        current = [i for i in function.instances.values() if i.generation == function.generation]
        busy = [one for one in current if one.phase in (Phase.STARTING, Phase.READY)]
        assert len(busy) <= size
        assert sum(one.phase is Phase.STANDBY for one in current) <= 1
    function.handle(Wanted())
    current = [i for i in function.instances.values() if i.generation == function.generation]
    assert sum(one.phase in (Phase.STARTING, Phase.READY) for one in current) == size

"""The process to spare goes where it is wanted."""

from __future__ import annotations

from vercel_emu.instance.lifecycle import (
    Kill,
    Lifecycle,
    Spawn,
    StandbyWanted,
    Started,
    Wanted,
)


def ready() -> Lifecycle:
    """A function that serves and has no standby."""
    found = Lifecycle("f", keep_standby=False)
    found.handle(Wanted())
    assert found.handle(Started("f#1"))
    return found


def test_it_is_made_once_and_ended_when_unwanted() -> None:
    lifecycle = ready()
    assert lifecycle.handle(StandbyWanted(True)) == [Spawn("f#2", standby=True, preload=True)]
    assert lifecycle.handle(StandbyWanted(True)) == []
    assert lifecycle.handle(StandbyWanted(False)) == [Kill("f#2")]
    assert lifecycle.serving() == ["f#1"]


def test_none_for_a_function_that_is_not_called() -> None:
    assert Lifecycle("f", keep_standby=False).handle(StandbyWanted(True)) == []

"""How deep requests are nested, from forwarded ids and announced ports."""

from __future__ import annotations

from vercel_emu.edge.loops import LoopGuard
from vercel_emu.events import ResponseSent, SelfCall


def forwarded(id_: str) -> list[tuple[bytes, bytes]]:
    return [(b"x-vercel-id", f"iad1::iad1::{id_}".encode())]


def test_a_chain_by_port_is_refused_at_its_depth() -> None:
    guard = LoopGuard()
    assert guard.enter("r0", 1, [], 3)
    for number in range(3):
        port = 5000 + number
        guard.on_event(SelfCall(invocation_id=f"r{number}", function="app", port=port))
        assert guard.enter(f"r{number + 1}", port, [], 3)
    guard.announced(6000, "r3")
    assert not guard.enter("r4", 6000, [], 3)


def test_a_chain_by_forwarded_id() -> None:
    guard = LoopGuard()
    assert guard.enter("a", 0, [], 2)
    assert guard.enter("b", 0, forwarded("a"), 2)
    assert guard.enter("c", 0, forwarded("b"), 2)
    assert not guard.enter("d", 0, forwarded("c"), 2)
    assert guard.enter("e", 0, forwarded("c"), None)


def test_a_fan_out_is_one_level_deep() -> None:
    guard = LoopGuard()
    guard.enter("root", 1, [], 2)
    for number in range(1000):
        guard.announced(2000 + number, "root")
        assert guard.enter(f"child{number}", 2000 + number, [], 2)


def test_what_was_answered_is_forgotten() -> None:
    guard = LoopGuard()
    for number in range(50):
        assert guard.enter(f"n{number}", 0, forwarded(f"n{number - 1}"), 2)
        guard.leave(f"n{number}")


def test_other_events_and_unknown_callers_do_not_count() -> None:
    guard = LoopGuard()
    guard.on_event(
        ResponseSent(
            invocation_id="x", method="GET", path="/", status=200, duration_ms=1, visitor="x"
        )
    )
    assert guard.enter("a", 9, forwarded("a browser's"), 1)
    assert guard.enter("b", 9, [], 0)

"""From bytes to lines: in time and memory that a large write can't drive up."""

from __future__ import annotations

import asyncio
import base64
import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vercel_emu.instance.output.logs import LONGEST_LINE, PIECE, PIECE_LINES, LineJoiner, pieces
from vercel_emu.instance.process import ipc, process

MB = 1024 * 1024


def log(text: str, **fields: str) -> bytes:
    """A log message as the runtime writes it."""
    payload = {
        "context": {"invocationId": "i1", "requestId": 1},
        "message": base64.b64encode(text.encode()).decode(),
        **(fields or {"stream": "stdout"}),
    }
    return json.dumps({"type": "log", "payload": payload}).encode() + b"\0"


def fed(reader: ipc.MessageReader, data: bytes) -> Iterator[ipc.RuntimeMessage]:
    """What a reader makes of bytes that come as sockets hand them out."""
    for start in range(0, len(data), 65536):
        yield from reader.feed(data[start : start + 65536])


def payloads(messages: Iterator[ipc.RuntimeMessage]) -> list[ipc.LogPayload]:
    return [message.payload for message in messages if isinstance(message, ipc.Log)]


def test_a_message_of_many_megabytes_is_not_held() -> None:
    data = log("x" * (40 * MB), level="warn")
    reader = ipc.MessageReader()
    tracemalloc.start()
    try:
        heard = payloads(fed(reader, data))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 30 * MB
    assert [one.level for one in heard] == ["warn"]
    (text,) = [one.text() for one in heard]
    shown, _, note = text.partition(" ... ")
    assert set(shown) == {"x"}
    assert note.endswith(" more bytes left out\n")
    left_out = int(note.partition(" ")[0].replace(",", ""))
    assert abs(len(shown) + left_out - 40 * MB) < 1000
    assert [one.text() for one in payloads(reader.feed(log("next")))] == ["next"]


@pytest.mark.parametrize("more", range(-70, 10))
def test_a_message_around_the_limit_is_whole_or_cut(more: int) -> None:
    length = (ipc.LONGEST_MESSAGE - 100) // 4 * 3 + more
    (one, *others) = payloads(fed(ipc.MessageReader(), log("x" * length, stream="stderr")))
    assert others == []
    assert one.stream == "stderr"
    assert one.text().partition(" ... ")[0] == "x" * length


def test_bytes_without_any_end_are_not_held() -> None:
    reader = ipc.MessageReader()
    assert list(fed(reader, b"x" * (6 * MB) + b"\0" + log("next"))) != []
    tracemalloc.start()
    try:
        for _ in range(1000):
            assert list(reader.feed(b"y" * 65536)) == []
        now, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert now < 10 * MB


@given(st.lists(st.sampled_from(["a", "é", "\n", "x" * 70_000, "\n" * 500]), max_size=30))
def test_pieces_are_the_whole_text(parts: list[str]) -> None:
    text = "".join(parts)
    found = list(pieces(text))
    assert "".join(found) == text
    for piece in found:
        assert piece.count("\n") <= PIECE_LINES
        assert len(piece) <= PIECE or "\n" not in piece[:-1]
    assert all(piece.endswith("\n") for piece in found[:-1])


def lines(joiner: LineJoiner, *texts: str, level: str = "") -> list[str]:
    found = [joiner.add("i1", level, "stdout", text) for text in texts]
    return [line.text for some in found for line in some]


def test_a_line_is_cut_and_says_how_much_is_missing() -> None:
    joiner = LineJoiner("app", "app#1")
    note = " ... 1,000 more characters left out"
    long = "x" * (LONGEST_LINE + 1000)
    cut = "x" * LONGEST_LINE + note
    assert lines(joiner, f"{long}\n") == [cut]
    assert lines(joiner, f"a\n{long}\nb\n") == ["a", cut, "b"]
    assert lines(joiner, long, level="warn") == [cut]
    assert lines(joiner, long[:1000], long[1000:], "\nb", "\n") == [cut, "b"]
    assert lines(joiner, long) == []
    assert [line.text for line in joiner.flush("i1")] == [cut]


def test_a_line_of_many_small_writes_is_one_line() -> None:
    joiner = LineJoiner("app", "app#1")
    assert lines(joiner, *["ab"] * 40_000, "\nrest") == ["ab" * 40_000]
    assert [line.text for line in joiner.flush("i1")] == ["rest"]


class Transport:
    """Remembers whether more may come."""

    def __init__(self) -> None:
        self.reading = True

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def is_closing(self) -> bool:
        return False


class Owner:
    """In place of the process: what its channel hears, and whether anybody else had a turn."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def channel_opened(self, _transport: object) -> None: ...

    def channel_closed(self, _transport: object) -> None:
        self.heard.append("closed")

    def channel_message(self, message: ipc.RuntimeMessage) -> None:
        assert isinstance(message, ipc.Log)
        self.heard.append(message.payload.text())


def test_others_have_turns_between_an_apps_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "SLICE", 0.0)

    async def run() -> list[Any]:
        owner, transport = Owner(), Transport()
        channel = process._Channel(owner)  # type: ignore[arg-type]
        channel.connection_made(transport)  # type: ignore[arg-type]
        channel.data_received(log("1") + log("2") + log("3"))
        owner.heard.append(transport.reading)
        channel.data_received(log("4"))
        channel.connection_lost(None)
        while "closed" not in owner.heard:
            owner.heard.append("turn")
            await asyncio.sleep(0)
        return owner.heard

    heard = asyncio.run(run())
    assert [one for one in heard if one != "turn"] == ["1", False, "2", "3", "4", "closed"]
    between = heard[heard.index("2") : heard.index("3")]
    assert "turn" in between


def test_reading_goes_on_when_all_is_handled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "SLICE", 0.0)

    async def run() -> Transport:
        owner, transport = Owner(), Transport()
        channel = process._Channel(owner)  # type: ignore[arg-type]
        channel.connection_made(transport)  # type: ignore[arg-type]
        channel.data_received(log("1") + log("2"))
        paused = not transport.reading
        async with asyncio.timeout(10):
            while owner.heard != ["1", "2"]:
                await asyncio.sleep(0)
            await asyncio.sleep(0)
        assert paused
        return transport

    assert asyncio.run(run()).reading

"""What the function answers is what the client gets, as it is produced."""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.real.support import (
    PATIENCE,
    Emulation,
    app_files,
    emulation,
    read_to_end,
    read_until,
    wait_until,
)
from vercel_emu import events


@pytest.fixture(scope="module")
def emu(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulation]:
    with emulation(tmp_path_factory.mktemp("responses"), app_files("everything")) as running:
        running.wait_ready()
        yield running


def test_the_platforms_headers(emu: Emulation) -> None:
    answer = emu.get("/whole?n=1")
    assert answer.headers["server"] == "Vercel"
    assert answer.headers["x-vercel-cache"] == "MISS"
    assert answer.headers["cache-control"] == "public, max-age=0, must-revalidate"
    assert answer.headers.get_list("date") == [answer.headers["date"]]
    pattern = r"iad1::iad1::[a-z0-9]{5}-\d{13}-[0-9a-f]{12}"
    assert re.fullmatch(pattern, answer.headers["x-vercel-id"])


def test_repeated_headers_stay_in_order(emu: Emulation) -> None:
    answer = emu.get("/headers?h=set-cookie:a=1&h=x-b:1&h=set-cookie:b=2&h=X-B:%C3%A9")
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert [v for n, v in answer.headers.raw if n.lower() == b"x-b"] == [b"1", b"\xe9"]


def test_hop_by_hop_and_internal_headers_end_at_the_edge(emu: Emulation) -> None:
    answer = emu.get(
        "/headers?h=connection:x-mine&h=x-mine:1&h=keep-alive:timeout=9&h=proxy-authenticate:x"
        "&h=x-vercel-internal-thing:1&h=server:mine&h=x-vercel-id:mine&h=x-vercel-cache:HIT"
        "&h=x-stays:1&h=upgrade:h2c"
    )
    gone = {"x-mine", "keep-alive", "proxy-authenticate", "x-vercel-internal-thing", "upgrade"}
    assert not gone & set(answer.headers)
    assert answer.headers["x-stays"] == "1"
    assert "mine" not in answer.headers.values()
    assert answer.headers.get_list("x-vercel-cache") == ["MISS"]


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ("s-maxage=60", "public, max-age=0, must-revalidate"),
        ("s-maxage=60, stale-while-revalidate=5", "public, max-age=0, must-revalidate"),
        ("public, max-age=9, s-maxage=60", "public, max-age=9"),
        ("private, no-store", "private, no-store"),
    ],
)
def test_directives_for_the_edge_are_consumed(emu: Emulation, sent: str, seen: str) -> None:
    query = httpx.QueryParams({"h": f"cache-control:{sent}"})
    assert emu.get(f"/headers?{query}").headers.get_list("cache-control") == [seen]


@pytest.mark.parametrize("code", [200, 201, 206, 226, 300, 404, 418, 451, 500, 503, 599])
def test_every_status_passes(emu: Emulation, code: int) -> None:
    answer = emu.get(f"/status?code={code}")
    assert (answer.status_code, answer.content) == (code, b"body")
    assert "x-vercel-error" not in answer.headers


@pytest.mark.parametrize("code", [204, 304])
def test_no_body_where_none_is_allowed(emu: Emulation, code: int) -> None:
    with emu.connect() as connection:
        for _ in range(2):
            connection.sendall(b"GET /status?code=%d HTTP/1.1\r\nhost: h\r\n\r\n" % code)
            head = read_until(connection, b"\r\n\r\n")
            assert head.endswith(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 %d" % code)
            assert b"transfer-encoding" not in head
            assert b'etag: "one"' in head


def test_head_has_the_headers_and_no_body(emu: Emulation) -> None:
    with emu.connect() as connection:
        for path in (b"/fixed?n=500", b"/ticks?n=1&gap=0", b"/whole?n=7"):
            connection.sendall(b"HEAD " + path + b" HTTP/1.1\r\nhost: h\r\n\r\n")
            head = read_until(connection, b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200")
            assert head.endswith(b"\r\n\r\n")
        assert b"content-length: 7" in head


def test_ten_chunks_arrive_one_by_one(emu: Emulation) -> None:
    for kind in ("text/plain", "text/event-stream"):
        gate = kind.replace("/", "-")
        target = f"/stepwise?n=10&type={kind}&gate={gate}"
        with emu.connect() as connection, emu.client() as other:
            connection.sendall(f"GET {target} HTTP/1.1\r\nhost: h\r\n\r\n".encode())
            # The function makes each chunk only after the client has read the one before.
            for number in range(10):
                if number:
                    other.get(f"/open?gate={gate}{number}")
                data = read_until(connection, b"tick %d\n\r\n" % number)
            read_until(connection, b"0\r\n\r\n", data)


def test_headers_of_a_stream_come_before_its_first_chunk(emu: Emulation) -> None:
    with emu.connect() as connection:
        connection.sendall(
            b"POST /duplex HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n"
        )
        # Nothing of the body has been sent yet, so there is nothing to send back.
        head = read_until(connection, b"\r\n\r\n")
        assert head.endswith(b"\r\n\r\n")
        assert b"transfer-encoding: chunked" in head


def test_bodies_of_every_size_stay_whole(emu: Emulation) -> None:
    with emu.client() as client:
        for size in (0, 1, 65535, 65536, 1_000_000, 4_500_000):
            for path in ("whole", "fixed"):
                assert len(client.get(f"/{path}?n={size}").content) == size


def test_a_client_that_does_not_read_stops_the_function(emu: Emulation) -> None:
    def sent() -> int:
        return int(other.get("/sent?name=unread").json())

    def stands_still() -> int:
        """How much was sent, where the function could not send more during several requests."""
        before = sent()
        assert before < 1_000_000_000, "no kernel holds so much: it is kept in memory"
        return before if {sent() for _ in range(10)} == {before} else 0

    with emu.connect() as connection, emu.client() as other:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 256 * 1024)
        connection.sendall(b"GET /endless?name=unread&until=read HTTP/1.1\r\nhost: h\r\n\r\n")
        read_until(connection, b"\r\n\r\n")
        stopped_at = wait_until(stands_still)
        while sent() == stopped_at:  # it goes on as soon as the client does
            assert connection.recv(1_000_000)
    emu.get("/open?gate=read")
    assert emu.get("/whole?n=1").status_code == 200


@pytest.mark.parametrize("before", ["the answer", "its rest"])
def test_a_function_whose_client_leaves_runs_on(emu: Emulation, before: str) -> None:
    gate = f"left-before-{before.replace(' ', '-')}"
    first = (
        f"/hold?gate={gate}" if before == "the answer" else f"/stepwise?gate={gate}&n=2&type=a/b"
    )
    with emu.connect() as stays, emu.connect() as leaves:
        leaves.sendall(f"GET {first} HTTP/1.1\r\nhost: h\r\n\r\n".encode())
        emu.events.wait(events.InvocationStarted, lambda e: e.path == first)
        if before == "its rest":
            read_until(leaves, b"tick 0")
        stays.sendall(b"GET /hold?gate=other HTTP/1.1\r\nhost: h\r\n\r\n")
        leaves.close()
        sent = emu.response(first)
        assert sent.status == 499
        for name in (gate, f"{gate}1", "other"):
            emu.get(f"/open?gate={name}")
        emu.events.wait(
            events.LogLine,
            lambda e: e.text == "told all" and e.invocation_id == sent.invocation_id,
        )
        read_until(stays, b"held")
    ran_on = emu.events.wait(
        events.InvocationRanOn, lambda e: e.invocation_id == sent.invocation_id
    )
    assert (ran_on.path, ran_on.error_code) == (first, "")
    assert emu.events.index(sent) < emu.events.index(ran_on)


def test_what_nobody_reads_any_more_is_dropped(emu: Emulation) -> None:
    path = "/endless?name=dropped&until=dropped"
    with emu.client() as client, client.stream("GET", path) as answer:
        next(answer.iter_raw())
    gone = emu.response(path)

    def sent() -> int:
        return int(emu.get("/sent?name=dropped").json())

    # More than any buffer holds: it is read although nobody waits for it.
    wait_until(lambda: sent() > 64_000_000)
    emu.get("/open?gate=dropped")
    emu.events.wait(events.InvocationRanOn, lambda e: e.invocation_id == gone.invocation_id)


def test_a_client_that_leaves_in_the_middle_of_its_upload(emu: Emulation) -> None:
    with emu.connect() as connection:
        connection.sendall(b"POST /count HTTP/1.1\r\nhost: h\r\ncontent-length: 100\r\n\r\nhalf")
        emu.events.wait(events.InvocationStarted, lambda e: e.path == "/count")
    sent = emu.response("/count")
    assert sent.status == 499
    emu.events.wait(events.InvocationEnded, lambda e: e.invocation_id == sent.invocation_id)


def test_wait_until_runs_after_the_answer(emu: Emulation) -> None:
    # The work waits until the client has its answer.
    assert emu.get("/background?gate=answered").text == "ok"
    sent = emu.response("/background?gate=answered")
    emu.get("/open?gate=answered")
    ended = emu.events.wait(events.InvocationEnded, lambda e: e.invocation_id == sent.invocation_id)
    done = emu.events.wait(events.LogLine, lambda e: e.text == "background work is done")
    assert done.invocation_id == sent.invocation_id
    assert emu.events.index(sent) < emu.events.index(done) < emu.events.index(ended)


def test_a_background_exception_is_shown_with_its_invocation(emu: Emulation) -> None:
    assert emu.get("/background?fail=1").text == "ok"
    sent = emu.response("/background?fail=1")
    line = emu.events.wait(events.LogLine, lambda e: "background trouble" in e.text)
    assert line.invocation_id == sent.invocation_id


def test_an_exception_is_shown(emu: Emulation) -> None:
    assert emu.get("/fail").status_code == 500
    emu.events.wait(events.LogLine, lambda e: "the person's own mistake" in e.text)


def test_a_slow_client_gets_a_whole_answer(emu: Emulation) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", emu.port, timeout=PATIENCE)
    connection.connect()
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 256 * 1024)
    connection.request("GET", "/fixed?n=4000000")
    answer = connection.getresponse()
    size = 0
    with emu.client() as other:
        while piece := answer.read(100_000):
            size += len(piece)
            other.get("/whole?n=1")  # meanwhile the function writes what the edge takes
    connection.close()
    assert size == 4_000_000


def peak(pid: int) -> int:
    """The most memory that a process has ever had."""
    [line] = re.findall(r"^VmHWM:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.M)
    return int(line) * 1024


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="needs /proc")
def test_100_mb_up_and_down_stay_out_of_memory(tmp_path: object, dev: object) -> None:
    process = dev(app_files("everything"), "--no-limits", "--no-reload").wait_ready()  # type: ignore[operator]
    process.get("/count")
    before = peak(process.process.pid)
    block = b"x" * 65536
    blocks = 1600
    answer = process.request("POST", "/count", content=(block for _ in range(blocks)))
    assert answer.json()["size"] == blocks * len(block)
    answer = process.request(
        "POST", "/count", content=iter([block] * blocks),
        headers={"content-length": str(blocks * len(block))},
    )  # fmt: skip
    assert answer.json()["size"] == blocks * len(block)
    with process.client() as client, client.stream("GET", "/fixed?n=100000000") as answer:
        assert sum(map(len, answer.iter_raw())) == 100_000_000
    assert peak(process.process.pid) - before < 50_000_000, "half of one body"


def test_json_log_names_what_happened(emu: Emulation) -> None:
    emu.get("/whole?n=5")
    sent = emu.response("/whole?n=5")
    assert (sent.method, sent.status, sent.visitor) == ("GET", 200, "New York")
    assert sent.duration_ms > 0
    assert json.dumps(sent.invocation_id)
    assert not sent.error_code


def test_malformed_http_after_an_answer_in_progress(emu: Emulation) -> None:
    with emu.connect() as connection:
        connection.sendall(b"GET /sleep?s=0.2 HTTP/1.1\r\nhost: h\r\n\r\nnot http\r\n\r\n")
        answer = read_to_end(connection)
    assert answer.index(b"awake") < answer.index(b"HTTP/1.1 400")


def test_an_upgrade_that_is_not_taken(emu: Emulation) -> None:
    head = b"GET /whole?n=3 HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n"
    assert emu.raw(head).endswith(b"xxx")


def test_the_emulator_reports_nothing_odd(emu: Emulation) -> None:
    """Last in this module: none of the above made the emulator itself fail."""
    assert not emu.events.all(events.Notice, lambda e: e.code == "INTERNAL_ERROR")
    assert not emu.events.all(events.InstanceFailed)
    wait_until(lambda: not [one for one in emu.instances() if len(one.invocations)])

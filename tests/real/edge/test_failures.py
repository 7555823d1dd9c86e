"""The platform's own answers, each with a real function process that fails in that way."""

from __future__ import annotations

import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.real.conftest import Emulate
from tests.real.support import (
    Emulation,
    app_files,
    emulation,
    read_to_end,
    read_until,
    wait_until,
)
from vercel_emu import events

TEXT = "text/plain; charset=utf-8"


@pytest.fixture(scope="module")
def emu(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulation]:
    with emulation(tmp_path_factory.mktemp("failures"), app_files("everything")) as running:
        running.wait_ready()
        yield running


@pytest.fixture(autouse=True)
def _serves_the_next_request(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test did: the next request is served."""
    yield
    if "emu" in request.fixturenames:
        running: Emulation = request.getfixturevalue("emu")
        assert running.get("/whole?n=2").text == "xx"
        assert not running.events.all(events.Notice, lambda e: e.code == "INTERNAL_ERROR")


def assert_failure(answer: httpx.Response, status: int, code: str) -> None:
    assert answer.status_code == status
    assert answer.headers["x-vercel-error"] == code
    assert answer.headers["server"] == "Vercel"
    assert answer.headers["x-vercel-cache"] == "MISS"
    assert re.fullmatch(r"iad1::[a-z0-9]{5}-\d{13}-[0-9a-f]{12}", answer.headers["x-vercel-id"])


# Body shapes --------------------------------------------------------------------------------------


def test_the_plain_body(emu: Emulation) -> None:
    for accept in ("*/*", "", "text/plain", "image/png"):
        answer = emu.get("/crash?how=exit", headers={"accept": accept})
        assert_failure(answer, 500, "FUNCTION_INVOCATION_FAILED")
        assert answer.headers["content-type"] == TEXT
        number = answer.headers["x-vercel-id"]
        assert answer.text == (
            f"A server error has occurred\n\nFUNCTION_INVOCATION_FAILED\n\n{number}\n"
        )


def test_the_json_body(emu: Emulation) -> None:
    for accept in ("application/json", "text/html, application/problem+json"):
        answer = emu.get("/crash?how=exit", headers={"accept": accept})
        assert_failure(answer, 500, "FUNCTION_INVOCATION_FAILED")
        message = "A server error has occurred"
        assert answer.json() == {"error": {"code": "500", "message": message}}


def test_the_html_page(emu: Emulation) -> None:
    answer = emu.get("/crash?how=exit", headers={"accept": "text/html,*/*;q=0.8"})
    assert_failure(answer, 500, "FUNCTION_INVOCATION_FAILED")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<title>500: FUNCTION_INVOCATION_FAILED</title>" in answer.text
    assert answer.headers["x-vercel-id"] in answer.text


# The child's death ----------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["exit", "SIGKILL", "SIGSEGV"])
def test_the_process_ends_during_a_request(emu: Emulation, how: str) -> None:
    answer = emu.get(f"/crash?how={how}")
    assert_failure(answer, 500, "FUNCTION_INVOCATION_FAILED")
    fresh = emu.get(f"/echo?after={how}")
    assert fresh.json()["pid"] != os.getpid()
    assert emu.response(f"/echo?after={how}").cold


def test_the_process_ends_during_an_upload(emu: Emulation) -> None:
    answer = emu.request("POST", "/crash?how=exit", content=b"x" * 4_000_000)
    assert_failure(answer, 500, "FUNCTION_INVOCATION_FAILED")


def test_others_in_flight_fail_too_and_no_one_hangs(emu: Emulation) -> None:
    with emu.connect() as other:
        other.sendall(b"GET /sleep?s=30 HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n")
        emu.events.wait(events.InvocationStarted, lambda e: e.path == "/sleep?s=30")
        emu.get("/crash?how=SIGKILL")
        assert read_to_end(other).startswith(b"HTTP/1.1 500")


def half_answer(emu: Emulation, after: str, version: str) -> bytes:
    """Everything a client gets of an answer whose process dies in the middle."""
    target = f"/crash?how=SIGKILL&after={after}"
    with emu.connect() as connection:
        connection.sendall(f"GET {target} HTTP/{version}\r\nhost: h\r\n\r\n".encode())
        return read_to_end(connection)


def test_half_a_chunked_answer_is_cut(emu: Emulation) -> None:
    answer = half_answer(emu, "chunked", "1.1")
    assert answer.endswith(b"4\r\nhalf\r\n")


def test_half_a_fixed_answer_is_cut(emu: Emulation) -> None:
    answer = half_answer(emu, "fixed", "1.1")
    assert b"content-length: 1000" in answer
    assert answer.endswith(b"\r\n\r\nhalf")


def test_half_an_answer_to_an_http_1_0_client_is_reset(emu: Emulation) -> None:
    with emu.connect() as connection:
        connection.sendall(b"GET /crash?how=SIGKILL&after=chunked HTTP/1.0\r\nhost: h\r\n\r\n")
        read_until(connection, b"half")
        with pytest.raises(ConnectionResetError):
            connection.recv(100)


def test_a_client_library_notices_half_an_answer(emu: Emulation) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        emu.get("/crash?how=exit&after=chunked")
    sent = emu.response("/crash?how=exit&after=chunked")
    assert sent.error_code == "FUNCTION_INVOCATION_FAILED"


def test_the_process_is_killed_from_outside(emu: Emulation) -> None:
    pid = emu.get("/echo").json()["pid"]
    failed = len(emu.events.all(events.InstanceFailed))
    os.kill(pid, signal.SIGKILL)
    emu.events.wait(events.InstanceFailed, count=failed + 1)
    answer = emu.get("/echo?fresh=1")
    assert answer.status_code == 200
    assert answer.json()["pid"] != pid
    assert emu.response("/echo?fresh=1").cold


def test_a_kill_between_two_requests_of_one_connection_is_not_noticed(emu: Emulation) -> None:
    with emu.client() as client:
        for method, body in (("GET", b""), ("POST", b"hello")):
            pid = client.get("/echo").json()["pid"]
            os.kill(pid, signal.SIGKILL)
            answer = client.request(method, "/echo", content=body)
            assert answer.status_code == 200
            assert answer.json()["body"] == body.decode()
            assert answer.json()["pid"] != pid


# Limits ---------------------------------------------------------------------------------------


def test_a_body_over_the_limit_by_its_length(emu: Emulation) -> None:
    assert emu.request("POST", "/count", content=b"x" * 4_500_000).status_code == 200
    answer = emu.request("POST", "/count", content=b"x" * 4_500_001)
    assert_failure(answer, 413, "FUNCTION_PAYLOAD_TOO_LARGE")
    assert answer.text.startswith("Request Entity Too Large\n\n")


def test_a_body_over_the_limit_while_it_streams(emu: Emulation) -> None:
    pieces = (b"x" * 100_000 for _ in range(46))
    answer = emu.request("POST", "/count", content=pieces)
    assert_failure(answer, 413, "FUNCTION_PAYLOAD_TOO_LARGE")


def test_an_answer_over_the_limit(emu: Emulation) -> None:
    answer = emu.get("/whole?n=4500001")
    assert_failure(answer, 500, "FUNCTION_RESPONSE_PAYLOAD_TOO_LARGE")
    with emu.client() as client, client.stream("GET", "/endless?until=over") as stream:
        size = 0
        for piece in stream.iter_raw():
            size += len(piece)
            if size > 6_000_000:
                break
    emu.get("/open?gate=over")


def test_a_url_over_the_limit(emu: Emulation) -> None:
    assert emu.get("/echo?" + "x" * (14 * 1024 - 6)).status_code == 200
    assert_failure(emu.get("/echo?" + "x" * (14 * 1024 - 5)), 414, "URL_TOO_LONG")


def test_headers_over_the_limit(emu: Emulation) -> None:
    assert emu.get("/whole?n=1", headers={"x-big": "x" * 15_000}).status_code == 200
    answer = emu.get("/whole?n=1", headers={"x-big": "x" * 16_384})
    assert_failure(answer, 431, "REQUEST_HEADER_TOO_LARGE")
    many = {f"x-{number}": "x" * 8000 for number in range(5)}
    assert_failure(emu.get("/whole?n=1", headers=many), 431, "REQUEST_HEADER_TOO_LARGE")


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET\r\n\r\n",
        b"not http at all\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: h\r\nbad header\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: h\r\nx: a\0b\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: abc\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabc",
        b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0",
        b"POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"CONNECT example.com:443 HTTP/1.1\r\nhost: h\r\n\r\n",
        b"GET relative HTTP/1.1\r\nhost: h\r\n\r\n",
    ],
)
def test_malformed_http(emu: Emulation, request_bytes: bytes) -> None:
    answer = emu.raw(request_bytes)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad request")
    fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
    assert fields[b"x-vercel-error"] == b"BAD_REQUEST"
    assert body == b"Bad request\n\nBAD_REQUEST\n\n" + fields[b"x-vercel-id"] + b"\n"
    assert int(fields[b"content-length"]) == len(body)


# Time -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hurried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulation]:
    root = tmp_path_factory.mktemp("hurried")
    with emulation(root, app_files("everything"), max_duration=1) as running:
        running.wait_ready()
        yield running


def process_of(hurried: Emulation) -> int:
    """The process that answers. A busy machine may take the second that even an echo has."""

    def asked() -> int:
        answer = hurried.get("/echo")
        return int(answer.json()["pid"]) if answer.status_code == 200 else 0

    return wait_until(asked)


def test_an_invocation_over_its_deadline(hurried: Emulation) -> None:
    answer = hurried.get("/hang?who=late")
    assert_failure(answer, 504, "FUNCTION_INVOCATION_TIMEOUT")
    assert answer.text.startswith("An error occurred with your deployment\n\n")
    assert hurried.response("/hang?who=late").duration_ms >= 900, "it had its time"
    # It still answers its ping: the instance stays, and the function learns that nobody waits.
    hurried.events.wait(events.LogLine, lambda e: e.text == "left late")
    pid = process_of(hurried)
    assert process_of(hurried) == pid


def test_a_stream_over_its_deadline_is_cut(hurried: Emulation) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        hurried.get("/ticks?n=1000000")
    assert hurried.response("/ticks?n=1000000").error_code == "FUNCTION_INVOCATION_TIMEOUT"


def test_a_client_that_reads_nothing_does_not_outlive_the_deadline(hurried: Emulation) -> None:
    with socket.create_connection(("127.0.0.1", hurried.port)) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(b"GET /endless HTTP/1.1\r\nhost: h\r\n\r\n")
        sent = hurried.response("/endless")
    assert sent.error_code == "FUNCTION_INVOCATION_TIMEOUT"


def test_an_instance_that_no_longer_answers_is_replaced(hurried: Emulation) -> None:
    pid = process_of(hurried)
    assert_failure(hurried.get("/loop"), 504, "FUNCTION_INVOCATION_TIMEOUT")
    assert process_of(hurried) != pid


def test_the_deadline_is_the_functions_limit(emulate: Emulate) -> None:
    emu = emulate(app_files("everything"), max_duration=60)
    before = time.time()
    deadline = emu.get("/deadline").json()
    # To the millisecond, as the header has it.
    assert before - 0.001 <= deadline - 60 <= time.time() + 0.001


# Starting -------------------------------------------------------------------------------------

REACHED = 8.0
"""Seconds in which any machine gets as far as to import the app."""

BROKEN = """
import json

def helper():
    raise RuntimeError("no database today")

helper()
app = None
"""


def test_an_app_that_fails_to_import(emulate: Any) -> None:
    emu = emulate({"app.py": BROKEN})
    failed = emu.events.wait(events.InstanceFailed)
    assert "RuntimeError: no database today" in failed.message
    assert 'app.py", line 5' in failed.detail
    assert "vercel_runtime" not in failed.detail
    assert_failure(emu.get("/"), 500, "FUNCTION_INVOCATION_FAILED")
    page = emu.get("/", headers={"accept": "text/html"}).text
    assert "RuntimeError: no database today" in page
    assert "app.py:5" in page
    assert "vercel_runtime" not in page
    assert "no database" not in emu.get("/", headers={"accept": "application/json"}).text


def test_a_syntax_error(emulate: Any) -> None:
    emu = emulate({"app.py": "from helper import app\n", "helper.py": "app = (\n"})
    failed = emu.events.wait(events.InstanceFailed)
    assert "SyntaxError" in failed.message
    page = emu.get("/", headers={"accept": "text/html"}).text
    assert "helper.py:1" in page


def test_an_app_that_is_none(emulate: Any) -> None:
    emu = emulate({"app.py": "app = 5\n"})
    assert_failure(emu.get("/"), 500, "FUNCTION_INVOCATION_FAILED")
    page = emu.get("/", headers={"accept": "text/html"}).text
    assert "Could not determine the application interface" in page


def test_an_app_that_ends_its_process_at_import(emulate: Any) -> None:
    emu = emulate({"app.py": "import os\nos._exit(7)\napp = None\n"})
    assert_failure(emu.get("/"), 500, "FUNCTION_INVOCATION_FAILED")


def test_an_app_that_never_ends_its_import(emulate: Any) -> None:
    source = "import threading\n\ndef app(a, b): ...\n\nthreading.Event().wait()\n"
    emu = emulate({"app.py": source}, startup_timeout=REACHED)
    answer = emu.get("/", headers={"accept": "text/html"})
    assert_failure(answer, 500, "FUNCTION_INVOCATION_FAILED")
    assert "did not start within 8 s" in answer.text
    assert "app.py:5" in answer.text


def test_no_entrypoint(dev: Any) -> None:
    process = dev({"readme.txt": "nothing here"})
    assert process.exit_code() == 1
    process.__exit__()
    assert "ENTRYPOINT" in process.stderr
    assert "Traceback" not in process.stderr

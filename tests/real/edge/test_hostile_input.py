"""What a hostile client, a hostile web page or plain bad luck sends: an answer, never a failure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

import httpx
import pytest

from tests.real.support import PATIENCE, Emulation, emulation
from vercel_emu import events

APP = """
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    if scope["path"] == "/empty":
        headers = [(b"content-length", b"0"), (b"x-own", b"1")]
        await send({"type": "http.response.start", "status": 204, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return
    cookies = [value for name, value in scope["headers"] if name == b"cookie"]
    city = dict(scope["headers"]).get(b"x-vercel-ip-city", b"")
    body = repr({"cookies": cookies, "city": city.decode()}).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})
"""
CONFIG = {
    "rewrites": [
        {"source": "/to/:host(.*)", "destination": "http://:host/x"},
        {"source": "/" + ":a" * 1500, "destination": "/x"},
    ]
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulation]:
    files = {"app.py": APP, "vercel.json": json.dumps(CONFIG)}
    with emulation(tmp_path_factory.mktemp("hostile"), files) as emulator:
        yield emulator


@pytest.fixture(autouse=True)
def no_error_of_its_own(running: Emulation) -> Iterator[None]:
    yield
    assert running.get("/ping").status_code == 200
    assert running.events.all(events.Notice, lambda notice: notice.level == "error") == []


def control(
    emulator: Emulation,
    method: str,
    path: str,
    content: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> httpx.Response:
    given = {"authorization": f"Bearer {emulator.project.token}", **(headers or {})}
    url = emulator.project.control_url + path
    with httpx.Client(trust_env=False, timeout=PATIENCE) as client:
        return client.request(method, url, content=content, headers=given)


@pytest.mark.parametrize("since", ["9" * 5000, "9" * 17, "-1", "null", "%C2%B2", "1e3", " "])
def test_a_time_that_is_none(running: Emulation, since: str) -> None:
    assert running.get(f"/_emu/wait?since={since}").status_code == 400


DEEP = b"[" * 100_000
CONTROL = {
    "limit-digits": ("GET", "/invocations?limit=" + "9" * 5000, None),
    "limit-negative": ("GET", "/invocations?limit=-1", None),
    "limit-zero": ("GET", "/invocations?limit=0", None),
    "limit-power": ("GET", "/invocations?limit=%C2%B2", None),
    "wait-digits": ("GET", "/invocations/{id}?wait=" + "9" * 5000, None),
    "wait-negative": ("GET", "/invocations/{id}?wait=-1", None),
    "wait-nan": ("GET", "/invocations/{id}?wait=nan", None),
    "unknown-id": ("GET", "/invocations/%ff%00", None),
    "items-digits": ("GET", "/cache/items?limit=" + "9" * 5000, None),
    "items-negative": ("GET", "/cache/items?limit=-5", None),
    "visitor-deep": ("PUT", "/visitor", b'{"visitor": ' + DEEP),
    "visitor-object-deep": ("PUT", "/visitor", b'{"a": ' * 100_000),
    "visitor-not-utf8": ("PUT", "/visitor", b'{"visitor": "\xff"}'),
    "visitor-half-a-character": ("PUT", "/visitor", b'{"visitor": "\\ud800"}'),
    "visitor-number": ("PUT", "/visitor", b'{"visitor": ' + b"9" * 5000 + b"}"),
    "visitor-list": ("PUT", "/visitor", b"[]"),
    "visitor-empty": ("PUT", "/visitor", b""),
    "visitor-utf16": ("PUT", "/visitor", '{"visitor": "Tokyo"}'.encode("utf-16")),
    "purge-deep": ("POST", "/cdn/purge", b'{"tags": ' + DEEP),
    "purge-not-utf8": ("POST", "/cdn/purge", b'{"path": "\xff"}'),
    "purge-deadline": ("POST", "/cdn/purge", b'{"deadline": 1' + b"0" * 400 + b"}"),
    "put-deep": ("POST", "/cache/put", b'{"records": ' + DEEP),
    "put-not-utf8": ("POST", "/cache/put", b'{"records": "\xff"}'),
    "put-ttl": ("POST", "/cache/put", b'{"records": [{"key": "k", "body": "", "ttl": 1e999}]}'),
    "get-not-json": ("POST", "/cache/get", b"\0"),
}


@pytest.mark.parametrize("case", CONTROL)
def test_the_control_api_says_what_is_wrong(running: Emulation, case: str) -> None:
    method, path, content = CONTROL[case]
    running.get("/ping")
    invocation = running.project.recorder.recent(1)[0].id
    answer = control(running, method, "/emu/v1" + path.format(id=invocation), content)
    assert answer.status_code == 400, answer.text
    assert set(answer.json()["error"]) == {"code", "message", "hint", "where"}


@pytest.mark.parametrize("ttl", ["-1", "0", "1e-400"])
def test_an_item_that_would_be_over_at_once_is_refused(running: Emulation, ttl: str) -> None:
    content = b'{"records": [{"key": "k", "body": "", "ttl": %b}]}' % ttl.encode()
    answer = control(running, "POST", "/emu/v1/cache/put", content)
    assert (answer.status_code, answer.json()["stored"]) == (200, 0)


@pytest.mark.parametrize("path", ["/emu/v1/visitor", "/emu/v1/cache/put", "/emu/v1/cdn/purge"])
def test_a_body_without_bounds_is_not_kept(running: Emulation, path: str) -> None:
    method = "PUT" if path.endswith("visitor") else "POST"
    answer = control(running, method, path, b" " * (17 * 1024 * 1024))
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "REQUEST_TOO_LARGE"


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1:99999", "127.0.0.1:0", "127.0.0.1:x", "[::1", "[::1]x", "::", ".", ".."),
        *("a" * 300, "a." * 200, "%20", "a%20b", "a%0d%0aSet-Cookie:x", "%00", "a%C3%BF..b"),
        *("a%2fb:1", "%E2%80%AE"),
    ],
)
def test_a_rewrite_to_a_host_that_is_none(running: Emulation, host: str) -> None:
    request = f"GET /to/{host} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    head = running.raw(request.encode()).lower().partition(b"\r\n\r\n")[0]
    assert head.startswith(b"http/1.1 502 ")
    assert re.search(
        b"x-vercel-error: (router_external_target_connection_error|dns_hostname)", head
    )
    assert b"set-cookie" not in head


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("@", b"dns_hostname_empty"),
        ("user:word@", b"dns_hostname_empty"),
        # Without a network nobody can say that there is no such name.
        ("nowhere.invalid", b"dns_hostname_(not_found|resolve_failed)"),
        ("127.0.0.1:1", b"router_external_target_connection_error"),
    ],
)
def test_a_rewrite_to_a_host_that_is_not_there(running: Emulation, host: str, code: bytes) -> None:
    request = f"GET /to/{host} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    head = running.raw(request.encode()).lower().partition(b"\r\n\r\n")[0]
    assert head.startswith(b"http/1.1 502 ")
    assert re.search(b"x-vercel-error: " + code, head)


def test_a_source_of_1500_parameters_harms_no_other_path(running: Emulation) -> None:
    assert running.get("/short").status_code == 200
    long = running.get("/" + "a" * 1600)
    assert (long.status_code, long.headers["x-vercel-error"]) == (502, "ROUTER_CANNOT_MATCH")


def asked(emulator: Emulation, *headers: str) -> bytes:
    lines = ["GET /page HTTP/1.1", "host: x", "connection: close", *headers]
    return emulator.raw("\r\n".join(lines).encode() + b"\r\n\r\n").partition(b"\r\n\r\n")[2]


def test_a_stale_cookie_is_warned_of_once(running: Emulation) -> None:
    def warnings() -> list[events.Notice]:
        return running.events.all(events.Notice, lambda e: e.code == "STALE_VISITOR_COOKIE")

    for _ in range(3):
        answer = running.get("/page", headers={"cookie": "emu_visitor=Gone; a=1"})
        assert answer.status_code == 200
        assert "New York" in answer.text.replace("%20", " ")
    (warning,) = warnings()
    assert "'Gone'" in warning.message
    assert "/_emu/visitor/reset" in (warning.hint or "")
    for number in range(100):
        running.get("/page", headers={"cookie": f"emu_visitor=Gone{number}"})
    assert len(warnings()) == 20


def test_a_wrong_header_stays_an_error(running: Emulation) -> None:
    answer = running.get("/page", headers={"x-emu-visitor": "Gone"})
    assert answer.status_code == 400
    assert running.get("/page", headers={"x-emu-latitude": "north"}).status_code == 400


@pytest.mark.parametrize(
    ("sent", "arrives"),
    [
        ("a=1;b=2 ; c", "a=1;b=2 ; c"),
        ("a=1;b=2 ;emu_visitor=Tokyo; c", "a=1;b=2 ; c"),
        ("emu_visitor=Tokyo; a=1;;b=2", "a=1;;b=2"),
        ('a="x;y"; emu_visitor=Tokyo', 'a="x;y"'),
        ("xemu_visitor=Tokyo;b", "xemu_visitor=Tokyo;b"),
    ],
)
def test_other_cookies_pass_byte_for_byte(running: Emulation, sent: str, arrives: str) -> None:
    assert repr([arrives.encode()]).encode() in asked(running, f"cookie: {sent}")


def test_no_content_has_no_length(running: Emulation) -> None:
    head = running.raw(b"GET /empty HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").lower()
    assert head.startswith(b"http/1.1 204")
    assert b"x-own: 1" in head
    assert b"content-length" not in head
    assert b"transfer-encoding" not in head


# -- web pages of other sites ---------------------------------------------------------------------


def test_a_name_that_leads_here_does_not_open_control(running: Emulation) -> None:
    """DNS rebinding: the browser believes that 127.0.0.1 is the attacker's own server."""
    port = running.project.control_url.rpartition(":")[2]
    for path in ("/emu/v1/info", "/v1/suspense-cache/k"):
        for host in (
            f"evil.example:{port}",
            "127.0.0.1",
            f"127.0.0.1:{int(port) + 1}",
            "localhost",
        ):
            assert control(running, "GET", path, headers={"host": host}).status_code == 403
        for host in (f"127.0.0.1:{port}", f"localhost:{port}"):
            assert control(running, "GET", path, headers={"host": host}).status_code in (200, 404)


@pytest.mark.parametrize("path", ["/emu/v1/visitor", "/emu/v1/cache/clear", "/v1/suspense-cache/k"])
def test_no_page_gets_past_the_token(running: Emulation, path: str) -> None:
    """Neither a form, which can't send it, nor a script, which is not allowed to ask."""
    asked_first = {"origin": "http://evil.example", "access-control-request-method": "PUT"}
    asked_first["access-control-request-headers"] = "authorization"
    for headers in ({"content-type": "text/plain"}, asked_first):
        for method in ("POST", "PUT", "OPTIONS", "GET"):
            answer = control(running, method, path, b"{}", {**headers, "authorization": ""})
            assert answer.status_code == 401
            assert [name for name in answer.headers if name.startswith("access-control")] == []


def test_control_answers_are_json_and_for_nobody_else(running: Emulation) -> None:
    for path in ("/emu/v1/info", "/emu/v1/invocations", "/emu/v1/cache/items"):
        answer = control(running, "GET", path, headers={"origin": "http://evil.example"})
        assert answer.headers["content-type"] == "application/json"
        assert [name for name in answer.headers if name.startswith("access-control")] == []


@pytest.mark.parametrize("path", ["/_emu/visitor/Tokyo", "/_emu/visitor/reset"])
def test_another_sites_page_does_not_choose_the_visitor(running: Emulation, path: str) -> None:
    for headers in (
        {"sec-fetch-site": "cross-site", "sec-fetch-dest": "image"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"},
        {"sec-fetch-site": "same-site"},
        {"referer": "http://evil.example/page"},
        {"origin": "null"},
    ):
        answer = running.get(f"{path}?to=/page", headers=headers)
        assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)
        assert f'<a href="{path}?to=%2Fpage">' in answer.text
    own = f"http://127.0.0.1:{running.port}/_emu/visitor/"
    for headers in ({}, {"sec-fetch-site": "none"}, {"sec-fetch-site": "same-origin"}):
        assert "set-cookie" in running.get(path, headers={"referer": own, **headers}).headers
    shown = running.get("/_emu/visitor/", headers={"sec-fetch-site": "cross-site"})
    assert shown.status_code == 200
    assert "frame-ancestors 'none'" in shown.headers["content-security-policy"]

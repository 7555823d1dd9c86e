"""The pages that make a browser tab a visitor, called as the edge calls them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from vercel_emu.visitors.directory import VisitorDirectory
from vercel_emu.visitors.pages import VisitorPages


def ask(
    path: str,
    query: str = "",
    accept: str = "text/html",
    cookie: str = "",
    more: Mapping[str, str] | None = None,
    **settings: Any,
) -> tuple[int, dict[str, str], str]:
    others = {"host": "localhost:3000", "accept": accept, "cookie": cookie, **(more or {})}
    scope = {
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in others.items()],
    }
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("nothing is read")

    asyncio.run(VisitorPages(VisitorDirectory(**settings))(scope, receive, send))
    start, body = sent
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    assert int(headers["content-length"]) == len(body["body"])
    return start["status"], headers, body["body"].decode()


@pytest.mark.parametrize("path", ["/_emu/visitor/São Paulo", "/_emu/visitor/São Paulo/"])
def test_becoming_somebody(path: str) -> None:
    status, headers, text = ask(path)
    assert status == 200
    assert headers["set-cookie"].startswith("emu_visitor=S%C3%A3o%20Paulo; Path=/")
    assert "São Paulo" in text
    assert "gru1" in text


def test_by_the_form() -> None:
    _, headers, _ = ask("/_emu/visitor/", "who=New+Delhi")
    assert headers["set-cookie"].startswith("emu_visitor=New%20Delhi;")


def test_showing_who_i_am_sets_nothing() -> None:
    status, headers, text = ask("/_emu/visitor", cookie="emu_visitor=Oslo")
    assert (status, "set-cookie" in headers) == (200, False)
    assert "You are Oslo" in text


def test_a_cookie_that_means_nobody_can_be_reset() -> None:
    status, _, text = ask("/_emu/visitor/", cookie="emu_visitor=Nowheria")
    assert (status, "/_emu/visitor/reset" in text) == (200, True)
    assert "You are New York" in text
    _, headers, _ = ask("/_emu/visitor/reset", cookie="emu_visitor=Nowheria")
    assert "Max-Age=0" in headers["set-cookie"]


def test_for_programs() -> None:
    status, _, text = ask("/_emu/visitor/Tokyo", accept="application/json")
    assert (status, json.loads(text)["edge_region"]) == (200, "hnd1")
    status, _, text = ask("/_emu/visitor/Nowheria", accept="application/json")
    assert (status, json.loads(text)["error"]["code"]) == (400, "UNKNOWN_PLACE")


@pytest.mark.parametrize(
    ("to", "location"),
    [
        ("/a?b=ü", "/a?b=%C3%BC"),
        ("https://example.com", None),
        ("//example.com", None),
        ("/\\example.com", None),
        ("/a%0d%0ax: y", None),
    ],
)
def test_going_on_within_the_site_only(to: str, location: str | None) -> None:
    status, headers, _ = ask("/_emu/visitor/Tokyo", f"to={to}")
    assert headers.get("location") == location
    assert status == (200 if location is None else 303)


def test_what_a_person_typed_is_escaped() -> None:
    status, _, text = ask("/_emu/visitor/<script>")
    assert (status, "<script>" in text) == (400, False)


@pytest.mark.parametrize(
    ("headers", "elsewhere"),
    [
        ({}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"sec-fetch-site": "same-origin", "referer": "http://evil.example/"}, False),
        ({"sec-fetch-site": "same-site"}, True),
        ({"sec-fetch-site": "cross-site"}, True),
        ({"sec-fetch-site": "?"}, True),
        ({"referer": "http://localhost:3000/_emu/visitor/"}, False),
        ({"referer": "http://localhost:3001/"}, True),
        ({"referer": "http://localhost:3000.evil.example/"}, True),
        ({"origin": "http://localhost:3000", "referer": "http://evil.example/"}, False),
        ({"origin": "null"}, True),
    ],
)
def test_pages_of_other_sites_are_asked_about(headers: dict[str, str], elsewhere: bool) -> None:
    status, sent, text = ask("/_emu/visitor/<Tokyo>", "to=/a%26b", more=headers)
    assert "<Tokyo>" not in text
    status, sent, text = ask("/_emu/visitor/Tokyo", "to=/a%26b", more=headers)
    assert (status, "set-cookie" in sent) == ((403, False) if elsewhere else (303, True))
    assert ('<a href="/_emu/visitor/Tokyo?to=%2Fa%26b">' in text) == elsewhere
    status, _, text = ask("/_emu/visitor/Tokyo", accept="application/json", more=headers)
    assert (status == 403 and json.loads(text)["error"]["code"] == "FROM_ANOTHER_SITE") == elsewhere


def test_named_visitors_are_offered() -> None:
    _, _, text = ask("/_emu/visitor/", named={"the office": {"place": "Berlin"}})
    assert '<a href="/_emu/visitor/the%20office">the office</a>' in text


def test_without_overrides_there_is_nothing_to_choose() -> None:
    status, headers, text = ask("/_emu/visitor/Tokyo", overrides=False)
    assert (status, "set-cookie" in headers, "--no-overrides" in text) == (400, False, True)

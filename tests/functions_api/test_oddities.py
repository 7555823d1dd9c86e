"""What a `set` drops or changes in silence: the client's own protocol, without a socket."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Iterator
from typing import Any

import pytest

from vercel_emu.guest.functions_api.vercel.cache._client.address import parse_endpoint
from vercel_emu.guest.functions_api.vercel.cache._client.oddities import REFUSAL, oddities
from vercel_emu.guest.functions_api.vercel.cache._client.protocol import ask_set
from vercel_emu.guest.functions_api.vercel.cache._client.wire import Response, render_request

ENDPOINT = parse_endpoint("http://127.0.0.1:1/v1/suspense-cache/")


def said(value: object, options: Any = None, headers: dict[str, str] | None = None) -> list[str]:
    """`not stored: ...` and `stored: ...` of a set that the cache takes, if it can be sent.

    With `headers`, it is refused with these.
    """
    outcome: Any = Response(400 if headers is not None else 200, "", headers or {}, b"", True)
    try:
        ask = ask_set(ENDPOINT, {}, "key", value, options)
        render_request(ask.method, ask.target, "h", ask.headers, ask.body)
    except Exception as error:
        outcome = error
    found = oddities(value, options, outcome)
    return [f"{'stored' if one.stored else 'not stored'}: {one.reason}" for one in found]


def texts() -> Iterator[str]:
    yield "a"


class Text(str):
    __slots__ = ()


@pytest.mark.parametrize(
    ("value", "options"),
    [
        ({"a": {1: 2}}, None),
        ({}, {}),
        ([1, 2.5, None, True], None),
        (float("nan"), None),
        (1, {"ttl": 60, "tags": ["a", "b c"], "name": "n"}),
        (1, {"ttl": "60", "tags": ("a",), "name": ""}),
        (1, {"ttl": 0, "tags": [], "name": None}),
        (1, {"tags": {"a"}}),
        (1, {"tags": texts()}),
        (1, {"tags": "a"}),
        (1, {"name": b"n"}),
        ({Text("k"): 1}, {Text("ttl"): 1}),
    ],
)
def test_an_ordinary_set_says_nothing(value: object, options: Any) -> None:
    assert said(value, options) == []


@pytest.mark.parametrize(
    ("value", "options", "reason"),
    [
        (1, {"tags": "blog"}, "`tags` is the text 'blog' and not a list, which makes the tags b, "),
        (1, {"tags": "a,b"}, "which makes the tags a, b"),
        (1, {"tags": "abcdefgh"}, "makes the tags a, b, c, d, e, f and 2 more"),
        (1, {"tags": ["a,b"]}, "a comma separates tags: 'a,b' makes the tags a, b"),
        (1, {"tags": ["", "b"]}, "an empty tag is dropped"),
        (1, {"tags": ["a", " b", "c"]}, "blanks around a tag are dropped: ' b' is stored as 'b'"),
        (1, {"TTL": 3}, "the option 'TTL' is unknown and was ignored (there are ttl, tags, name)"),
        (1, {"ttl": "false"}, "the ttl 'false' means one year"),
        ({1: "a"}, None, "JSON has text keys only: 1 comes back as '1'"),
        ({None: "a"}, None, "None comes back as 'null'"),
    ],
)
def test_stored_but_not_as_meant(value: object, options: Any, reason: str) -> None:
    (one,) = said(value, options)
    assert one.startswith("stored: ")
    assert reason in one


CIRCLE: list[object] = []
CIRCLE.append(CIRCLE)


@pytest.mark.parametrize(
    ("value", "options", "reason"),
    [
        (datetime.datetime(2026, 1, 1), None, "its value is no JSON (Object of type datetime is"),
        (decimal.Decimal(1), None, "Object of type Decimal"),
        (b"x", None, "Object of type bytes"),
        ({"a": {1}}, {"ttl": 60}, "Object of type set"),
        (CIRCLE, None, "its value is no JSON (Circular reference"),
        ({(1, 2): 3}, None, "its value is no JSON (keys must be"),
        (1, {"tags": ["é"]}, "its tag 'é' is not ASCII"),
        (1, {"tags": ["ok", "a\nb"]}, "its tag 'a\\nb' has a line break"),
        (1, {"tags": [" a "]}, "its tag ' a ' begins or ends with a blank"),
        (1, {"tags": [1, 2]}, "its tag 1 is an int, not a text"),
        (1, {"tags": 5}, "its tags are an int, not a list of texts"),
        (1, {"name": "ünï"}, "its name 'ünï' is not ASCII"),
        (1, {"name": "a\r\nb"}, "its name 'a\\r\\nb' has a line break"),
        (1, {"name": 5}, "its name 5 is an int, not a text"),
        (1, ["ttl"], "its options are a list, not a dict"),
        (1, "ttl", "its options are a str, not a dict"),
    ],
)
def test_never_sent(value: object, options: Any, reason: str) -> None:
    (one,) = said(value, options)
    assert one.startswith("not stored: ")
    assert reason in one


def test_what_the_cache_refuses_has_its_reason() -> None:
    headers = {REFUSAL: "CACHE_ITEM_TOO_LARGE Cache item is too large: 3 bytes (limit 2)"}
    assert said("xxx", {}, headers) == ["not stored: Cache item is too large: 3 bytes (limit 2)"]
    assert said("xxx", {}, {}) == [], "a store that is away has told of it itself"


@pytest.mark.parametrize("error", [TimeoutError("timed out"), ConnectionRefusedError()])
def test_a_lost_connection_is_no_fault_of_the_item(error: Exception) -> None:
    assert list(oddities(1, {"TTL": 3}, error)) == []

"""The platform's rules, and what the commands know about the SDK's keys."""

from __future__ import annotations

import pytest
from vercel.cache.utils import create_key_transformer

from vercel_emu.errors import EmuError, Where
from vercel_emu.platform.limits import CACHE_ITEM_BYTES
from vercel_emu.runtime_cache import Scope, policy, sdk_keys
from vercel_emu.runtime_cache.exchange import from_line, to_line
from vercel_emu.runtime_cache.operations import Record
from vercel_emu.runtime_cache.redis.keys import Keys, scope_name, scope_of


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("60", 60),
        (" 60 ", 60),
        ("1.5", None),
        ("60.0", None),
        (".5", None),
        ("1e+30", None),
        ("+5", 5),
        ("-0", 0),
        ("9007199254740991", 2**53 - 1),
        ("9007199254740992", None),
        ("9" * 5000, None),
        ("inf", None),
        ("Infinity", policy.ONE_YEAR),
        ("f", policy.ONE_YEAR),
        ("-1", None),
        ("-inf", None),
        ("nan", None),
        ("True", None),
        ("1_0", None),
        ("0x10", None),
        ("٣", None),
        ("", None),
    ],
)
def test_ttl(text: str, seconds: float | None) -> None:
    assert policy.parse_ttl(text) == seconds


def test_tags() -> None:
    assert policy.parse_tags(" a ,b,,a, c d ,") == ("a", "b", "c d")
    assert policy.parse_tags("") == ()


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        (b"a%2Fb%20%c3%bc", "a/b ü"),
        (b"ns$1f", "ns$1f"),
        ("ü".encode(), "ü"),
        (b"a+b", "a+b"),
        (b"%", None),
        (b"%2", None),
        (b"%zz", None),
        (b"%ff", None),
    ],
)
def test_keys_of_paths(raw: bytes, key: str | None) -> None:
    assert policy.decode_key(raw) == key


def test_limits() -> None:
    assert policy.too_large(CACHE_ITEM_BYTES) is None
    refusal = policy.too_large(CACHE_ITEM_BYTES + 1)
    assert refusal is not None
    assert (refusal.status, refusal.reason) == (413, "Cache item is too large")
    assert str(refusal) == "Cache item is too large: 2,097,153 bytes (limit 2,097,152)"
    assert policy.refuse_labels([f"t{n}" for n in range(128)], "") is None
    assert policy.refuse_labels(["ü" * 128], "") is None
    for tags, name in ((["ü" * 128 + "x"], ""), ([f"{n}" for n in range(129)], ""), ([], "a\r\nb")):
        refusal = policy.refuse_labels(tags, name)
        assert refusal is not None
        assert refusal.status == 400


@pytest.mark.parametrize("plain", ["", "user:1", "ü€😀", "x" * 1000])
@pytest.mark.parametrize("namespace", ["", "users", "a$b"])
def test_plain_keys_are_hashed_as_the_sdk_does(plain: str, namespace: str) -> None:
    theirs = create_key_transformer(None, namespace, None)(plain)
    assert sdk_keys.stored_key(plain, namespace) == theirs
    assert sdk_keys.namespace_of(theirs) == namespace


@pytest.mark.parametrize("body", [b"", b'{"a": 1}', "ü\n".encode(), b"\xff\x00"])
def test_exported_lines_come_back(body: bytes) -> None:
    record = Record(key="k", body=body, tags=("a",), name="n", ttl=1.5)
    line = to_line(record)
    assert line.count(b"\n") == 1
    assert from_line(line, Where("f", line=1)) == record


@pytest.mark.parametrize(
    "line",
    [
        b"not json",
        b'{"body": "1"}',
        b'{"key": "k"}',
        b'{"key": "k", "body": "1", "body_base64": "MQ=="}',
        b'{"key": "k", "body": "1", "ttl": 0}',
        b'{"key": "k", "body": "1", "tag": "typo"}',
    ],
)
def test_a_bad_line_says_where(line: bytes) -> None:
    with pytest.raises(EmuError, match="f:3: "):
        from_line(line, Where("f", line=3))


def test_names_on_a_server_cannot_reach_into_each_other() -> None:
    scope = Scope("a/b:i:", "pre}view", "ia*d")
    assert scope_of(scope_name(scope)) == scope
    keys = Keys(scope)
    assert keys.tags == "vercel-emu:1:{a%2Fb%3Ai%3A/pre%7Dview}:tags"
    assert keys.matching("x*[") == keys.items + r"x\*\[*"

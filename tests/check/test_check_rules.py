"""Rules that can never match, and those that only look like it."""

from __future__ import annotations

from typing import Any

import pytest

from vercel_emu.check.rules import unreachable_rules
from vercel_emu.project.vercel_json.reader import parse_vercel_config

HAS = {"has": [{"type": "host", "value": "a.b"}]}


def unreachable(**config: Any) -> list[str]:
    return [label for label, _ in unreachable_rules(parse_vercel_config(config))]


def rewrites(*sources: str) -> list[dict[str, Any]]:
    return [{"source": source, "destination": "/x"} for source in sources]


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ("/a", "/a"),
        ("/(.*)", "/a"),
        ("/(.*)", "/a/:b"),
        ("/(.*)", "/post-:id(\\d+)"),
        ("/:path*", "/a/:b*"),
        ("/:path*", "/a/b/c"),
        ("/:one", "/:other"),
        ("/a/:rest*", "/a/b/:c+"),
        ("/a/:id(\\d+)", "/a/12"),
        ("/((?!api).*)", "/blog"),
        ("/docs/(.*)", "/docs/:a/:b"),
    ],
)
def test_hidden_by_the_rule_before(wide: str, narrow: str) -> None:
    assert unreachable(rewrites=rewrites(wide, narrow)) == ["rewrites[1]"]


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ("/a", "/b"),
        ("/:one", "/a/b"),
        ("/:one", "/:many*"),
        ("/a/:id(\\d+)", "/a/:id"),
        ("/((?!api).*)", "/:slug"),
        ("/docs/(.*)", "/docs"),
        ("/:a-:b", "/:c"),
        ("/blog/:a", "/:b/:c"),
        ("/a/:x?", "/a/:y+"),
    ],
)
def test_not_hidden(wide: str, narrow: str) -> None:
    assert unreachable(rewrites=rewrites(wide, narrow)) == []


def test_conditions_hide_nothing_and_headers_add_up() -> None:
    first = {**rewrites("/(.*)")[0], **HAS}
    assert unreachable(rewrites=[first, *rewrites("/a")]) == []
    header = {"source": "/(.*)", "headers": [{"key": "a", "value": "b"}]}
    assert unreachable(headers=[header, header]) == []


def test_redirects_come_first() -> None:
    redirects = [{"source": "/old/:path*", "destination": "/new"}]
    assert unreachable(redirects=redirects, rewrites=rewrites("/old/a")) == ["rewrites[0]"]


@pytest.mark.parametrize(
    ("settings", "source", "is_unreachable"),
    [
        ({}, "blog", True),
        ({"cleanUrls": True}, "/a.html", True),
        ({"trailingSlash": False}, "/a/", True),
        ({"trailingSlash": True}, "/a", True),
        ({"trailingSlash": True}, "/a/", False),
        ({"trailingSlash": True}, "/a.txt", False),
        ({"trailingSlash": False}, "/", False),
        ({"cleanUrls": True}, "/a", False),
    ],
)
def test_impossible_sources(settings: dict[str, Any], source: str, is_unreachable: bool) -> None:
    assert bool(unreachable(rewrites=rewrites(source), **settings)) is is_unreachable

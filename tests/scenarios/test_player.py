"""What the player decides without sending anything: visitors, request lines, reports."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest

from vercel_emu.errors import EmuError, Where
from vercel_emu.scenarios.cache_look import spellings
from vercel_emu.scenarios.expectations import Failure
from vercel_emu.scenarios.formats import as_json, as_junit
from vercel_emu.scenarios.play import cast
from vercel_emu.scenarios.report import Report, Result, percentile
from vercel_emu.scenarios.scenario import plan, read_scenario
from vercel_emu.transport.client import HttpClient, encode_target
from vercel_emu.visitors.asking import by_fields, by_name
from vercel_emu.visitors.choose import choose_visitor
from vercel_emu.visitors.resolve import resolve_visitor
from vercel_emu.visitors.visitor import NEW_YORK

SCENARIO = """\
name = "A <day>"
seed = 3
[visitors.office]
place = "Zürich"
ip = "198.51.100.7"
headers = { x-team = "a" }
[[steps]]
path = "/"
as = ["office", "São Paulo", "none"]
[[steps]]
name = "posting"
path = "/note?a=ü"
method = "POST"
body = "hi"
"""


def scenario(source: str = SCENARIO) -> Any:
    return read_scenario(source, "day.toml")


def test_a_scenario_visitor_is_described_others_are_named() -> None:
    found = cast(scenario(), "day.toml")
    assert set(found.visitors) == {"office", "São Paulo", "none", "New York"}
    assert found.headers["São Paulo"] == (("x-emu-visitor", "S%C3%A3o Paulo"),)
    office = dict(found.headers["office"])
    assert (office["x-emu-visitor"], office["x-emu-label"]) == ("none", "office")
    assert (office["x-emu-ip"], office["x-emu-city"]) == ("198.51.100.7", "Z%C3%BCrich")
    assert office["x-team"] == "a"


@pytest.mark.parametrize("text", ["São Paulo", "-33.87,151.21", "203.0.113.9", "none", "50%"])
def test_what_asks_for_a_visitor_arrives(text: str) -> None:
    def resolve(asked: str) -> Any:
        return NEW_YORK if asked == text else pytest.fail(asked)

    headers = [(name.encode(), value.encode()) for name, value in by_name(text)]
    assert choose_visitor(headers, replace(NEW_YORK, label="other"), resolve) is NEW_YORK


@pytest.mark.parametrize("who", ["Tokyo", "none", "2001:db8::1", "Reykjavík"])
def test_a_visitor_described_by_fields_is_the_same(who: str) -> None:
    visitor = resolve_visitor(who)
    headers = [(name.encode(), value.encode()) for name, value in by_fields(visitor)]
    assert choose_visitor(headers, NEW_YORK, resolve_visitor) == visitor


def test_an_unknown_visitor_is_found_before_anything_is_sent() -> None:
    wrong = SCENARIO.replace('"São Paulo"', '"Nowheria"')
    with pytest.raises(
        EmuError, match=r'day\.toml, line 9: There is no place "Nowheria"'
    ) as caught:
        cast(scenario(wrong), "day.toml", source=wrong)
    assert caught.value.where == Where("day.toml", line=9)


def test_a_wrong_visitor_of_the_file_is_told_once_and_one_of_the_project_with_the_line() -> None:
    own = 'steps = [{ path = "/", as = "me" }]\n[visitors.me]\ncountry = "Atlantis"\n'
    with pytest.raises(EmuError, match=r"^INVALID_VISITOR: day\.toml: \[visitors\.me\]") as caught:
        cast(scenario(own), "day.toml", source=own)
    assert caught.value.where == Where("day.toml", "[visitors.me]")
    known = {"home": {"place": "Nowheria"}}
    source = 'steps = [{ path = "/", as = "home" }]'
    with pytest.raises(EmuError, match=r"day\.toml, line 1: There is no place"):
        cast(scenario(source), "day.toml", known=known, source=source)


def test_a_visitor_of_the_project_is_known() -> None:
    only = 'steps = [{ path = "/", as = "home" }]'
    found = cast(scenario(only), "day.toml", known={"home": {"place": "Oslo"}})
    assert found.visitors["home"].city == "Oslo"
    assert found.headers["home"] == (("x-emu-visitor", "home"),)


@pytest.mark.parametrize(
    ("target", "sent"),
    [("/a?b=c%20d", "/a?b=c%20d"), ("/a b#c", "/a%20b"), ("/ü", "/%C3%BC"), ("//a//", "//a//")],
)
def test_a_target_goes_as_it_is_written(target: str, sent: str) -> None:
    assert encode_target(target) == sent


@pytest.mark.parametrize("url", ["localhost:3000", "ftp://x", "http://", "x"])
def test_a_wrong_address(url: str) -> None:
    with pytest.raises(EmuError, match="is not an HTTP address"):
        HttpClient(url)


def test_the_keys_that_a_cache_expectation_can_mean() -> None:
    assert spellings("visits") == ("visits", "761ac7e7")
    assert spellings("a$visits")[2] == "a$761ac7e7"


def report() -> Report:
    found = cast(scenario(), "day.toml")
    results = [
        Result(
            request=request,
            visitor=found.visitors[request.visitor],
            headers=(*found.headers[request.visitor], *request.headers),
            status=200,
            duration_ms=float(request.number + 1),
        )
        for request in plan(scenario())
    ]
    results[-1] = replace(
        results[-1], status=500, failures=(Failure("status", "200", "500 \x1b <x>"),)
    )
    return Report(
        scenario=scenario(),
        file="day.toml",
        url="http://localhost:1",
        repeat_at="http://localhost:3000",
        results=results,
        seconds=0.5,
    )


def test_the_summary_by_country() -> None:
    lines = {line.name: line for line in report().by_country()}
    assert set(lines) == {"CH", "BR", "US", "unknown"}
    assert (lines["US"].requests, lines["US"].failed, lines["CH"].failed) == (1, 1, 0)
    assert lines["BR"].edge_regions == ("gru1",)


@pytest.mark.parametrize(("percent", "value"), [(50, 2), (95, 4), (100, 4), (1, 1)])
def test_percentiles(percent: int, value: float) -> None:
    assert percentile([1, 2, 3, 4], percent) == value


def test_the_report_as_json() -> None:
    told = json.loads(json.dumps(as_json(report())))
    assert (told["requests"], told["failed"], told["seed"]) == (4, 1, 3)
    assert [step["name"] for step in told["steps"]] == ["GET /", "posting"]
    [failure] = told["failures"]
    assert failure["problems"] == [{"what": "status", "expected": "200", "came": "500 \x1b <x>"}]
    assert failure["curl"] == (
        "curl -i -X POST -H 'x-emu-visitor: New York' --data-raw hi "
        "'http://localhost:3000/note?a=ü'"
    )


def test_the_report_as_junit() -> None:
    root = ElementTree.fromstring(as_junit(report()))
    assert (root.tag, root.get("tests"), root.get("failures")) == ("testsuites", "4", "1")
    first, second = root
    assert (first.get("tests"), second.get("name"), second.get("failures")) == ("3", "posting", "1")
    failure = second[0][0]
    assert failure.get("message") == "status: expected 200, came 500 � <x>"
    assert "curl -i -X POST" in (failure.text or "")

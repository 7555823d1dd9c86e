"""Scenario files: reading, planning, and checking what came."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from vercel_emu.errors import EmuError
from vercel_emu.scenarios.expectations import (
    CacheView,
    check,
    curl_command,
)
from vercel_emu.scenarios.json_path import MISSING, look_up, parse_path
from vercel_emu.scenarios.scenario import (
    Expectation,
    Scenario,
    plan,
    read_scenario,
)
from vercel_emu.transport.client import Response
from vercel_emu.visitors.visitor import NEW_YORK

DAY = """\
name = "A day"
seed = 7

[visitors.office]
place = "Berlin"
ip = "198.51.100.7"

[places.world]
Tokyo = 3
"São Paulo" = 1

[[steps]]
path = "/"
as = ["Tokyo", "office"]
repeat = 2

[[steps]]
path = "/api/geo?a=1"
draw = "world"
repeat = 400
rate = 100
at-once = 8

[steps.expect]
status = 200
under-ms = 250
json = [
  { path = "$.city", equals = "{visitor.city}" },
]

[[steps]]
path = "/api/note"
method = "POST"
json = { text = "hi" }
"""


def test_a_scenario_becomes_requests() -> None:
    requests = list(plan(read_scenario(DAY, "day.toml")))
    first = [(r.visitor, r.number, r.due) for r in requests if r.step == 0]
    assert first == [
        ("Tokyo", 0, None),
        ("office", 1, None),
        ("Tokyo", 2, None),
        ("office", 3, None),
    ]
    drawn = [r for r in requests if r.step == 1]
    assert [r.due for r in drawn[:3]] == [0.0, 0.01, 0.02]
    assert 0.65 < Counter(r.visitor for r in drawn)["Tokyo"] / 400 < 0.85
    last = requests[-1]
    assert (last.visitor, last.method, last.body) == ("New York", "POST", b'{"text":"hi"}')
    assert last.headers == (("content-type", "application/json"),)


def test_the_seed_decides_and_steps_do_not_disturb_each_other() -> None:
    def drawn(source: str) -> list[str]:
        return [r.visitor for r in plan(read_scenario(source, "x")) if r.step == 1]

    assert drawn(DAY) == drawn(DAY)
    assert drawn(DAY) == drawn(DAY.replace("repeat = 2", "repeat = 9"))
    assert drawn(DAY) != drawn(DAY.replace("seed = 7", "seed = 8"))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('name = "A day"', "name = A day", ["day.toml: not valid TOML", "line 1"]),
        ('name = "A day"', "nam = 1", ["line 1, nam: unknown key nam", "The keys are steps, name"]),
        ("seed = 7", 'seed = "x"', ["line 2, seed", "Expected `int`"]),
        ("Tokyo = 3", "Tokyo = 0", ["line 9, places.world.Tokyo", "> 0"]),
        (
            'ip = "198',
            'ipp = "198',
            ["line 6, visitors.office.ipp: unknown key ipp", "place, ip, city"],
        ),
        ("repeat = 2", "repeet = 2", ["line 15, steps[0].repeet", "repeat"]),
        ("repeat = 2", "repeat = 0", ["line 15, steps[0].repeat", ">= 1"]),
        ("rate = 100", 'rate = "fast"', ["line 21, steps[1].rate", "float"]),
        ('draw = "world"', 'draw = "moon"', ["line 19, steps[1].draw", "moon", "world"]),
        ('draw = "world"', 'draw = "world"\nas = "Rome"', ["line 20, steps[1].as", "exclude"]),
        ("status = 200", "status = 20", ["line 25, steps[1].expect.status", ">= 100"]),
        ("status = 200", 'headers = { a = { matches = "(" } }', ["line 25", "regular expression"]),
        ('"$.city"', '"$.city["', ["line 27, steps[1].expect.json", "JSON path"]),
        (
            ', equals = "{visitor.city}"',
            "",
            ["steps[1].expect.json[0]", "equals, matches or exists"],
        ),
        ('method = "POST"', 'method = "SEND"', ["steps[2].method", "SEND"]),
        ('path = "/api/note"', 'path = "api"', ["steps[2].path"]),
        ('json = { text = "hi" }', 'json = 1\nbody = "x"', ["steps[2].json", "exclude"]),
    ],
)
def test_a_wrong_file_names_line_key_and_what_is_allowed(
    old: str, new: str, told: list[str]
) -> None:
    assert old in DAY
    with pytest.raises(EmuError) as caught:
        read_scenario(DAY.replace(old, new, 1), "day.toml")
    assert caught.value.code == "INVALID_SCENARIO"
    assert caught.value.where is not None
    assert caught.value.where.file == "day.toml"
    assert f"line {caught.value.where.line}" in caught.value.message
    for words in told:
        assert words in str(caught.value)


def test_a_scenario_needs_a_step() -> None:
    with pytest.raises(EmuError, match="steps"):
        read_scenario('name = "x"', "x.toml")


def expect(**keys: Any) -> Expectation:
    return msgspec.convert(keys, Expectation)


GOOD = Response(
    status=200,
    headers={"content-type": "application/json", "x-vercel-cache": "HIT"},
    body=json.dumps({"city": "New York", "n": [1, {"a b": None}], "lat": "40.7128"}).encode(),
    duration_ms=12.5,
)
CACHE = CacheView(holds_key={"k"}.__contains__, holds_tag={"US"}.__contains__)


@pytest.mark.parametrize(
    "expectation",
    [
        expect(),
        expect(status=200, cache="HIT", **{"under-ms": 13}),
        expect(headers={"Content-Type": "application/json"}),
        expect(headers={"content-type": {"matches": "json$"}}),
        expect(text=["New", "{visitor.city}"]),
        expect(json=[{"path": "$.city", "equals": "{visitor.city}"}]),
        expect(json=[{"path": "lat", "equals": "{visitor.latitude}"}]),
        expect(json=[{"path": "n[0]", "equals": 1.0}, {"path": "n[-1]['a b']", "exists": True}]),
        expect(json=[{"path": "nope", "exists": False}, {"path": "city", "matches": "^New"}]),
        expect(**{"cache-key": "k", "cache-tag": "{visitor.country}"}),
    ],
)
def test_a_met_expectation_is_silent(expectation: Expectation) -> None:
    assert check(expectation, GOOD, NEW_YORK, CACHE) == ()


@pytest.mark.parametrize(
    ("expectation", "what", "expected", "came"),
    [
        (expect(status=404), "status", "404", "200"),
        (expect(cache="MISS"), "header x-vercel-cache", '"MISS"', '"HIT"'),
        (expect(headers={"etag": "x"}), "header etag", '"x"', "no such header"),
        (expect(text="Tokyo"), "text", 'contains "Tokyo"', "New York"),
        (expect(json=[{"path": "n[0]", "equals": True}]), "json n[0]", "true", "1"),
        (expect(json=[{"path": "x", "equals": None}]), "json x", "null", "nothing"),
        (expect(json=[{"path": "x", "exists": True}]), "json x", "something", "nothing"),
        (expect(**{"under-ms": 12}), "time", "under 12 ms", "12.5 ms"),
        (expect(**{"cache-key": "z"}), "cache key", "holds z", "not there"),
    ],
)
def test_a_failure_says_what_was_expected_and_what_came(
    expectation: Expectation, what: str, expected: str, came: str
) -> None:
    [failure] = check(expectation, GOOD, NEW_YORK, CACHE)
    assert (failure.what, failure.expected) == (what, expected)
    assert came in failure.came


def test_a_body_that_is_not_json_is_one_failure() -> None:
    wanted = expect(json=[{"path": "a", "exists": True}, {"path": "b", "exists": True}])
    [failure] = check(wanted, replace(GOOD, body=b"<html>"), NEW_YORK)
    assert failure.expected == "a JSON body"


def test_a_missing_field_of_the_visitor_is_null() -> None:
    wanted = expect(json=[{"path": "city", "equals": "{visitor.city}"}])
    nobody = replace(NEW_YORK, city=None)
    assert check(wanted, replace(GOOD, body=b'{"city": null}'), nobody) == ()


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("$", ()),
        ("$.a.b", ("a", "b")),
        ("a[0].b", ("a", 0, "b")),
        ("""$['x y']["z"][-1]""", ("x y", "z", -1)),
    ],
)
def test_json_paths(path: str, steps: tuple[object, ...]) -> None:
    assert parse_path(path) == steps


@pytest.mark.parametrize("path", ["$[", "a[b]", "a..b", "a['x]"])
def test_a_bad_json_path_is_a_value_error(path: str) -> None:
    with pytest.raises(ValueError, match="JSON path"):
        parse_path(path)


def test_nothing_is_not_null() -> None:
    assert look_up({"a": None}, ("a",)) is None
    assert look_up({"a": None}, ("a", "b")) is MISSING
    assert look_up([1], (1,)) is MISSING


def test_the_request_can_be_repeated_by_curl() -> None:
    scenario: Scenario = read_scenario(DAY, "day.toml")
    *_, last = plan(scenario)
    headers = (("x-emu-visitor", last.visitor), *last.headers)
    assert curl_command(last, "http://localhost:3000/", headers) == (
        "curl -i -X POST -H 'x-emu-visitor: New York' -H 'content-type: application/json' "
        """--data-raw '{"text":"hi"}' http://localhost:3000/api/note"""
    )

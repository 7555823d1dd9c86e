"""Values that steps keep for later ones."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from vercel_emu.errors import EmuError
from vercel_emu.scenarios.kept import Kept, filled_step, not_kept, taken
from vercel_emu.scenarios.play import Player, cast
from vercel_emu.scenarios.report import Report, Result
from vercel_emu.scenarios.scenario import (
    Scenario,
    Step,
    body_of,
    headers_of,
    read_scenario,
    requests_of,
    used_names,
)
from vercel_emu.transport.client import HttpClient, Response


def answer(body: object, status: int = 200) -> Response:
    text = body if isinstance(body, str) else json.dumps(body)
    return Response(status, {}, text.encode(), 1.0)


# Taking ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "body", "value"),
    [
        ("$.slug", {"slug": "a1"}, "a1"),
        ("slug", {"slug": "a1"}, "a1"),
        ("$.items[0].id", {"items": [{"id": 7}]}, 7),
        ("$.items[-1].id", {"items": [{"id": 7}, {"id": 8}]}, 8),
        ("$['a b']", {"a b": 1.5}, 1.5),
        ("$", "plain", None),
        ("$", '"plain"', "plain"),
        ("$.done", {"done": False}, False),
        ("$.empty", {"empty": ""}, ""),
    ],
)
def test_a_value_is_taken(path: str, body: object, value: object) -> None:
    values, failures = taken(Step(path="/", keep={"it": path}), answer(body))
    if value is None:
        assert [one.what for one in failures] == ["keep it"]
        assert (failures[0].expected, failures[0].came) == ("a JSON body", '"plain"')
    else:
        assert (values, failures) == ({"it": value}, ())


@pytest.mark.parametrize(
    ("body", "came"),
    [
        ({}, "nothing"),
        ({"slug": None}, "null"),
        ({"slug": ["a"]}, '["a"]'),
        ({"slug": {"a": 1}}, '{"a": 1}'),
        ([], "nothing"),
    ],
)
def test_what_can_t_be_kept_is_a_failure(body: object, came: str) -> None:
    values, [failure] = taken(Step(path="/", keep={"slug": "$.slug"}), answer(body))
    assert values == {}
    assert (failure.what, failure.came) == ("keep slug", came)
    assert failure.expected.endswith("at $.slug")


def test_nothing_is_taken_where_nothing_is_kept() -> None:
    assert taken(Step(path="/"), answer("no JSON")) == ({}, ())


# Whose ----------------------------------------------------------------------------------------


def test_each_visitor_has_its_own_and_else_the_last() -> None:
    kept = Kept()
    assert kept.of("Tokyo") == {}
    kept.add("Tokyo", {"cart": 1, "slug": "t"})
    kept.add("Berlin", {"cart": 2})
    assert kept.of("Tokyo") == {"cart": 1, "slug": "t"}
    assert kept.of("Berlin") == {"cart": 2, "slug": "t"}
    assert kept.of("Oslo") == {"cart": 2, "slug": "t"}


def test_a_request_without_its_value_says_which() -> None:
    assert not_kept({"a"}, {"a": 1}) == ()
    [failure] = not_kept({"a", "b"}, {"a": 1})
    assert (failure.what, failure.came) == ("{b}", "nothing was kept")


# Using ----------------------------------------------------------------------------------------

VALUES: Mapping[str, Any] = {"slug": "a b/ü", "n": 7, "yes": True, "x-1": "dash"}


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/s/{slug}", "/s/a%20b%2F%C3%BC"),
        ("/s/{n}?q={yes}&r={x-1}", "/s/7?q=true&r=dash"),
        ("/plain", "/plain"),
        ("/{other}/{n}", "/{other}/7"),
    ],
)
def test_in_a_path(path: str, sent: str) -> None:
    assert filled_step(Step(path=path), VALUES).path == sent


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("{n}", 7),
        ("{yes}", True),
        ("no {n}", "no 7"),
        ({"a": ["{slug}", {"b": "{n}"}]}, {"a": ["a b/ü", {"b": 7}]}),
        ({"{n}": 1}, {"{n}": 1}),
        ("{unknown}", "{unknown}"),
        (12, 12),
    ],
)
def test_in_a_json_body(value: object, sent: object) -> None:
    step = filled_step(Step(path="/", method="POST", json=value), VALUES)
    assert json.loads(body_of(step) or b"") == sent
    assert headers_of(step) == (("content-type", "application/json"),)


def test_in_headers_and_a_text_body() -> None:
    step = Step(path="/", headers={"x-slug": "is {n}"}, body='{"n": {n}, "s": "{slug}"}')
    filled = filled_step(step, VALUES)
    assert filled.headers == {"x-slug": "is 7"}
    assert filled.body == '{"n": 7, "s": "a b/ü"}'


def test_a_header_stays_one_line() -> None:
    step = Step(path="/", headers={"x-a": "{v}"})
    assert filled_step(step, {"v": "a\r\nb: c\0"}).headers == {"x-a": "a b: c "}


def test_in_what_is_expected() -> None:
    source = (
        'steps = [{ path = "/", keep = { n = "n" } }, { path = "/", expect = { status = 200, '
        'text = "n is {n}", headers = { x = { matches = "^{n}$" } }, '
        'json = [{ path = "$.n", equals = "{n}" }] } }]'
    )
    expect = filled_step(read_scenario(source, "x.toml").steps[1], VALUES).expect
    assert (expect.text, expect.status) == ("n is 7", 200)
    assert msgspec.to_builtins(expect.headers) == {"x": {"matches": "^7$"}}
    assert expect.json[0].equals == 7


def test_the_names_that_a_step_uses() -> None:
    step = Step(path="/{a}", headers={"x": "{b}"}, json={"k": ["{c}{d}"], "n": 1})
    assert used_names(step) == {"a", "b", "c", "d"}
    assert used_names(Step(path="/", body="{e} { f } {1} {visitor.city}")) == {"e"}


# Reading --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (
            '[[steps]]\npath = "/"\nkeep = { slug = "$[" }\n',
            r"line 3, steps\[0\]\.keep\.slug: cannot read",
        ),
        (
            '[[steps]]\npath = "/"\n[steps.keep]\n"my slug" = "$.a"\n',
            r'line 4, steps\[0\]\.keep\.my slug: "my slug" can\'t be a name',
        ),
        ('[[steps]]\npath = "/"\nkeep = { slug = 1 }\n', r"line 3, steps\[0\]\.keep"),
        (
            '[[steps]]\npath = "/s/{slug}"\n',
            r"line 2, steps\[0\]\.path: \{slug\} is kept by no earlier step",
        ),
        (
            '[[steps]]\npath = "/"\nbody = "{slug}"\nkeep = { slug = "$" }\n',
            r"line 3, steps\[0\]\.body: \{slug\} is kept by no earlier step",
        ),
        (
            (
                '[[steps]]\npath = "/"\nexpect = { text = "{slug}" }\n'
                '[[steps]]\npath = "/"\nkeep = { slug = "$" }\n'
            ),
            r"steps\[0\]\.expect: \{slug\} is kept by no earlier step",
        ),
        (
            '[[steps]]\npath = "/"\nkeep = { a = "$" }\n[[steps]]\npath = "/{b}"\n',
            r"line 5, steps\[1\]\.path: \{b\} is kept by no earlier step",
        ),
    ],
)
def test_a_mistake_names_step_and_key(source: str, told: str) -> None:
    with pytest.raises(EmuError, match=told) as caught:
        read_scenario(source, "day.toml")
    assert caught.value.where is not None


def test_the_hint_says_what_to_write() -> None:
    with pytest.raises(EmuError) as caught:
        read_scenario('[[steps]]\npath = "/{slug}"\n', "day.toml")
    assert caught.value.hint == 'A step before it needs keep = { slug = "$.slug" }.'


@pytest.mark.parametrize("body", ['"{ users {name} }"', '"{name}"', "'{\"a\": {x}}'"])
def test_braces_that_nobody_keeps_are_braces(body: str) -> None:
    source = f'steps = [{{ path = "/", body = {body} }}]'
    assert read_scenario(source, "day.toml").steps[0].body


@pytest.mark.parametrize(
    ("steps", "count"),
    [
        ('{ path = "/" }', 1),
        ('{ path = "/", repeat = 3 }', 3),
        ('{ path = "/", repeat = 3, as = ["a", "b"] }', 6),
        ('{ path = "/", as = "a" }, { path = "/", as = [], repeat = 2 }', 3),
    ],
)
def test_how_many_requests_there_are(steps: str, count: int) -> None:
    assert requests_of(read_scenario(f"steps = [{steps}]", "x.toml")) == count


# Playing, at an app of plain Python -----------------------------------------------------------


class App(HttpClient):
    """Answers by what it is asked, instead of sending it."""

    def __init__(self) -> None:
        self.url = "http://localhost:1"
        self.asked: list[tuple[str, str, bytes | None]] = []
        self.made = 0

    async def send(
        self, method: str, path: str, headers: Any = (), body: bytes | None = None
    ) -> Response:
        self.asked.append((method, path, body))
        await asyncio.sleep(0)
        if method == "POST":
            self.made += 1
            return answer({"id": self.made, "who": dict(headers)["x-emu-visitor"]}, 201)
        return answer({"path": path})


def play(source: str) -> tuple[App, Report, Scenario]:
    scenario = read_scenario(source, "x.toml")
    app = App()
    player = Player(scenario, cast(scenario, "x.toml"), app, file="x.toml")
    report = player.new_report()
    asyncio.run(player.play(report))
    return app, report, scenario


def test_each_visitor_goes_on_with_what_it_made() -> None:
    app, report, _ = play(
        '[[steps]]\npath = "/carts"\nmethod = "POST"\nas = ["Tokyo", "Berlin"]\nat-once = 2\n'
        'keep = { cart = "$.id" }\n'
        '[[steps]]\npath = "/carts/{cart}"\nas = ["Berlin", "Tokyo", "Oslo"]\n'
        'expect = { json = [{ path = "path", equals = "/carts/{cart}" }] }\n'
    )
    paths = [path for _, path, _ in app.asked]
    assert paths == ["/carts", "/carts", "/carts/2", "/carts/1", "/carts/2"]
    assert report.failed == []
    assert report.complete
    assert report.results[2].request.path == "/carts/2", "the curl command repeats what was sent"
    assert report.curl(report.results[2]).endswith("/carts/2")
    assert report.step_name(1) == "GET /carts/{cart}"


def test_a_step_whose_value_is_missing_is_not_sent() -> None:
    app, report, _ = play(
        '[[steps]]\npath = "/"\nkeep = { slug = "$.slug" }\n'
        '[[steps]]\npath = "/{slug}"\n[[steps]]\npath = "/after"\n'
    )
    assert [path for _, path, _ in app.asked] == ["/", "/after"]
    assert [[one.what for one in result.failures] for result in report.results] == [
        ["keep slug"],
        ["{slug}"],
        [],
    ]
    assert report.results[1].status == 0


def test_a_scenario_that_is_stopped_reports_what_came() -> None:
    scenario = read_scenario(
        'steps = [{ path = "/a", repeat = 2 }, { path = "/b", repeat = 3 }]', "x"
    )
    app = App()
    player = Player(scenario, cast(scenario, "x.toml"), app, file="x.toml")
    report = player.new_report()

    async def main() -> None:
        def stop_at_the_fourth(result: Result) -> None:
            if len(app.asked) == 4:
                task.cancel()

        task = asyncio.get_running_loop().create_task(player.play(report, stop_at_the_fourth))
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert [result.request.path for result in report.results] == ["/a", "/a", "/b", "/b"]
    assert not report.complete
    assert report.planned == 5

"""What a person sees of a scenario."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from vercel_emu import events
from vercel_emu.cli.terminal.play_view import FAILURES_SHOWN, LINES_SHOWN, PlayView, show_report
from vercel_emu.scenarios.expectations import Failure
from vercel_emu.scenarios.play import cast
from vercel_emu.scenarios.report import Report, Result
from vercel_emu.scenarios.scenario import plan, read_scenario, requests_of


def report(*, failing: int = 0, repeat: int = 3, planned: int | None = None) -> Report:
    scenario = read_scenario(f'steps = [{{ path = "/a", repeat = {repeat} }}]', "day.toml")
    found = cast(scenario, "day.toml")
    results = [
        Result(one, found.visitors[one.visitor], found.headers[one.visitor], 200, 1.0)
        for one in plan(scenario)
    ]
    for index in range(failing):
        failure = Failure("status", "201", "200")
        identity = f"iad1::iad1::{index}"
        results[index] = replace(results[index], failures=(failure,), identity=identity)
    return Report(
        scenario=scenario,
        file="day.toml",
        url="http://localhost:1",
        repeat_at="http://localhost:3000",
        results=results,
        seconds=1.0,
        planned=requests_of(scenario) if planned is None else planned,
    )


def shown(capsys: pytest.CaptureFixture[str], found: Report, *, quiet: bool = False) -> str:
    show_report(found, quiet=quiet)
    return capsys.readouterr().out


def test_all_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, report())
    assert text.splitlines()[0].startswith("country")
    assert text.endswith("3 requests passed in 1.00 s (3/s) · http://localhost:1\n")
    assert shown(capsys, report(), quiet=True) == text.splitlines()[-1] + "\n"


def test_a_failure_with_what_the_app_wrote(capsys: pytest.CaptureFixture[str]) -> None:
    found = report(failing=1)
    access = '127.0.0.1 - - [25/Nov/2026 10:00:00] "GET /a HTTP/1.1" 200 -'
    found.logs["iad1::iad1::0"] = [access, "before", "Traceback ...", "ValueError: \x1b]2;x\x07"]
    text = shown(capsys, found)
    first = text.partition("\n\n")[0].splitlines()
    assert first == [
        "failed: GET /a as New York (step 1, request 1)",
        "  status",
        "    expected  201",
        "    came      200",
        "  │ before",
        "  │ Traceback ...",
        "  │ ValueError: \\x1b]2;x\\x07",
        "  curl -i -H 'x-emu-visitor: New York' http://localhost:3000/a",
    ]
    assert text.splitlines()[-1].startswith("1 of 3 requests failed in")


def test_of_a_long_log_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    found = report(failing=1)
    found.logs["iad1::iad1::0"] = [f"line {number}" for number in range(LINES_SHOWN + 5)]
    text = shown(capsys, found)
    assert "  ... 5 lines before\n  │ line 5\n" in text


def test_of_many_failures_some(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, report(failing=FAILURES_SHOWN + 2, repeat=20))
    assert text.count("failed: ") == FAILURES_SHOWN
    assert "... and 2 more" in text


@pytest.mark.parametrize(
    ("failing", "told"),
    [(0, "stopped after 3 of 9 requests, 0 failed"), (2, "stopped after 3 of 9 requests, 2 fail")],
)
def test_a_scenario_that_was_stopped(
    capsys: pytest.CaptureFixture[str], failing: int, told: str
) -> None:
    assert shown(capsys, report(failing=failing, planned=9)).splitlines()[-1].startswith(told)


def test_one_that_was_stopped_before_anything_came(capsys: pytest.CaptureFixture[str]) -> None:
    found = replace(report(), results=[], planned=9)
    assert shown(capsys, found).startswith("stopped after 0 of 9 requests, 0 failed")


# Events of the project ------------------------------------------------------------------------

LINE = events.LogLine(text="hello", level="info", stream="stdout", function="app", instance="a#1")
WARNING = events.Notice(level="warn", message="careful", hint="do this")
CRASH = events.InstanceFailed(function="app", instance="a#1", message="it died", detail="why")


def told(capsys: pytest.CaptureFixture[str], *seen: events.Event, verbose: bool = False) -> str:
    view = PlayView(quiet=False, verbose=verbose, json=False)
    for event in seen:
        view.show(event)
    out, err = capsys.readouterr()
    assert out == ""
    return err


def test_what_the_app_prints_is_kept_back(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, LINE) == ""
    assert told(capsys, LINE, verbose=True) == "  ┆ hello\n"


def test_warnings_and_crashes_are_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, WARNING, CRASH, WARNING, CRASH)
    assert text == "warn: careful\n  do this\napp failed: it died\n  │ why\n"


def test_less_than_a_warning_is_not_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, events.Notice(level="info", message="by the way")) == ""


@pytest.mark.parametrize("verbose", [False, True])
def test_nothing_comes_after_the_report(capsys: pytest.CaptureFixture[str], verbose: bool) -> None:
    view = PlayView(quiet=False, verbose=verbose, json=False)
    with view.progress(3) as on_result:
        for result in report().results:
            on_result(result)
    view.report(report())
    capsys.readouterr()
    for event in (LINE, WARNING, CRASH):
        view.show(event)
    assert capsys.readouterr() == ("", "")


def test_lines_of_no_request_are_told_where_a_request_failed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for failing, expected in ((0, False), (1, True)):
        view = PlayView(quiet=False, verbose=False, json=False)
        with view.progress(3):
            view.show(LINE)
        view.report(report(failing=failing))
        out = capsys.readouterr().out
        assert ("outside of the requests:\n  │ hello\n" in out) is expected


def test_the_report_as_json_is_alone(capsys: pytest.CaptureFixture[str]) -> None:
    view = PlayView(quiet=False, verbose=False, json=True)
    found = report(failing=1, planned=9)
    found.logs["iad1::iad1::0"] = ["why"]
    with view.progress(9):
        pass
    view.report(found)
    text = json.loads(capsys.readouterr().out)
    assert (text["complete"], text["failures"][0]["logs"]) == (False, ["why"])

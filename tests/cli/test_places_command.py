"""`vercel-emu places`."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from vercel_emu.cli import cli
from vercel_emu.errors import EmuError


def run(*args: str) -> str:
    result = CliRunner().invoke(cli, ["places", *args], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_search_shows_what_to_write() -> None:
    assert "Tokyo, 13, JP" in run("tokyo")


def test_country_and_limit() -> None:
    found = json.loads(run("springfield", "--country", "us", "--limit", "2", "--json"))
    assert [place["write"] for place in found] == ["Springfield, IL, US", "Springfield, MA, US"]


def test_names_in_other_scripts_and_qualifiers() -> None:
    assert json.loads(run("東京", "--json"))[0]["city"] == "Tokyo"
    [paris, *_] = json.loads(run("paris,", "us", "--json"))
    assert (paris["country_region"], paris["edge_region"]) == ("TX", "cle1")


def test_without_a_query_the_largest() -> None:
    assert len(json.loads(run("--limit", "3", "--country", "Japan", "--json"))) == 3


@pytest.mark.parametrize(
    "args", [("zzqqx",), ("tokyo", "--country", "US"), ("x", "--country", "Q")]
)
def test_nothing_found_is_an_error_with_a_hint(args: tuple[str, ...]) -> None:
    result = CliRunner().invoke(cli, ["places", *args])
    assert isinstance(result.exception, EmuError)
    assert result.exception.hint


def test_nothing_found_in_json_is_an_empty_list_and_no_success() -> None:
    result = CliRunner().invoke(cli, ["places", "zzqqx", "--json"])
    assert (result.exit_code, json.loads(result.stdout)) == (1, [])

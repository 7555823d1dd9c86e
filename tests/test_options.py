"""The one table of options: command line and pyproject.toml agree."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from vercel_emu.cli.option_flags import with_options
from vercel_emu.errors import EmuError, Where
from vercel_emu.options import Options, help_of, load_options, parse_listen

FILE = Path("pyproject.toml")


def parse(*arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = {}

    @click.command()
    @with_options()
    def command(**given: Any) -> None:
        found.update(given)

    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0, result.output
    return found


def test_nothing_given_leaves_every_decision_to_the_config() -> None:
    assert set(parse().values()) == {None}


@pytest.mark.parametrize(
    ("arguments", "name", "value"),
    [
        (["--listen", "0.0.0.0:8000"], "listen", "0.0.0.0:8000"),
        (["--env", "preview"], "env", "preview"),
        (["--no-install"], "install", False),
        (["--install"], "install", True),
        (["--no-limits"], "limits", False),
        (["--instances", "3"], "instances", 3),
        (["--drain-limit", "1.5"], "drain_limit", 1.5),
        (["--watch", "a", "--watch", "b"], "watch", (Path("a"), Path("b"))),
        (["--ignore", "*.log"], "ignore", ("*.log",)),
        (["--python", "/usr/bin/python3"], "python", Path("/usr/bin/python3")),
        (["--poll"], "poll", True),
        (["--log-format", "json"], "log_format", "json"),
    ],
)
def test_flags(arguments: list[str], name: str, value: object) -> None:
    assert parse(*arguments)[name] == value


@pytest.mark.parametrize(
    ("written", "name", "value"),
    [
        ({"listen": 3123}, "listen", "3123"),
        ({"listen": "3123"}, "listen", "3123"),
        ({"crons": True}, "crons", "1x"),
        ({"crons": False}, "crons", None),
        ({"crons": 60}, "crons", "60"),
        ({"crons": 0.5}, "crons", "0.5"),
        ({"debugpy": True}, "debugpy", 5678),
        ({"debugpy": False}, "debugpy", None),
        ({"debugpy": 0}, "debugpy", 0),
        ({"install": False}, "install", False),
        ({"max-duration": 5}, "max_duration", 5),
        ({"startup-timeout": 5}, "startup_timeout", 5.0),
        ({"cache_size": 5}, "cache_size", 5),
    ],
)
def test_a_value_as_toml_has_it(written: dict[str, Any], name: str, value: object) -> None:
    assert getattr(load_options(written, {}, FILE), name) == value


@pytest.mark.parametrize(
    "written",
    [
        {"listen": True},
        {"listen": 1.5},
        {"listen": 99999},
        {"listen": -1},
        {"visitor": 5},
        {"region": 1},
        {"debugpy": "yes"},
        {"crons": "often"},
        {"reload": "no"},
    ],
)
def test_a_value_that_means_nothing(written: dict[str, Any]) -> None:
    with pytest.raises(EmuError) as caught:
        load_options(written, {}, FILE)
    assert caught.value.where is not None
    assert caught.value.where.file == "pyproject.toml"
    assert caught.value.hint


def test_the_command_line_wins_over_the_file() -> None:
    options = load_options({"env": "preview", "instances": 2}, {"env": "production"}, FILE)
    assert (options.env, options.instances) == ("production", 2)


def test_tables_belong_to_others() -> None:
    assert load_options({"visitors": {"me": {"city": "Bonn"}}}, {}, FILE) == Options()


@pytest.mark.parametrize("field", dataclasses.fields(Options), ids=lambda field: field.name)
def test_every_default_is_accepted_from_the_file(field: dataclasses.Field[Any]) -> None:
    if field.default is None or not help_of(field.name).config:
        return
    value = list(field.default) if isinstance(field.default, tuple) else field.default
    options = load_options({field.name.replace("_", "-"): value}, {}, FILE)
    assert getattr(options, field.name) == field.default


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"regoin": "fra1"}, '"regoin"'),
        ({"env": "staging"}, "env"),
        ({"instances": "three"}, "instances"),
        ({"watch": "src"}, "watch"),
        ({"limits": 1}, "limits"),
        ({"open": True}, '"open"'),
    ],
)
def test_a_wrong_value_names_file_and_key(table: dict[str, Any], says: str) -> None:
    with pytest.raises(EmuError) as caught:
        load_options(table, {}, FILE)
    assert caught.value.code == "INVALID_OPTION"
    (key,) = table
    assert caught.value.where == Where("pyproject.toml", f"[tool.vercel-emu] {key}")
    assert "pyproject.toml" in caught.value.message
    assert says in caught.value.message
    assert caught.value.hint


def test_a_number_has_its_least_value_from_file_and_command_line() -> None:
    with pytest.raises(EmuError, match="--instances can't be 0"):
        load_options({"instances": 0}, {}, FILE)
    with pytest.raises(EmuError, match="--drain-limit can't be -1"):
        load_options({}, {"drain_limit": -1.0}, FILE)


def test_a_region_is_looked_up() -> None:
    assert load_options({"region": "FRA1"}, {}, FILE).region == "fra1"
    with pytest.raises(EmuError, match='There is no region "oslo"') as caught:
        load_options({"region": "oslo"}, {}, FILE)
    assert caught.value.where == Where("pyproject.toml", "[tool.vercel-emu]")


def test_a_misspelt_key_gets_a_suggestion() -> None:
    with pytest.raises(EmuError, match='Did you mean "region"'):
        load_options({"regoin": "fra1"}, {}, FILE)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (None, ("localhost", None)),
        ("8000", ("localhost", 8000)),
        ("0.0.0.0:8000", ("0.0.0.0", 8000)),
        ("[::1]:8000", ("::1", 8000)),
        (":0", ("localhost", 0)),
        ("localhost:3000", ("localhost", 3000)),
        ("0.0.0.0", ("0.0.0.0", None)),
        ("localhost", ("localhost", None)),
        ("::1", ("::1", None)),
        ("[::]", ("::", None)),
    ],
)
def test_listen(text: str | None, address: tuple[str, int | None]) -> None:
    assert parse_listen(text) == address


@pytest.mark.parametrize("text", ["", "myhost", "1:99999", "host:port", "-1", "10.0.0"])
def test_listen_refuses(text: str) -> None:
    with pytest.raises(EmuError, match="--listen"):
        parse_listen(text)

"""Every command with `--json` says in its help what it prints, down to the last key."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec
import pytest
from click.testing import CliRunner

from vercel_emu.cli import cli
from vercel_emu.runtime_cache import operations
from vercel_emu.runtime_cache.model import Scope, Stats, TagStats
from vercel_emu.visitors.visitor import Visitor


def with_json(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command that has the option."""
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        if isinstance(command, click.Group):
            yield from with_json(command, (*path, name))
        elif command and any("--json" in option.opts for option in command.params):
            yield (*path, name)


def help_text(*words: str) -> str:
    command: click.Command | None = cli
    for word in words:
        assert isinstance(command, click.Group)
        command = command.get_command(click.Context(command), word)
    assert command is not None
    return command.help or ""


def documented(*words: str) -> set[str]:
    _, _, shape = help_text(*words).partition("JSON: ")
    return set(re.findall(r'"(\w+)"', shape))


def keys(value: object) -> set[str]:
    """Every key in it, but not what is below headers and captures, whose names are the data's."""
    if isinstance(value, list):
        return {key for one in value for key in keys(one)}
    if not isinstance(value, dict):
        return set()
    below = (keys(one) for key, one in value.items() if key not in ("headers", "captures"))
    return {*value, *(key for found in below for key in found)}


@pytest.mark.parametrize("words", list(with_json(cli)), ids=" ".join)
def test_the_help_has_the_shape(words: tuple[str, ...]) -> None:
    assert "JSON: " in help_text(*words)


def fields(*types: type) -> set[str]:
    names: set[str] = set()
    for one in types:
        info = msgspec.inspect.type_info(one)
        assert isinstance(info, msgspec.inspect.StructType | msgspec.inspect.DataclassType)
        names |= {field.encode_name for field in info.fields}
    return names


@pytest.mark.parametrize(
    ("words", "types"),
    [
        ("visitor show", (Visitor,)),
        ("cache ls", (operations.Items, operations.ItemRow)),
        ("cache stats", (operations.Summary, Stats, TagStats, Scope)),
    ],
)
def test_it_is_that_of_the_values(words: str, types: tuple[type, ...]) -> None:
    assert documented(*words.split()) == fields(*types)


ROUTED = {
    "rewrites": [{"source": "/far", "destination": "https://example.com/"}],
    "redirects": [{"source": "/old", "destination": "/new"}],
    "crons": [{"path": "/job", "schedule": "0 9 * * *"}],
}


@pytest.mark.parametrize(
    "words",
    [
        *("route /old", "route /far", "route /a.txt", "route /x", "check", "limits", "cron ls"),
        "places tokyo",
    ],
)
def test_it_is_what_is_printed(words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.py").write_text("from flask import Flask\napp = Flask(__name__)\n")
    (tmp_path / "requirements.txt").write_text("flask\n")
    (tmp_path / "vercel.json").write_text(json.dumps(ROUTED))
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "a.txt").write_text("a")
    answer = CliRunner().invoke(cli, [*words.split(), "--json"])
    assert answer.exit_code == 0, answer.output
    command = words.split()[: 2 if words == "cron ls" else 1]
    assert keys(json.loads(answer.stdout)) <= documented(*command)

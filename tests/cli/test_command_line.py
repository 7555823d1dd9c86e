"""The command line as a whole: help, slips of the finger, JSON, empty lists."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from tests.project.helpers import write
from vercel_emu.cli import COMMANDS, cli
from vercel_emu.cli.option_flags import GROUPS
from vercel_emu.cli.printing import strict_json
from vercel_emu.console import json_text
from vercel_emu.errors import EmuError
from vercel_emu.options import Options


def run(*arguments: str, **settings: str) -> Result:
    return CliRunner(**settings).invoke(cli, arguments)  # type: ignore[arg-type]


# Help -----------------------------------------------------------------------------------------


def test_every_option_is_in_one_group() -> None:
    names = [name for group in GROUPS.values() for name in group]
    assert len(names) == len(set(names))
    assert set(names) <= {field.name for field in dataclasses.fields(Options)}
    assert {field.name for field in dataclasses.fields(Options)} - set(names) == set(), (
        "options that stand in no group of option_flags.py"
    )


def test_the_help_of_dev_has_groups_and_examples() -> None:
    text = run("dev", "--help").stdout
    positions = [text.index(f"{title}:\n") for title in GROUPS]
    assert positions == sorted(positions)
    assert "vercel-emu dev --cdn-cache --crons=60x" in text
    assert text.index("--listen") < text.index("Who is asking:") < text.index("--visitor WHO")
    assert "[DIRECTORY]" not in text.partition("\n")[2]


@pytest.mark.parametrize(("width", "longest"), [(120, 120), (300, 140)])
def test_help_is_as_wide_as_the_terminal(width: int, longest: int) -> None:
    command = [sys.executable, "-m", "vercel_emu", "dev", "--help"]
    environ = {**os.environ, "COLUMNS": str(width)}
    shown = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    assert longest - 20 < max(map(len, shown.stdout.splitlines())) <= longest


# What was meant -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("plya", "'play'"),
        ("visitors", "'visitor'"),
        ("rout", "'route'"),
        ("start", "'dev'"),
        ("serve", "'dev'"),
        ("app.py", "`vercel-emu dev app.py`"),
        (".", "`vercel-emu dev .`"),
    ],
)
def test_a_word_that_is_no_command(typed: str, meant: str) -> None:
    result = run(typed)
    assert result.exit_code == 2
    assert f"No such command {typed!r}. Did you mean {meant}?" in result.output


def test_a_word_that_is_like_none() -> None:
    result = run("xyzzy")
    assert (result.exit_code, "Did you mean" in result.output) == (2, False)


@pytest.mark.parametrize(
    ("files", "argument", "told"),
    [
        (["app.py"], "app.py", ["dev .", "--app app:app"]),
        (["vercel.json", "src/web/main.py"], "src/web/main.py", ["dev .", "--app src.web.main:ap"]),
        (["my app/main.py"], "my app/main.py", ["dev my app", "--app main:application"]),
        (["notes.txt"], "notes.txt", ["dev ."]),
    ],
)
def test_dev_with_a_file(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    files: list[str],
    argument: str,
    told: list[str],
) -> None:
    texts = {"vercel.json": "{}", "my app/main.py": "application = 1\n"}
    write(tmp_path, {name: texts.get(name, "app = 1\n") for name in files})
    monkeypatch.chdir(tmp_path)
    error = run("dev", argument).exception
    assert isinstance(error, EmuError)
    assert error.message == f"{argument} is a file, and a project is a folder."
    assert [one for one in told if one not in (error.hint or "")] == []


def test_dev_with_what_is_not_there() -> None:
    result = run("dev", "nowhere")
    assert (result.exit_code, "does not exist" in result.output) == (2, True)


# JSON -----------------------------------------------------------------------------------------

HARD = [
    "Zürich",
    "東京",
    "\x00\x1b[2J\x7f\x85\x9b\u2028",
    '"\\',
    "\udc80",
    [float("nan"), float("inf")],
    {"a": {"b": float("-inf")}},
]


@pytest.mark.parametrize("encoding", ["utf-8", "UTF-8", "ascii", "latin-1", "cp1252"])
@pytest.mark.parametrize("value", HARD, ids=repr)
def test_json_is_valid_in_every_encoding(value: object, encoding: str) -> None:
    text = json_text(value, encoding, indent=2)
    for character in text.replace("\n", ""):
        assert character.isprintable() or character == "\udc80", repr(character)
    written = text.encode(encoding, "vercel-emu-replace").decode(encoding)
    again = strict_json(written)
    if isinstance(value, str):
        assert again == value


def test_a_latin_terminal_gets_valid_json(monkeypatch: pytest.MonkeyPatch) -> None:
    result = CliRunner(charset="latin-1").invoke(cli, ["places", "zürich", "--json"])
    assert json.loads(result.stdout_bytes.decode("latin-1"))[0]["city"] == "Zürich"
    assert result.stdout_bytes.isascii()


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", '{"a": -Infinity}'])
def test_what_is_no_json_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="no JSON"):
        strict_json(text)


# Empty lists ----------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [("cron", "ls"), ("visitor", "list")], ids=" ".join)
def test_an_empty_list_is_no_failure(tmp_path: Path, words: tuple[str, ...]) -> None:
    result = run(*words, "--project", str(tmp_path))
    assert (result.exit_code, result.stdout) == (0, "")
    assert "There are no" in result.stderr
    asked = run(*words, "--project", str(tmp_path), "--json")
    assert asked.exit_code == 0
    assert json.loads(asked.stdout) in ([], {"crons": []})


@pytest.mark.parametrize("words", [("zzqqx",), ("tokyo", "--country", "US")], ids=" ".join)
def test_a_search_that_finds_nothing_is_one_in_both_formats(words: tuple[str, ...]) -> None:
    assert isinstance(run("places", *words).exception, EmuError)
    result = run("places", *words, "--json")
    assert (result.exit_code, json.loads(result.stdout)) == (1, [])


# Control characters ---------------------------------------------------------------------------


def test_control_characters_of_a_project_are_visible(tmp_path: Path) -> None:
    rules = {"redirects": [{"source": "/a\x1b]2;x\x07", "destination": "/b\x1b[2J"}]}
    write(tmp_path, {"vercel.json": json.dumps(rules), "app.py": "app = 1", ".env": "A=1\n"})
    for words in (["route", "/a", str(tmp_path)], ["check", str(tmp_path)]):
        output = run(*words).output
        assert "\x1b]" not in output
        assert "\x1b[2J" not in output


def test_every_command_can_be_had() -> None:
    for name in COMMANDS:
        assert isinstance(cli.get_command(click.Context(cli), name), click.Command)

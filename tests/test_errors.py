"""Errors and warnings as values: where, code, and the way through JSON and back."""

from __future__ import annotations

import ast
import json
import tomllib

import msgspec
import pytest

from tests.checkout import PACKAGE
from vercel_emu.errors import EmuError, ProjectWarning, Where, refusal, toml_line
from vercel_emu.events import Notice, notice_of

RULE = Where("vercel.json", "rewrites[0].source")
OF_THE_FILE = ("project/vercel_json", "project/link.py", "project/pyproject.py", "deployment")


def test_a_place_is_shown_as_an_editor_takes_it() -> None:
    assert str(Where("app.py", line=3)) == "app.py:3"
    assert str(RULE) == "vercel.json"


def test_an_error_reads_the_same_with_a_place() -> None:
    plain = EmuError("CODE", "What is wrong.", "What to do.")
    assert str(plain) == str(EmuError("CODE", "What is wrong.", "What to do.", where=RULE))
    assert str(plain) == "CODE: What is wrong.\nWhat to do."


def test_a_place_is_added_where_there_is_none() -> None:
    error = EmuError("CODE", "Wrong.", "Do.")
    placed = error.at(RULE)
    assert (error.where, placed.where) == (None, RULE)
    assert (placed.code, placed.message, placed.hint) == ("CODE", "Wrong.", "Do.")
    assert placed.at(Where("other")).where == RULE


@pytest.mark.parametrize("where", [None, RULE, Where(".env", line=2)])
def test_an_error_comes_back_from_json(where: Where | None) -> None:
    error = EmuError("CODE", "Größe?", None, where=where)
    told = json.loads(json.dumps(error.as_dict()))
    assert told.keys() == {"code", "message", "hint", "where"}
    assert EmuError.from_dict(told).as_dict() == error.as_dict()
    assert EmuError.from_dict(told).where == where


def test_an_older_emulator_tells_no_place() -> None:
    error = EmuError.from_dict({"code": "CODE", "message": "Wrong."})
    assert (error.code, error.hint, error.where) == ("CODE", None, None)


@pytest.mark.parametrize(
    "told",
    [
        EmuError("CODE", "Wrong.", "Do.", where=RULE),
        ProjectWarning("CODE", "Wrong.", "Do.", RULE),
    ],
)
def test_both_become_the_same_notice(told: EmuError | ProjectWarning) -> None:
    notice = notice_of(told, "warn")
    assert notice == Notice(level="warn", message="Wrong.", hint="Do.", code="CODE", where=RULE)
    logged = msgspec.to_builtins(notice)["where"]
    assert logged == {"file": "vercel.json", "key": "rewrites[0].source", "line": None}


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    number: int = 0
    table: dict[str, int] = {}


class Outer(msgspec.Struct):
    items: list[Inner] = []


@pytest.mark.parametrize(
    ("data", "path", "unknown"),
    [
        (5, "", None),
        ({"items": 5}, "items", None),
        ({"items": [{"number": "x"}]}, "items[0].number", None),
        ({"items": [{"table": {"a": "x"}}]}, "items[0].table[...]", None),
        ({"items": [{"table": {1: 2}}]}, "items[0].table", None),
        ({"items": [{}, {"nummer": 1}]}, "items[1]", "nummer"),
    ],
)
def test_the_parts_of_a_validation_error(data: object, path: str, unknown: str | None) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(data, Outer)
    reason, found, key = refusal(caught.value)
    assert (found, key) == (path, unknown)
    assert reason
    assert " - at " not in reason


@pytest.mark.parametrize(("text", "line"), [("a = 1\nb 2", 2), ("a =", None)])
def test_the_line_where_toml_breaks(text: str, line: int | None) -> None:
    with pytest.raises(tomllib.TOMLDecodeError) as caught:
        tomllib.loads(text)
    assert toml_line(caught.value) == line


@pytest.mark.parametrize("room", OF_THE_FILE)
def test_every_error_about_a_file_says_where(room: str) -> None:
    path = PACKAGE / room
    made = [
        (file.name, node.lineno, {keyword.arg for keyword in node.keywords})
        for file in ([path] if path.is_file() else sorted(path.rglob("*.py")))
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("EmuError", "ProjectWarning")
    ]
    assert made
    assert [one for one in made if "where" not in one[2]] == []


def test_only_one_module_reads_a_validation_errors_text() -> None:
    readers = [
        file.relative_to(PACKAGE).as_posix()
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.startswith(" - at ")
    ]
    assert readers == ["errors.py"]

"""The JSON schemas of docs/schema/ allow what the readers of the files allow, and explain it."""

from __future__ import annotations

import ast
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from tests.checkout import ROOT, TEMPLATES, code_blocks
from vercel_emu.errors import EmuError
from vercel_emu.options import Options, help_of, load_options
from vercel_emu.scenarios.scenario import read_scenario
from vercel_emu.visitors.named import KEYS, parse_named

SCHEMAS = ROOT / "docs" / "schema"
SCENARIO = json.loads((SCHEMAS / "scenario.json").read_text())
PYPROJECT = json.loads((SCHEMAS / "pyproject.json").read_text())
OPTIONS = PYPROJECT["properties"]["tool"]["properties"]["vercel-emu"]


def allows(schema: dict[str, Any], value: object) -> bool:
    return bool(Draft7Validator(schema).is_valid(value))


def is_scenario(source: str) -> bool:
    try:
        read_scenario(source, "x.toml")
    except EmuError:
        return False
    return True


# Scenarios ------------------------------------------------------------------------------------


def texts() -> Iterator[str]:
    """Every text in the templates, the docs and the tests that may be a scenario."""
    for file in TEMPLATES.glob("*/scenario.toml"):
        yield file.read_text()
    for file in (ROOT / "docs").glob("*.md"):
        yield from code_blocks(file, "toml")
    for file in (ROOT / "tests").rglob("*.py"):
        source = file.read_text()
        if "steps" in source:
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def test_every_scenario_around_is_allowed() -> None:
    found = [text for text in texts() if "steps" in text and is_scenario(text)]
    assert len(found) > 10
    assert [text for text in found if not allows(SCENARIO, tomllib.loads(text))] == []


RIGHT = r"""
steps = [{ path = "/" }]
steps = [{ path = "/", as = "Tokyo" }, { path = "/", as = ["Tokyo", "none"], pause = 0.5 }]
steps = [{ path = "/", json = { a = [1, "b"] }, method = "PUT", headers = { x-a = "1" } }]
steps = [{ path = "/", json = 1, rate = 0.1, repeat = 1_000_000, at-once = 1000 }]
steps = [{ path = "/", expect = { status = 599, cache = "HIT", under-ms = 0.5, text = ["a"] } }]
steps = [{ path = "/", expect = { headers = { a = "b", c = { matches = "^d" } }, text = "a" } }]
steps = [{ path = "/", expect = { json = [{ path = "a", equals = 1, exists = true }] } }]
steps = [{ path = "/", expect = { cache-key = "a", cache-tag = "b" } }]
visitors.a = { place = "Berlin", postal-code = 1, latitude = 1 } \n steps = [{ path = "/" }]
seed = -1 \n places.a = { Tokyo = 0.1, Paris = 2 } \n steps = [{ path = "/", draw = "a" }]
"""
WRONG = r"""
name = "no steps"
steps = []
steps = [{ path = "no slash" }]
steps = [{ }]
steps = [{ path = "/", nobody = "knows this" }]
steps = [{ path = "/", at_once = 2 }]
steps = [{ path = "/", method = "BREW" }]
steps = [{ path = "/", repeat = 0 }]
steps = [{ path = "/", repeat = "2" }]
steps = [{ path = "/", rate = 0 }]
steps = [{ path = "/", at-once = 1001 }]
steps = [{ path = "/", pause = -1 }]
steps = [{ path = "/", expect = { status = 99 } }]
steps = [{ path = "/", expect = { status = "200" } }]
steps = [{ path = "/", expect = { cache = "hit" } }]
steps = [{ path = "/", expect = { statu = 200 } }]
steps = [{ path = "/", expect = { headers = { a = { match = "b" } } } }]
steps = [{ path = "/", expect = { json = [{ equals = 1 }] } }]
steps = [{ path = "/", expect = { json = [{ path = "a", equal = 1 }] } }]
places.a = { Tokyo = 0 } \n steps = [{ path = "/" }]
places.a = 1 \n steps = [{ path = "/" }]
visitors.a = { plaze = "Berlin" } \n steps = [{ path = "/" }]
visitors.a = { latitude = "52" } \n steps = [{ path = "/" }]
visitors.a = "Berlin" \n steps = [{ path = "/" }]
"""


def rows(text: str) -> list[str]:
    return [line.replace("\\n", "\n") for line in text.strip().splitlines()]


@pytest.mark.parametrize("source", rows(RIGHT))
def test_what_a_scenario_may_say(source: str) -> None:
    assert is_scenario(source)
    assert allows(SCENARIO, tomllib.loads(source))


@pytest.mark.parametrize("source", rows(WRONG))
def test_what_a_scenario_may_not_say(source: str) -> None:
    assert not is_scenario(source)
    assert not allows(SCENARIO, tomllib.loads(source))


# [tool.vercel-emu] ----------------------------------------------------------------------------

VALUES: tuple[object, ...] = (
    True,
    False,
    *(0, 1, 3, -1, 65536, 0.5, 1.5, -0.5),
    *("file", "json", "preview", "fra1", "60x", "app:app", ""),
    *(["a"], ["a", "b"], [], [1], [True]),
)


def loads(table: dict[str, Any]) -> bool:
    try:
        load_options(table, {}, Path("pyproject.toml"))
    except EmuError:
        return False
    return True


@pytest.mark.parametrize("name", Options.__dataclass_fields__)
def test_an_option_takes_the_same_values(name: str) -> None:
    key = name.replace("_", "-")
    differ = [
        value
        for value in VALUES
        if loads({key: value}) != allows(OPTIONS, {key: value})
        # What a text may say is more than a schema tells.
        and not (allows(OPTIONS, {key: "any text"}) and allows(OPTIONS, {key: value}))
    ]
    assert differ == []
    assert (key in OPTIONS["properties"]) == help_of(name).config


def test_no_other_keys() -> None:
    assert not allows(OPTIONS, {"no-such-option": True})
    assert OPTIONS["properties"].keys() - {"visitors"} <= {
        name.replace("_", "-") for name in Options.__dataclass_fields__
    }


@pytest.mark.parametrize("key", [*KEYS, "no-such-key"])
def test_a_visitor_takes_the_same_values(key: str) -> None:
    def reads(value: object) -> bool:
        try:
            parse_named("office", {key: value})
        except EmuError:
            return False
        return True

    values = [*VALUES, {"x-plan": "pro"}, {"x-plan": 1}]
    tables: list[dict[str, Any]] = [{"visitors": {"office": {key: value}}} for value in values]
    assert [reads(value) for value in values] == [allows(OPTIONS, table) for table in tables]


# Both -----------------------------------------------------------------------------------------


def keys_of(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every key that may be written, with its schema."""
    for name, inner in schema.get("properties", {}).items():
        yield name, inner
        yield from keys_of(inner)
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            yield from keys_of(schema[name])
    for choice in schema.get("anyOf", []):
        yield from keys_of(choice)


@pytest.mark.parametrize("schema", [SCENARIO, OPTIONS], ids=["scenario", "options"])
def test_every_key_is_explained(schema: dict[str, Any]) -> None:
    found = list(keys_of(schema))
    assert len(found) > 30
    assert [name for name, inner in found if not inner.get("description")] == []


@pytest.mark.parametrize("schema", [SCENARIO, PYPROJECT], ids=["scenario", "pyproject"])
def test_they_are_schemas_of_the_draft_that_they_name(schema: dict[str, Any]) -> None:
    assert schema["$schema"] == Draft7Validator.META_SCHEMA["$schema"]
    Draft7Validator.check_schema(schema)

"""The first thing in a vercel.json that the platform would refuse.

The messages are the platform's, word for word, because people search for them; the hint adds what
they leave out (the allowed keys, what the value is). The order is the platform's as well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from vercel_emu.project.vercel_json.schema import SCHEMA, Schema


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing wrong: `path` (`rewrites[0]`), the platform's message and our hint."""

    path: str
    message: str
    hint: str | None = None


LEFT_OUT: Final = object()
"""Stands in a list for an item that counts for nothing: the others keep their numbers."""

_TYPOS = {
    "rewrites": {"src": "source", "dest": "destination"},
    "redirects": {"src": "source", "dest": "destination", "status": "statusCode"},
    "headers": {"src": "source", "header": "headers"},
    "routes": {"header": "headers", "method": "methods"},
}
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "integer": (int,),
    "number": (int, float),
}


def find_fault(data: object) -> Fault | None:
    """The first thing in a parsed vercel.json that the platform would refuse."""
    return _check(data, SCHEMA, "")


def closest(name: str, names: Mapping[str, Any] | tuple[str, ...]) -> str | None:
    """The name that was probably meant."""
    found = get_close_matches(name, names, n=1, cutoff=0.7)
    return found[0] if found else None


def _check(value: Any, schema: Schema, path: str) -> Fault | None:
    if value is None and schema.get("nullable"):
        return None
    if "anyOf" in schema:
        return _check_any(value, schema["anyOf"], path)
    if "enum" in schema and value not in schema["enum"]:
        allowed = ", ".join(map(str, schema["enum"]))
        message = "should be equal to one of the allowed values"
        return Fault(path, message, f"Allowed here: {allowed}; it is {value!r}.")
    kind = schema.get("type")
    if kind is not None and not _is_type(value, kind):
        return Fault(path, f"should be {kind}", f"It is {_shown(value)}.")
    match value:
        case dict():
            return _check_object(value, schema, path)
        case list():
            return _check_array(value, schema, path)
        case str():
            return _check_text(value, schema, path)
        case _:
            return _check_number(value, schema, path)


def _check_any(value: Any, options: list[Schema], path: str) -> Fault | None:
    """The platform names the fault of the first option; we name that of the one that is meant."""
    faults = [_check(value, option, path) for option in options]
    if None in faults:
        return None
    meant = (f for f, option in zip(faults, options, strict=True) if _is_meant(value, option))
    return next(meant, faults[0])


def _is_meant(value: Any, option: Schema) -> bool:
    if not _is_type(value, option.get("type", "object")):
        return False
    kind = option.get("properties", {}).get("type", {}) if isinstance(value, dict) else {}
    return "enum" not in kind or value.get("type") in kind["enum"]


def _check_object(value: dict[str, Any], schema: Schema, path: str) -> Fault | None:
    if len(value) < schema.get("minProperties", 0):
        return Fault(path, "should NOT have fewer than 1 properties")
    if len(value) > schema.get("maxProperties", len(value)):
        return Fault(path, f"should NOT have more than {schema['maxProperties']} properties")
    if "values" in schema:
        return _check_values(value, schema["values"], path)
    if "properties" not in schema:
        return None
    properties = schema["properties"]
    if not schema.get("open"):
        for key in value:
            if key not in properties:
                return _unexpected(key, properties, path)
    for key, inner in properties.items():
        if key in value:
            fault = _check(value[key], inner, f"{path}.{key}")
            if fault is not None:
                return fault
        elif key in schema["required"]:
            has = ", ".join(value) or "nothing"
            return Fault(path, f"missing required property `{key}`", f"It has {has}.")
    return None


def _check_values(value: dict[str, Any], schema: Schema, path: str) -> Fault | None:
    for key, item in value.items():
        fault = _check(
            item, schema, f"{path}['{key}']" if schema.get("quoted") else f"{path}.{key}"
        )
        if fault is not None:
            return fault
    return None


def _unexpected(key: str, properties: Mapping[str, Any], path: str) -> Fault:
    section = path[1:].partition("[")[0]
    # `status` is no typo of `source`: the platform's own list comes first.
    suggestion = _TYPOS.get(section, {}).get(key) or closest(key, tuple(properties))
    advice = f"Did you mean `{suggestion}`?" if suggestion else "Please remove it."
    return Fault(
        path,
        f"should NOT have additional property `{key}`. {advice}",
        "Allowed here: " + ", ".join(properties) + ".",
    )


def _check_array(value: list[Any], schema: Schema, path: str) -> Fault | None:
    if len(value) > schema.get("maxItems", len(value)):
        return Fault(
            path, f"should NOT have more than {schema['maxItems']} items", f"It has {len(value)}."
        )
    if len(value) < schema.get("minItems", 0):
        return Fault(path, f"should NOT have fewer than {schema['minItems']} items")
    items = schema.get("items", {})
    for index, item in enumerate(value):
        if item is LEFT_OUT:
            continue
        fault = _check(item, items, f"{path}[{index}]")
        if fault is not None:
            return fault
    return None


def _check_text(value: str, schema: Schema, path: str) -> Fault | None:
    if len(value) > schema.get("maxLength", len(value)):
        message = f"should NOT be longer than {schema['maxLength']} characters"
        return Fault(path, message, f"It has {len(value)}.")
    if len(value) < schema.get("minLength", 0):
        message = f"should NOT be shorter than {schema['minLength']} characters"
        return Fault(path, message, f"It is {_shown(value)}.")
    if "pattern" in schema and not re.search(schema["pattern"], value):
        return Fault(path, f'should match pattern "{schema["pattern"]}"', f"It is {_shown(value)}.")
    return None


def _check_number(value: Any, schema: Schema, path: str) -> Fault | None:
    if "minimum" in schema and value < schema["minimum"]:
        return Fault(path, f"should be >= {schema['minimum']}", f"It is {_shown(value)}.")
    if "maximum" in schema and value > schema["maximum"]:
        return Fault(path, f"should be <= {schema['maximum']}", f"It is {_shown(value)}.")
    return None


def _is_type(value: object, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _TYPES[kind])


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."

"""Values that one step keeps for later ones: `keep = { slug = "$.slug" }`, then `{slug}`.

Each visitor keeps values of its own, and uses the last ones that anybody kept where it has none.
Plain functions and one small store; nothing here sends anything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

import msgspec

from vercel_emu.scenarios.expectations import Failure, shown
from vercel_emu.scenarios.json_path import look_up, parse_path
from vercel_emu.scenarios.scenario import PLACEHOLDER, Expectation, Step
from vercel_emu.transport.client import Response

type Values = Mapping[str, Any]
"""What was kept, by name: texts, numbers, true and false."""


class Kept:
    """What the steps so far have kept."""

    def __init__(self) -> None:
        self._own: dict[str, dict[str, Any]] = {}
        self._last: dict[str, Any] = {}

    def add(self, visitor: str, values: Values) -> None:
        """Keep what a response to this visitor held."""
        self._own.setdefault(visitor, {}).update(values)
        self._last.update(values)

    def of(self, visitor: str) -> Values:
        """What a request of this visitor may use."""
        return {**self._last, **self._own.get(visitor, {})}


def taken(step: Step, answer: Response) -> tuple[Values, tuple[Failure, ...]]:
    """What `keep` finds in an answer, and what it does not find."""
    if not step.keep:
        return {}, ()
    try:
        document = json.loads(answer.body)
    except ValueError:
        came = shown(answer.body.decode("utf-8", "replace"))
        return {}, tuple(Failure(f"keep {name}", "a JSON body", came) for name in step.keep)
    values: dict[str, Any] = {}
    failures: list[Failure] = []
    for name, path in step.keep.items():
        found = look_up(document, parse_path(path))
        if isinstance(found, str | int | float):
            values[name] = found
        else:
            wanted = f"a text, a number, true or false at {path}"
            failures.append(Failure(f"keep {name}", wanted, shown(found)))
    return values, tuple(failures)


def not_kept(used: Iterable[str], values: Values) -> tuple[Failure, ...]:
    """Why a request can't be sent: nothing was kept under a name that it uses."""
    return tuple(
        Failure(f"{{{name}}}", "a value that an earlier step kept", "nothing was kept")
        for name in sorted(used)
        if name not in values
    )


def filled_step(step: Step, values: Values) -> Step:
    """The step with every `{name}` of `values` replaced."""
    expect = _filled(msgspec.to_builtins(step.expect), values)
    return msgspec.structs.replace(
        step,
        path=_replaced(step.path, {name: quote(_text(one), "") for name, one in values.items()}),
        headers={name: _one_line(_replaced(one, values)) for name, one in step.headers.items()},
        body=None if step.body is None else _replaced(step.body, values),
        json=_filled(step.json, values),
        expect=msgspec.convert(expect, Expectation),
    )


def _filled(value: Any, values: Values) -> Any:
    """A text that is nothing but `{name}` becomes the value itself, a number for example."""
    if isinstance(value, list | tuple):
        return [_filled(inner, values) for inner in value]
    if isinstance(value, dict):
        return {key: _filled(inner, values) for key, inner in value.items()}
    if not isinstance(value, str):
        return value
    whole = PLACEHOLDER.fullmatch(value)
    return values[whole[1]] if whole and whole[1] in values else _replaced(value, values)


def _replaced(text: str, values: Values) -> str:
    return PLACEHOLDER.sub(lambda one: _text(values.get(one[1], one[0])), text)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _one_line(text: str) -> str:
    """A header can't have line breaks."""
    return re.sub(r"[\r\n\0]+", " ", text)

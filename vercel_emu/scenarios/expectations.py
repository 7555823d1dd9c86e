"""Does a response meet what a scenario expects of it? Plain functions from values to failures."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from typing import Any

import msgspec

from vercel_emu.platform import header_names as names
from vercel_emu.scenarios.json_path import MISSING, look_up, parse_path
from vercel_emu.scenarios.scenario import (
    Expectation,
    JsonExpectation,
    Pattern,
    PlannedRequest,
)
from vercel_emu.transport.client import Response
from vercel_emu.visitors.visitor import Visitor

_PLACEHOLDER = re.compile(r"\{visitor\.(" + "|".join(f.name for f in fields(Visitor)) + r")\}")
LONGEST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class CacheView:
    """What the runtime cache held after the request."""

    holds_key: Callable[[str], bool]
    holds_tag: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Failure:
    """One expectation that was not met: `what` of the response, `expected`, and what `came`."""

    what: str
    expected: str
    came: str


def check(
    expect: Expectation, answer: Response, visitor: Visitor, cache: CacheView | None = None
) -> tuple[Failure, ...]:
    """Every way in which the answer is not what was expected of it; empty is good."""
    return tuple(_failures(expect, answer, visitor, cache))


def _failures(
    expect: Expectation, answer: Response, visitor: Visitor, cache: CacheView | None
) -> Iterator[Failure]:
    if expect.status is not None and answer.status != expect.status:
        yield Failure("status", str(expect.status), str(answer.status))
    for name, wanted in expect.headers.items():
        yield from _header(name.lower(), wanted, answer, visitor)
    if expect.cache is not None:
        yield from _header(names.VERCEL_CACHE, expect.cache, answer, visitor)
    texts = (expect.text,) if isinstance(expect.text, str) else expect.text
    body = answer.body.decode("utf-8", "replace")
    for text in texts:
        if str(filled(text, visitor)) not in body:
            yield Failure("text", f"contains {shown(filled(text, visitor))}", shown(body))
    if expect.json:
        yield from _json(expect.json, body, visitor)
    if expect.under_ms is not None and answer.duration_ms >= expect.under_ms:
        yield Failure("time", f"under {expect.under_ms:g} ms", f"{answer.duration_ms:.1f} ms")
    yield from _cache(expect, visitor, cache)


def _header(
    name: str, wanted: str | Pattern, answer: Response, visitor: Visitor
) -> Iterator[Failure]:
    came = answer.headers.get(name)
    if isinstance(wanted, Pattern):
        if came is None or not re.search(wanted.matches, came):
            yield Failure(f"header {name}", f"matches {wanted.matches}", _shown_header(came))
    elif came != (expected := str(filled(wanted, visitor))):
        yield Failure(f"header {name}", shown(expected), _shown_header(came))


def _json(expected: tuple[JsonExpectation, ...], body: str, visitor: Visitor) -> Iterator[Failure]:
    try:
        document = json.loads(body)
    except ValueError:
        yield Failure("json", "a JSON body", shown(body))
        return
    for entry in expected:
        yield from _json_entry(entry, look_up(document, parse_path(entry.path)), visitor)


def _json_entry(entry: JsonExpectation, came: Any, visitor: Visitor) -> Iterator[Failure]:
    what = f"json {entry.path}"
    if entry.exists is not None and (came is not MISSING) != entry.exists:
        yield Failure(what, "something" if entry.exists else "nothing", shown(came))
    if entry.equals is not msgspec.UNSET:
        wanted = filled(entry.equals, visitor)
        if not _same(came, wanted):
            yield Failure(what, shown(wanted), shown(came))
    if entry.matches is not None:
        text = came if isinstance(came, str) else shown(came)
        if came is MISSING or not re.search(entry.matches, text):
            yield Failure(what, f"matches {entry.matches}", shown(came))


def _same(one: Any, other: Any) -> bool:
    """Equal as JSON: `1` and `1.0` are, `1` and `true` are not."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return bool(one == other)


def _cache(expect: Expectation, visitor: Visitor, cache: CacheView | None) -> Iterator[Failure]:
    for kind, wanted in (("key", expect.cache_key), ("tag", expect.cache_tag)):
        if wanted is None:
            continue
        name = str(filled(wanted, visitor))
        if cache is None:
            yield Failure(f"cache {kind}", f"holds {name}", "the runtime cache can't be seen")
        elif not (cache.holds_key if kind == "key" else cache.holds_tag)(name):
            yield Failure(f"cache {kind}", f"holds {name}", "it is not there")


def filled(value: Any, visitor: Visitor) -> Any:
    """`{visitor.city}` replaced; a value that is nothing else becomes the field itself (or null).

    Coordinates are as the platform prints them, with four decimals.
    """
    if isinstance(value, list):
        return [filled(inner, visitor) for inner in value]
    if isinstance(value, dict):
        return {key: filled(inner, visitor) for key, inner in value.items()}
    if not isinstance(value, str):
        return value
    if whole := _PLACEHOLDER.fullmatch(value):
        return _field(visitor, whole[1])
    return _PLACEHOLDER.sub(lambda match: str(_field(visitor, match[1]) or ""), value)


def _field(visitor: Visitor, name: str) -> str | None:
    value = getattr(visitor, name)
    if isinstance(value, float):
        return f"{value:.4f}"
    return None if value is None else str(value)


def _shown_header(value: str | None) -> str:
    return "no such header" if value is None else shown(value)


def shown(value: Any) -> str:
    """A value in a line of a report: as JSON, not longer than a line should be."""
    text = repr(value) if value is MISSING else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


def curl_command(request: PlannedRequest, base_url: str, headers: Iterable[tuple[str, str]]) -> str:
    """The request as a command line that repeats it; `headers` are all of it."""
    parts = ["curl", "-i"]
    if request.method == "HEAD":
        parts = ["curl", "-I"]
    elif request.method != "GET":
        parts += ["-X", request.method]
    for name, value in headers:
        # curl leaves a header away that has no value, unless it is written like this.
        parts += ["-H", f"{name}: {value}" if value else f"{name};"]
    if request.body is not None:
        parts += ["--data-raw", request.body.decode("utf-8", "replace")]
    return shlex.join([*parts, base_url.rstrip("/") + request.path])

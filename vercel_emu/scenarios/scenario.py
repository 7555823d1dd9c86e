"""A scenario file: who comes from where, what they request, and what they should see.

Read once into frozen values that check themselves; `plan` turns them into requests, always the same
ones for the same seed. Nothing here sends anything.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from vercel_emu.errors import EmuError, Where, refusal, toml_line
from vercel_emu.files.parsing import parse_toml
from vercel_emu.scenarios.json_path import parse_path
from vercel_emu.scenarios.toml_lines import Key, line_of
from vercel_emu.visitors.named import NamedVisitor

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
Seconds = Annotated[float, Meta(ge=0, le=3600)]
Count = Annotated[int, Meta(ge=1, le=1_000_000)]
Weight = Annotated[float, Meta(gt=0)]
Path = Annotated[str, Meta(pattern="^/")]

DEFAULT_VISITOR = "New York"
PLACEHOLDER = re.compile(r"\{([A-Za-z][\w-]*)\}", re.ASCII)
"""`{slug}`, where a step has kept a value of that name."""


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """A table of the file: unknown keys are errors, `under_ms` is written `under-ms`."""


class Pattern(_Table, frozen=True):
    """`{ matches = "REGEX" }` where a plain string would have to be equal."""

    matches: str
    """A regular expression as Python's `re` has it; it may match anywhere."""


class JsonExpectation(_Table, frozen=True):
    """About one place in a JSON body: `{ path = "$.city", equals = "{visitor.city}" }`."""

    path: str
    """Where to look: `$.geo.city`, `items[0].id` or `$['a b']`."""
    equals: Any = msgspec.UNSET
    """The value that must be there."""
    matches: str | None = None
    """A regular expression that must match the value."""
    exists: bool | None = None
    """Whether there must be anything at all."""


class Expectation(_Table, frozen=True):
    """What a response must be; what is left out is not looked at."""

    status: Annotated[int, Meta(ge=100, le=599)] | None = None
    """The status."""
    headers: dict[str, str | Pattern] = {}
    """Response headers, each the whole value or a pattern."""
    json: tuple[JsonExpectation, ...] = ()
    """What must be at places of a JSON body."""
    text: str | tuple[str, ...] = ()
    """A text (or several) that the body contains."""
    cache: Literal["HIT", "MISS", "STALE", "PRERENDER", "REVALIDATED", "BYPASS"] | None = None
    """`x-vercel-cache`."""
    under_ms: Annotated[float, Meta(gt=0)] | None = None
    """Answered in less than this."""
    cache_key: str | None = None
    """A key that the runtime cache holds once the invocation and its `wait_until` work are over:
    the key your code uses, with a namespace `NAMESPACE$key`."""
    cache_tag: str | None = None
    """A tag that any item of the runtime cache has by then."""


class Step(_Table, frozen=True):
    """One kind of request, sent `repeat` times by each visitor of `as`, or by drawn ones."""

    path: Path
    """Path and query."""
    name: str = ""
    """For reports."""
    who: str | tuple[str, ...] = msgspec.field(name="as", default=())
    """A visitor or a list of them; each sends the request. Default: the file's `visitor`."""
    draw: str | None = None
    """Instead of `as`: draw visitors from `[places.NAME]`."""
    method: Method = "GET"
    """The method."""
    headers: dict[str, str] = {}
    """Request headers."""
    body: str | None = None
    """The body, as it is."""
    json: Any = msgspec.UNSET
    """Instead of `body`: a value, sent as JSON with its content type."""
    repeat: Count = 1
    """How often each visitor of `as` asks; with `draw`, how many are drawn."""
    rate: Annotated[float, Meta(gt=0)] | None = None
    """At most so many requests a second."""
    pause: Seconds = 0
    """Seconds to wait after the step."""
    at_once: Annotated[int, Meta(ge=1, le=1000)] = 1
    """So many requests at the same time (1: one after the other)."""
    expect: Expectation = Expectation()
    """What each response must be."""
    keep: dict[str, str] = {}
    """Values of the JSON response for later steps, by name: `{ slug = "$.slug" }`. Write
    `{slug}` in their `path`, `headers`, `body`, `json` and `expect`."""


class Scenario(_Table, frozen=True):
    """The whole file."""

    steps: Annotated[tuple[Step, ...], Meta(min_length=1)]
    """What is asked, in this order."""
    name: str = ""
    """For reports."""
    seed: int = 0
    """The same seed draws the same visitors."""
    visitor: str = ""
    """Who asks where a step says nobody. Default: the project's `visitor`, else New York."""
    visitors: dict[str, NamedVisitor] = {}
    """`[visitors.NAME]`: visitors of the file's own."""
    places: dict[str, dict[str, Weight]] = {}
    """`[places.NAME]`: a list to draw from, each place with its weight."""


class PlannedRequest(msgspec.Struct, frozen=True):
    """One request to send. `due` is seconds after the step's start, None as soon as possible."""

    step: int
    number: int
    visitor: str
    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None
    due: float | None


def read_scenario(source: str, file: str) -> Scenario:
    """Parse and check; an `EmuError` names file, line, key and what is allowed."""
    try:
        table = parse_toml(source)
    except ValueError as error:
        message = f"{file}: not valid TOML: {error}."
        where = Where(file, line=toml_line(error))
        raise EmuError("INVALID_SCENARIO", message, where=where) from None
    at: tuple[Key, ...] = ()
    try:
        for at, value, kind in _own_names(table):  # noqa: B007
            msgspec.convert(value, kind)
        at = ()
        scenario = msgspec.convert(table, Scenario)
    except msgspec.ValidationError as error:
        raise _validation_error(error, source, file, at) from None
    for path, problem, hint in _problems(scenario):
        raise _invalid(_where(source, file, path), problem, hint)
    return scenario


def _own_names(table: dict[str, Any]) -> Iterator[tuple[tuple[Key, ...], Any, Any]]:
    """The entries whose keys a person made up: msgspec's errors don't say which of them it was."""
    for name, visitor in _items(table.get("visitors")):
        yield ("visitors", name), visitor, NamedVisitor
    for name, weights in _items(table.get("places")):
        for place, weight in _items(weights):
            yield ("places", name, place), weight, Weight


def _items(table: object) -> Iterable[tuple[str, Any]]:
    return table.items() if isinstance(table, dict) else ()


def plan(scenario: Scenario) -> Iterator[PlannedRequest]:
    """Every request of the scenario, step by step."""
    for index, step in enumerate(scenario.steps):
        body, headers = body_of(step), headers_of(step)
        for number, visitor in enumerate(_visitors(scenario, index)):
            yield PlannedRequest(
                step=index,
                number=number,
                visitor=visitor,
                method=step.method,
                path=step.path,
                headers=headers,
                body=body,
                due=number / step.rate if step.rate else None,
            )


def _visitors(scenario: Scenario, index: int) -> Iterator[str]:
    step = scenario.steps[index]
    if step.draw is not None:
        weights = scenario.places[step.draw]
        # A generator of its own: changing one step does not change who the others are.
        dice = random.Random(f"{scenario.seed}:{index}")
        yield from dice.choices(list(weights), list(weights.values()), k=step.repeat)
        return
    who = (step.who,) if isinstance(step.who, str) else step.who
    for _ in range(step.repeat):
        yield from who or (scenario.visitor or DEFAULT_VISITOR,)


def requests_of(scenario: Scenario) -> int:
    """How many requests the plan has."""
    return sum(
        step.repeat * (len(step.who) if isinstance(step.who, tuple) and step.who else 1)
        for step in scenario.steps
    )


def headers_of(step: Step) -> tuple[tuple[str, str], ...]:
    """The headers of its requests, that of a JSON body included."""
    headers = tuple(step.headers.items())
    if step.json is msgspec.UNSET or "content-type" in map(str.lower, step.headers):
        return headers
    return (*headers, ("content-type", "application/json"))


def body_of(step: Step) -> bytes | None:
    """The body of its requests."""
    if step.json is not msgspec.UNSET:
        return msgspec.json.encode(step.json)
    return None if step.body is None else step.body.encode()


def _problems(scenario: Scenario) -> Iterator[tuple[tuple[Key, ...], str, str]]:
    """What types alone can't say: (path, what is wrong, what to do)."""
    for name, weights in scenario.places.items():
        if not weights:
            yield ("places", name), f"places.{name} is empty", 'Write for example: "Tokyo" = 3'
    for index, step in enumerate(scenario.steps):
        at: tuple[Key, ...] = ("steps", index)
        if step.draw is not None and step.draw not in scenario.places:
            known = ", ".join(scenario.places) or "none yet"
            yield (*at, "draw"), f'draw = "{step.draw}" names no list', f"[places.*]: {known}."
        if step.draw is not None and step.who:
            yield (*at, "as"), "as and draw exclude each other", "Keep one of them."
        if step.body is not None and step.json is not msgspec.UNSET:
            yield (*at, "json"), "body and json exclude each other", "Keep one of them."
        yield from _expectation_problems(step.expect, (*at, "expect"))
        yield from _keep_problems(step, at)
    yield from _use_problems(scenario)


def _keep_problems(step: Step, at: tuple[Key, ...]) -> Iterator[tuple[tuple[Key, ...], str, str]]:
    for name, path in step.keep.items():
        where = (*at, "keep", name)
        if not PLACEHOLDER.fullmatch(f"{{{name}}}"):
            hint = "A name is letters, digits, - and _, and begins with a letter."
            yield where, f'"{name}" can\'t be a name', hint
        try:
            parse_path(path)
        except ValueError as error:
            yield where, str(error), "Write it as $.slug, items[0].id or $['a b']."


def _use_problems(scenario: Scenario) -> Iterator[tuple[tuple[Key, ...], str, str]]:
    """`{name}` before a step has kept it; in a path it can't be meant as it stands."""
    everything = {name for step in scenario.steps for name in step.keep}
    kept: set[str] = set()
    for index, step in enumerate(scenario.steps):
        for key, text in _texts(step):
            for name in PLACEHOLDER.findall(text):
                if name not in kept and (name in everything or key == "path"):
                    known = f"Kept before it: {', '.join(sorted(kept))}. " if kept else ""
                    hint = f'{known}A step before it needs keep = {{ {name} = "$.{name}" }}.'
                    yield ("steps", index, key), f"{{{name}}} is kept by no earlier step", hint
        kept |= step.keep.keys()


def used_names(step: Step) -> set[str]:
    """Every `{name}` in a step, whether somebody keeps it or not."""
    return {name for _, text in _texts(step) for name in PLACEHOLDER.findall(text)}


def _texts(step: Step) -> Iterator[tuple[str, str]]:
    """Where a kept value may stand: the texts of a step, each with its key."""
    for key in ("path", "headers", "body", "json", "expect"):
        for text in _inner_texts(msgspec.to_builtins(getattr(step, key), enc_hook=lambda _: None)):
            yield key, text


def _inner_texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _inner_texts(inner)


def _expectation_problems(
    expect: Expectation, at: tuple[Key, ...]
) -> Iterator[tuple[tuple[Key, ...], str, str]]:
    patterns = [
        (("headers", k), v.matches) for k, v in expect.headers.items() if isinstance(v, Pattern)
    ]
    for index, entry in enumerate(expect.json):
        where: tuple[Key, ...] = (*at, "json", index)
        try:
            parse_path(entry.path)
        except ValueError as error:
            yield where, str(error), "Write it as $.geo.city, items[0].id or $['a b']."
        if entry.equals is msgspec.UNSET and entry.matches is None and entry.exists is None:
            yield where, "nothing is expected", "Add equals, matches or exists."
        if entry.matches is not None:
            patterns.append((("json", str(index)), entry.matches))
    for key, pattern in patterns:
        try:
            re.compile(pattern)
        except re.error as error:
            yield (
                (*at, *key),
                f'"{pattern}" is not a regular expression: {error}',
                "See Python's re.",
            )


_TABLES: tuple[tuple[re.Pattern[str], type[msgspec.Struct]], ...] = (
    (re.compile(r"steps\[\d+\]\.expect\.json\[\d+\]"), JsonExpectation),
    (re.compile(r"steps\[\d+\]\.expect\.headers\[.*"), Pattern),
    (re.compile(r"steps\[\d+\]\.expect"), Expectation),
    (re.compile(r"steps\[\d+\]"), Step),
    (re.compile(r""), Scenario),
)


def _validation_error(
    error: msgspec.ValidationError, source: str, file: str, at: tuple[Key, ...]
) -> EmuError:
    reason, location, unknown = refusal(error)
    path = at + tuple(
        int(index) if index else name for name, index in re.findall(r"([\w-]+)|\[(\d+)\]", location)
    )
    if unknown is not None:
        path = (*path, unknown)
        reason = f"unknown key {unknown}"
    return _invalid(_where(source, file, path), reason, _keys_hint(location, at))


def _invalid(where: Where, reason: str, hint: str | None) -> EmuError:
    at = f"{where.file}, line {where.line}" if where.line else where.file
    at = f"{at}, {where.key}" if where.key else at
    return EmuError("INVALID_SCENARIO", f"{at}: {reason}.", hint, where=where)


def _keys_hint(location: str, at: tuple[Key, ...]) -> str | None:
    if at:
        tables: Iterable[type[msgspec.Struct]] = [NamedVisitor] if at[0] == "visitors" else []
    else:
        table = location if _is_table(location) else location.rpartition(".")[0]
        tables = [kind for pattern, kind in _TABLES if pattern.fullmatch(table)]
    for kind in tables:
        return f"The keys are {', '.join(kind.__struct_encode_fields__)}."
    return None


def _is_table(location: str) -> bool:
    return any(pattern.fullmatch(location) for pattern, _ in _TABLES)


def _where(source: str, file: str, path: tuple[Key, ...]) -> Where:
    dotted = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).lstrip(".")
    return Where(file, dotted or None, line_of(source, path))

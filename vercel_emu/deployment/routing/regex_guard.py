"""Expressions that backtrack for ever: an estimate of how bad it gets, and a matcher that can't.

`step_estimator` reads an expression as a parser generator would. Wherever the next character
decides what to do, `re` needs no backtracking. Every repeat where it does not decide costs a
factor of the text's length, and exponentially more inside another repeat.

`match_guarded` never visits the same place (instruction, position) twice, so that it answers most
of these exactly. Where even that takes too long it raises `CannotMatchError`, and the request
ends as in production, whose proxy gives up with `ROUTER_CANNOT_MATCH`. The same goes for what it
can't do at all: back references, lookbehind and possessive repeats.

The PyPI package `regex` with its `timeout` is no substitute. A short match takes up to ten times
as long as with `re`, most of it for the timeout itself. The timeout does not cover compiling, where
`(((a?){1000}){1000}){1000}` takes memory without end. And it gives up on `(a|a)*`, which is
answered here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from vercel_emu.deployment.routing.regex_syntax import (
    ALL,
    Anchor,
    BackReference,
    Chars,
    Choice,
    Group,
    Look,
    Node,
    Parsed,
    Repeat,
    Sequence,
)

MAX_VISITS = 400_000
"""Places (instruction, position) the guarded matcher may visit: well under a second."""

_MAX_INSTRUCTIONS = 4_000
_MANY = 4
"""A counted repeat of more than this is treated as unbounded."""
_MOST_POWER = 32
"""Two to this is too many steps already; with more the estimate would overflow."""


class CannotMatchError(Exception):
    """Deciding whether the expression matches would take unreasonably long."""


# -- how bad is it -----------------------------------------------------------------------------


@dataclass(slots=True)
class _Cost:
    power: float = 0
    choices: float = 0


def step_estimator(parsed: Parsed) -> tuple[float, float]:
    """`(power, factor)`: `re` needs at most about `factor * length ** power` steps."""
    cost = _Cost()
    _visit(parsed.node, 0, None, cost)
    return min(cost.power + 1, _MOST_POWER), 2.0 ** min(cost.choices, 60)


def _visit(node: Node, follow: int, loop: int | None, cost: _Cost) -> None:
    """Walk `node`, which `follow` characters may come after; `loop` is set inside a repeat."""
    match node:
        case Sequence(items):
            after = follow
            for item in reversed(items):
                _visit(item, after, loop, cost)
                after = _first(item) | (after if _nullable(item) else 0)
        case Choice(options):
            seen = 0
            for option in options:
                first = _first(option) | (follow if _nullable(option) else 0)
                if seen & first:
                    _undecided(cost, loop)
                seen |= first
                _visit(option, follow, loop, cost)
        case Repeat(item, _, most, _):
            _visit_repeat(item, most, follow, loop, cost)
        case Group(item, _, _):
            _visit(item, follow, loop, cost)
        case Look(item, _, _):
            _visit(item, ALL, loop, cost)
            if loop is not None and _is_long(item):
                cost.power += 1
        case BackReference():
            _undecided(cost, loop)
        case _:
            pass


def _visit_repeat(item: Node, most: int | None, follow: int, loop: int | None, cost: _Cost) -> None:
    first = _first(item)
    is_loop = most is None or most > _MANY
    undecided = bool(first & follow)
    if is_loop and (_nullable(item) or (undecided and loop is not None)):
        cost.power = math.inf
    elif undecided and is_loop:
        cost.power += 1
    elif undecided:
        _undecided(cost, loop)
    if is_loop:
        _visit(item, follow | first, 1, cost)
    else:
        _visit(item, follow | (first if (most or 0) > 1 else 0), loop, cost)


def _undecided(cost: _Cost, loop: int | None) -> None:
    if loop is None:
        cost.choices += 1
    else:
        cost.power = math.inf


def _is_long(node: Node) -> bool:
    match node:
        case Sequence(items) | Choice(items):
            return any(_is_long(item) for item in items)
        case Repeat(item, _, most, _):
            return most is None or most > _MANY or _is_long(item)
        case Group(item, _, _) | Look(item, _, _):
            return _is_long(item)
        case _:
            return False


def _nullable(node: Node) -> bool:
    match node:
        case Chars():
            return False
        case Sequence(items):
            return all(_nullable(item) for item in items)
        case Choice(options):
            return any(_nullable(option) for option in options)
        case Repeat(item, least, _, _):
            return least == 0 or _nullable(item)
        case Group(item, _, _):
            return _nullable(item)
        case _:
            return True


def shortest_match(node: Node) -> int:
    """No match of `node` has fewer characters."""
    match node:
        case Chars():
            return 1
        case Sequence(items):
            return sum(map(shortest_match, items))
        case Choice(options):
            return min(map(shortest_match, options), default=0)
        case Repeat(item, least, _, _):
            return least * shortest_match(item)
        case Group(item, _, _):
            return shortest_match(item)
        case _:
            return 0


def _first(node: Node) -> int:
    """The characters a match of `node` can start with."""
    mask = 0
    match node:
        case Chars(mask):
            return mask
        case Sequence(items):
            for item in items:
                mask |= _first(item)
                if not _nullable(item):
                    break
            return mask
        case Choice(options):
            for option in options:
                mask |= _first(option)
            return mask
        case Repeat(item, _, _, _) | Group(item, _, _):
            return _first(item)
        case BackReference():
            return ALL
        case _:
            return 0


# -- the matcher that can't run away -----------------------------------------------------------


@dataclass(slots=True)
class Program:
    """Instructions for `match_guarded`: `("chars", mask)`, `("split", a, b)`, and so on."""

    groups: int
    room: int = _MAX_INSTRUCTIONS
    """What is left of the limit; a repeat of nothing takes some as well."""
    code: list[tuple[object, ...]] = field(default_factory=list)


def assemble(parsed: Parsed) -> Program | None:
    """Instructions for `parsed`; None where it uses what the guarded matcher can't do."""
    program = Program(len(parsed.names))
    try:
        _emit(parsed.node, program)
    except _UnsupportedError:
        return None
    program.code.append(("match",))
    return program


class _UnsupportedError(Exception):
    pass


def _emit(node: Node, program: Program) -> None:
    code = program.code
    program.room -= 1
    if program.room < 0:
        raise _UnsupportedError
    match node:
        case Chars(mask):
            code.append(("chars", mask))
        case Sequence(items):
            for item in items:
                _emit(item, program)
        case Choice(options):
            _emit_choice(options, program)
        case Repeat(item, least, most, mode) if mode != "possessive":
            _emit_repeat(item, least, most, mode == "lazy", program)
        case Group(item, index, _):
            code.append(("save", 2 * index))
            _emit(item, program)
            code.append(("save", 2 * index + 1))
        case Look(item, True, negated):
            inner = Program(program.groups, program.room)
            _emit(item, inner)
            program.room = inner.room
            inner.code.append(("match",))
            code.append(("look", inner, negated))
        case Anchor(kind):
            code.append(("anchor", kind))
        case _:
            raise _UnsupportedError


def _emit_choice(options: tuple[Node, ...], program: Program) -> None:
    code = program.code
    jumps = []
    for option in options[:-1]:
        split = len(code)
        code.append(())
        _emit(option, program)
        jumps.append(len(code))
        code.append(())
        code[split] = ("split", split + 1, len(code))
    _emit(options[-1], program)
    for jump in jumps:
        code[jump] = ("split", len(code), len(code))


def _emit_repeat(item: Node, least: int, most: int | None, lazy: bool, program: Program) -> None:
    code = program.code
    for _ in range(least):
        _emit(item, program)
    if most is None:
        start = len(code)
        code.append(())
        _emit(item, program)
        code.append(("split", start, start))
        code[start] = _split(start + 1, len(code), lazy)
        return
    splits = []
    for _ in range(most - least):
        splits.append(len(code))
        code.append(())
        _emit(item, program)
    for split in splits:
        code[split] = _split(split + 1, len(code), lazy)


def _split(go_on: int, leave: int, lazy: bool) -> tuple[object, ...]:
    return ("split", leave, go_on) if lazy else ("split", go_on, leave)


@dataclass(slots=True)
class _Run:
    text: str
    visits_left: int = MAX_VISITS
    looks: dict[tuple[int, int], list[int] | None] = field(default_factory=dict)


def match_guarded(program: Program, text: str) -> list[int] | None:
    """Group boundaries `[start, end, start1, end1, ...]` (-1 unset) of a match at position 0."""
    return _run(program, 0, _Run(text))


def _run(program: Program, start: int, run: _Run) -> list[int] | None:
    code, text, size = program.code, run.text, len(run.text)
    captures = [-1] * (2 * program.groups + 2)
    captures[0] = start
    visited: set[int] = set()
    # (instruction, position), or (-1 - slot, old value) which restores a capture on the way back.
    stack = [(0, start)]
    while stack:
        pc, at = stack.pop()
        if pc < 0:
            captures[-1 - pc] = at
            continue
        while True:
            place = pc * (size + 1) + at
            if place in visited:
                break
            visited.add(place)
            run.visits_left -= 1
            if run.visits_left < 0:
                raise CannotMatchError
            step = code[pc]
            match step:
                case ("chars", int(mask)):
                    if at >= size or not mask >> min(ord(text[at]), 256) & 1:
                        break
                    at += 1
                    pc += 1
                case ("split", int(first), int(second)):
                    if second != first:
                        stack.append((second, at))
                    pc = first
                case ("save", int(slot)):
                    stack.append((-1 - slot, captures[slot]))
                    captures[slot] = at
                    pc += 1
                case ("anchor", str(kind)):
                    if not _holds(kind, text, at):
                        break
                    pc += 1
                case ("look", Program() as inner, bool(negated)):
                    found = _look(inner, at, run)
                    if (found is None) is not negated:
                        break
                    for slot, value in enumerate(found or ()):
                        if slot > 1 and value >= 0:
                            stack.append((-1 - slot, captures[slot]))
                            captures[slot] = value
                    pc += 1
                case _:
                    captures[1] = at
                    return captures
    return None


def _look(inner: Program, at: int, run: _Run) -> list[int] | None:
    key = (id(inner), at)
    if key not in run.looks:
        run.looks[key] = _run(inner, at, run)
    return run.looks[key]


def _holds(kind: str, text: str, at: int) -> bool:
    if kind == "start":
        return at == 0
    if kind == "end":
        return at == len(text)
    before = at > 0 and _is_word(text[at - 1])
    after = at < len(text) and _is_word(text[at])
    return (before is not after) is (kind == "word")


def _is_word(char: str) -> bool:
    return char.isascii() and (char.isalnum() or char == "_")

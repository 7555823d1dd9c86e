"""`Regex`: an expression of vercel.json, compiled once, that always answers in bounded time.

There are three ways to match a text. An expression without variable parts is compared. `re` matches
the others as long as the estimate for this length says that it is quick. What is left goes to
the guarded matcher. The parser is in `regex_syntax`, estimate and guarded matcher in `regex_guard`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from vercel_emu.deployment.routing.regex_guard import (
    CannotMatchError,
    Program,
    assemble,
    match_guarded,
    shortest_match,
    step_estimator,
)
from vercel_emu.deployment.routing.regex_syntax import (
    ALL,
    OTHERS,
    Anchor,
    BackReference,
    Chars,
    Choice,
    Group,
    Look,
    Node,
    Parsed,
    RegexError,
    Repeat,
    Sequence,
    parse_regex,
)

__all__ = ["CannotMatchError", "Captures", "Regex", "RegexError", "compile_regex"]

MAX_STEPS = 10_000_000.0
"""Above this estimate an expression is matched by the guarded matcher: `re` takes ~0.2 s for it."""

type Captures = dict[str, str]
"""What the groups matched, by number (`"1"`) and by name; the whole match is `"0"`."""


@dataclass(frozen=True, slots=True)
class Regex:
    source: str
    names: tuple[str | None, ...]
    prefix: str
    """Lower-case text every match starts with, to skip most rules without matching at all."""
    literal: str | None
    """The only text that matches, where the expression has no variable part."""
    _pattern: re.Pattern[str]
    _power: float
    _factor: float
    _parsed: Parsed = field(repr=False)

    def match(self, text: str) -> Captures | None:
        """Match from the start of `text`. Raises `CannotMatchError` rather than run for ever."""
        if self.literal is not None:
            return {"0": text} if text == self.literal else None
        if self._factor * (len(text) + 2) ** self._power > MAX_STEPS:
            return self._match_guarded(text)
        found = self._pattern.match(text)
        if found is None:
            return None
        return self._captures((found[0], *found.groups()))

    def _match_guarded(self, text: str) -> Captures | None:
        if len(text) < _shortest(self._parsed):
            return None
        program = _program(self._parsed)
        if program is None:
            raise CannotMatchError
        bounds = match_guarded(program, text)
        if bounds is None:
            return None
        pairs = zip(bounds[::2], bounds[1::2], strict=True)
        return self._captures(tuple(text[start:end] if end >= 0 else None for start, end in pairs))

    def _captures(self, groups: tuple[str | None, ...]) -> Captures:
        captures = {str(index): value or "" for index, value in enumerate(groups)}
        for index, name in enumerate(self.names, 1):
            if name is not None:
                captures[name] = groups[index] or ""
        return captures


@lru_cache(maxsize=8192)
def compile_regex(source: str, *, ignore_case: bool = False) -> Regex:
    """Compile `source` as JavaScript and PCRE read it; `RegexError` says what is wrong."""
    parsed = parse_regex(source, ignore_case=ignore_case)
    try:
        pattern = re.compile(_to_python(parsed.node), re.ASCII)
    except (re.error, RecursionError, OverflowError) as error:
        raise RegexError(f"it can't be evaluated here: {error}") from error
    power, factor = step_estimator(parsed)
    prefix, literal = _literal_prefix(parsed.node)
    return Regex(source, parsed.names, prefix.lower(), literal, pattern, power, factor, parsed)


@lru_cache(maxsize=256)
def _program(parsed: Parsed) -> Program | None:
    return assemble(parsed)


@lru_cache(maxsize=256)
def _shortest(parsed: Parsed) -> int:
    return shortest_match(parsed.node)


def _to_python(node: Node) -> str:
    match node:
        case Chars(mask):
            return _python_class(mask)
        case Sequence(items):
            return "".join(_to_python(item) for item in items)
        case Choice(options):
            return "(?:" + "|".join(_to_python(option) for option in options) + ")"
        case Repeat(item, least, most, mode):
            text = _to_python(item)
            atom = text if isinstance(item, Chars | Group) else f"(?:{text})"
            bounds = {(0, None): "*", (1, None): "+", (0, 1): "?"}.get(
                (least, most), f"{{{least},{'' if most is None else most}}}"
            )
            return atom + bounds + {"greedy": "", "lazy": "?", "possessive": "+"}[mode]
        case Group(item, _, name):
            return f"(?P<{name}>{_to_python(item)})" if name else f"({_to_python(item)})"
        case Look(item, ahead, negated):
            opener = ("?" if ahead else "?<") + ("!" if negated else "=")
            return f"({opener}{_to_python(item)})"
        case Anchor(kind):
            return {"start": r"\A", "end": r"\Z", "word": r"\b", "not_word": r"\B"}[kind]
        case BackReference(index):
            return f"(?P={index})" if isinstance(index, str) else rf"(?:\{index})"


def _python_class(mask: int) -> str:
    if mask & OTHERS:
        return f"[^{_ranges(ALL & ~mask)}]" if mask != ALL else r"[\s\S]"
    if mask == 0:
        return r"(?!)"
    if mask & (mask - 1) == 0:
        return re.escape(chr(mask.bit_length() - 1))
    return f"[{_ranges(mask)}]"


def _ranges(mask: int) -> str:
    codes = [code for code in range(256) if mask >> code & 1]
    parts: list[str] = []
    start = previous = -2
    for code in [*codes, 1000]:
        if code == previous + 1:
            previous = code
            continue
        if start >= 0:
            parts.append(f"\\x{start:02x}" + (f"-\\x{previous:02x}" if previous > start else ""))
        start = previous = code
    return "".join(parts)


def _literal_prefix(node: Node) -> tuple[str, str | None]:
    items = tuple(_flat(node))
    exact, text = True, ""
    for index, item in enumerate(items):
        if isinstance(item, Anchor) and item.kind == "start":
            continue
        if isinstance(item, Anchor) and item.kind == "end" and index == len(items) - 1:
            return text, text if exact else None
        char = _only_char(item)
        if char is None:
            break
        exact = exact and isinstance(item, Chars) and item.mask.bit_count() == 1
        text += char
    return text, None


def _flat(node: Node) -> Iterator[Node]:
    if isinstance(node, Sequence):
        for item in node.items:
            yield from _flat(item)
    else:
        yield node


def _only_char(node: Node) -> str | None:
    """The character of `node`, or the lower-case one of a pair that differs in case only."""
    if not isinstance(node, Chars) or node.mask & OTHERS or not 1 <= node.mask.bit_count() <= 2:
        return None
    high = chr(node.mask.bit_length() - 1)
    low = chr((node.mask & -node.mask).bit_length() - 1)
    return high if low == high or (low.isascii() and low.lower() == high) else None

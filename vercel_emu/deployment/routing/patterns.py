"""`source` patterns: the dialect of path-to-regexp 6.1, which the platform fixed for vercel.json.

`/blog/:slug`, `/:path*`, `/post-:id(\\d+)`, `/(.*)`, `{/:lang}?`: matched as the platform does,
strict (`/a` is not `/a/`), case-sensitive, with `/` as the delimiter. The same syntax is a template
in destinations and headers (`compile_template`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

UNNAMED = "__UN_NAMED_SEGMENT__"
"""How the platform calls every unnamed group; there can be several."""

_NAME = re.compile(r"[0-9A-Za-z_]+")
_SPECIAL = re.compile(r"([.+*?=^!:${}()[\]|/\\])")


class PatternError(ValueError):
    """The pattern is wrong: what, and at which character."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One `:name`, `(group)` or `{...}` of a pattern; an unnamed one is numbered from 0."""

    name: str | int
    prefix: str
    suffix: str
    pattern: str
    modifier: str


type Token = str | Parameter


@dataclass(frozen=True, slots=True)
class SourcePattern:
    """What a `source` is compiled to: a regular expression and the name of each of its groups."""

    regex: str
    segments: tuple[str, ...]


@lru_cache(maxsize=8192)
def compile_source(source: str) -> SourcePattern:
    """The expression that matches `source`, anchored at both ends."""
    return _to_regex(parse_pattern(source, delimiter="/"), strict=True)


@lru_cache(maxsize=8192)
def parse_pattern(source: str, *, delimiter: str = "/#?") -> tuple[Token, ...]:
    """Literal text and parameters, in order; `PatternError` where path-to-regexp refuses."""
    return _Parser(source, f"[^{_escape(delimiter)}]+?").parse()


def parameter_names(*templates: str) -> set[str]:
    """The named parameters of templates, up to the first that isn't one."""
    names: set[str] = set()
    for template in templates:
        try:
            tokens = parse_pattern(template)
        except PatternError:
            break
        names |= {t.name for t in tokens if isinstance(t, Parameter) and isinstance(t.name, str)}
    return names


def compile_template(template: str, values: dict[str, str]) -> str:
    """Fill `template` with `values`; `PatternError` where a parameter has none."""
    parts = []
    for token in parse_pattern(template):
        if isinstance(token, str):
            parts.append(token)
            continue
        value = values.get(token.name) if isinstance(token.name, str) else None
        if value is not None:
            parts.append(f"{token.prefix}{value}{token.suffix}")
        elif token.modifier not in ("?", "*"):
            raise PatternError(f'expected "{token.name}" to be a string')
    return "".join(parts)


def _to_regex(tokens: tuple[Token, ...], *, strict: bool) -> SourcePattern:
    parts = ["^"]
    segments = []
    for token in tokens:
        if isinstance(token, str):
            parts.append(_escape(token))
            continue
        prefix, suffix = _escape(token.prefix), _escape(token.suffix)
        if not token.pattern:
            parts.append(f"(?:{prefix}{suffix}){token.modifier}")
            continue
        segments.append(token.name if isinstance(token.name, str) else UNNAMED)
        parts.append(_group(token, prefix, suffix))
    parts.append("$" if strict else "[/#?]?$")
    return SourcePattern("".join(parts), tuple(segments))


def _group(token: Parameter, prefix: str, suffix: str) -> str:
    if not prefix and not suffix:
        return f"({token.pattern}){token.modifier}"
    if token.modifier not in ("+", "*"):
        return f"(?:{prefix}({token.pattern}){suffix}){token.modifier}"
    again = f"(?:{suffix}{prefix}(?:{token.pattern}))*"
    optional = "?" if token.modifier == "*" else ""
    return f"(?:{prefix}((?:{token.pattern}){again}){suffix}){optional}"


def _escape(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)


class _Parser:
    def __init__(self, source: str, default_pattern: str) -> None:
        self.tokens = _lex(source)
        self.default_pattern = default_pattern
        self.at = 0
        self.unnamed = 0
        self.result: list[Token] = []
        self.text = ""

    def take(self, kind: str) -> str:
        """The value of the next token where it is of this kind, else an empty string."""
        found, _, value = self.tokens[self.at]
        if found != kind:
            return ""
        self.at += 1
        return value

    def parse(self) -> tuple[Token, ...]:
        while self.tokens[self.at][0] != "END":
            char, name, pattern = self.take("CHAR"), self.take("NAME"), self.take("PATTERN")
            if name or pattern:
                prefix = char if char in ("", ".", "/") else ""
                self.text += "" if prefix else char
                self.flush()
                self.add(name, prefix, "", pattern or self.default_pattern)
                continue
            literal = char or self.take("ESCAPED")
            if literal:
                self.text += literal
                continue
            self.flush()
            self.braces()
        self.flush()
        return tuple(self.result)

    def braces(self) -> None:
        if not self.take("OPEN"):
            kind, index, _ = self.tokens[self.at]
            raise PatternError(f"unexpected {kind} at {index}, expected END")
        prefix = self.literal()
        name, pattern = self.take("NAME"), self.take("PATTERN")
        suffix = self.literal()
        if not self.take("CLOSE"):
            kind, index, _ = self.tokens[self.at]
            raise PatternError(f"unexpected {kind} at {index}, expected CLOSE")
        if name or pattern:
            self.add(name, prefix, suffix, pattern or self.default_pattern)
        else:
            self.result.append(Parameter("", prefix, suffix, "", self.take("MODIFIER")))

    def literal(self) -> str:
        text = ""
        while part := self.take("CHAR") or self.take("ESCAPED"):
            text += part
        return text

    def add(self, name: str, prefix: str, suffix: str, pattern: str) -> None:
        key: str | int = name
        if not name:
            key, self.unnamed = self.unnamed, self.unnamed + 1
        self.result.append(Parameter(key, prefix, suffix, pattern, self.take("MODIFIER")))

    def flush(self) -> None:
        if self.text:
            self.result.append(self.text)
            self.text = ""


def _lex(source: str) -> list[tuple[str, int, str]]:
    tokens: list[tuple[str, int, str]] = []
    at = 0
    single = {"*": "MODIFIER", "+": "MODIFIER", "?": "MODIFIER", "{": "OPEN", "}": "CLOSE"}
    while at < len(source):
        char = source[at]
        if char in single:
            tokens.append((single[char], at, char))
            at += 1
        elif char == "\\":
            if at + 1 == len(source):
                raise PatternError(f"a backslash with nothing after it at {at}")
            tokens.append(("ESCAPED", at, source[at + 1]))
            at += 2
        elif char == ":":
            name = _NAME.match(source, at + 1)
            if name is None:
                raise PatternError(f"missing parameter name at {at}")
            tokens.append(("NAME", at, name[0]))
            at = name.end()
        elif char == "(":
            end = _end_of_group(source, at)
            tokens.append(("PATTERN", at, source[at + 1 : end - 1]))
            at = end
        else:
            tokens.append(("CHAR", at, char))
            at += 1
    tokens.append(("END", at, ""))
    return tokens


def _end_of_group(source: str, start: int) -> int:
    at, depth = start + 1, 1
    if source.startswith("?", at):
        raise PatternError(f'pattern cannot start with "?" at {at}')
    while at < len(source):
        char = source[at]
        if char == "\\":
            at += 2
            continue
        if char == ")":
            depth -= 1
            if depth == 0:
                if at == start + 1:
                    raise PatternError(f"missing pattern at {start}")
                return at + 1
        elif char == "(":
            depth += 1
            if source[at + 1 : at + 2] != "?":
                raise PatternError(f"capturing groups are not allowed at {at}")
        at += 1
    raise PatternError(f"unbalanced pattern at {start}")

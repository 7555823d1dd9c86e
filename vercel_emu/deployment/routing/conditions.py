"""`has` and `missing`: conditions on host, headers, cookies and query.

A regular expression must match the whole value. That is how the platform's own resolver reads it
(`^value$`), and its documentation and examples agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from vercel_emu.deployment.routing.query import last_value
from vercel_emu.deployment.routing.regex import Regex, compile_regex
from vercel_emu.project.vercel_json.model import Condition, ValueCondition


@dataclass(frozen=True, slots=True)
class CompiledCondition:
    type: str
    key: str
    regex: Regex | None
    value: ValueCondition | None

    def captures(self, headers: Sequence[tuple[bytes, bytes]], query: str) -> dict[str, str] | None:
        """What it captures where it holds, else None."""
        actual = self.actual(headers, query)
        if actual is None or (self.value is not None and not _holds(self.value, actual)):
            return None
        if self.regex is None:
            return {self.key: actual} if self.value is None else {}
        found = self.regex.match(actual)
        if found is None:
            return None
        captures = {name: found[name] for name in self.regex.names if name is not None}
        if self.type == "host":
            captures["host"] = actual
        return captures

    def actual(self, headers: Sequence[tuple[bytes, bytes]], query: str) -> str | None:
        """The value in the request; None where it has none."""
        match self.type:
            case "host":
                return _host(headers)
            case "header":
                return header_value(headers, self.key)
            case "cookie":
                return _cookie(headers, self.key)
            case _:
                return last_value(query, self.key)

    def describe(self) -> str:
        return f"{self.type} {self.key}".strip()


def compile_condition(condition: Condition) -> CompiledCondition:
    """Raises `RegexError` where the value is no valid expression."""
    value = condition.value
    text = value.re if isinstance(value, ValueCondition) else value
    # An empty value is none at all, as for the platform.
    regex = compile_regex(f"^(?:{text})$") if text else None
    key = condition.key.lower() if condition.type == "header" else condition.key
    operators = value if isinstance(value, ValueCondition) else None
    return CompiledCondition(condition.type, key, regex, operators)


def captured_names(conditions: Sequence[CompiledCondition]) -> tuple[str, ...]:
    """The names that a destination can use."""
    names: dict[str, None] = {}
    for condition in conditions:
        if condition.regex is None and condition.value is None and condition.key:
            names[condition.key] = None
        if condition.regex is not None:
            names |= dict.fromkeys(n for n in condition.regex.names if n is not None)
            if condition.type == "host":
                names["host"] = None
    return tuple(names)


def header_value(headers: Sequence[tuple[bytes, bytes]], name: str) -> str | None:
    """The value of a header; several of the same name are one list."""
    wanted = name.encode("latin-1", "replace")
    values = [value.decode("latin-1") for key, value in headers if key == wanted]
    return ", ".join(values) if values else None


def _host(headers: Sequence[tuple[bytes, bytes]]) -> str | None:
    host = header_value(headers, "host")
    if host is None:
        return None
    without_port = host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
    return without_port.lower()


def _cookie(headers: Sequence[tuple[bytes, bytes]], name: str) -> str | None:
    for key, value in headers:
        if key != b"cookie":
            continue
        for pair in value.decode("latin-1").split(";"):
            found, equals, content = pair.strip().partition("=")
            if equals and found == name:
                return unquote(content.strip('"'), errors="surrogateescape")
    return None


def _holds(wanted: ValueCondition, actual: str) -> bool:
    number = _number(actual)
    checks = [
        wanted.eq is None or actual == wanted.eq or (number is not None and number == wanted.eq),
        wanted.neq is None or actual != wanted.neq,
        wanted.inc is None or actual in wanted.inc,
        wanted.ninc is None or actual not in wanted.ninc,
        wanted.pre is None or actual.startswith(wanted.pre),
        wanted.suf is None or actual.endswith(wanted.suf),
        wanted.gt is None or (number is not None and number > wanted.gt),
        wanted.gte is None or (number is not None and number >= wanted.gte),
        wanted.lt is None or (number is not None and number < wanted.lt),
        wanted.lte is None or (number is not None and number <= wanted.lte),
    ]
    return all(checks)


def _number(text: str) -> float | None:
    try:
        return float(text) if text.isascii() and "_" not in text else None
    except ValueError:
        return None

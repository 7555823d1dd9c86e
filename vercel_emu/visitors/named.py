"""Visitors of the user's own: `[tool.vercel-emu.visitors.NAME]` in pyproject.toml."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from vercel_emu.errors import EmuError, Where, refusal
from vercel_emu.visitors.addresses import documentation_ip
from vercel_emu.visitors.override import override_visitor
from vercel_emu.visitors.visitor import Visitor

_NOT_FIELDS = ("place", "headers")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


class NamedVisitor(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """One such table. `place` is where the rest starts from, written as on the command line;
    without it only what is written here exists."""

    place: str | None = None
    """Where the rest starts from, written as on the command line."""
    ip: str | None = None
    """The address; without one it is of the documentation ranges, the same for the same name."""
    city: str | None = None
    """The city's name."""
    country: str | None = None
    """ISO 3166-1 code, such as `DE`."""
    country_region: str | None = None
    """ISO 3166-2 code without the country, such as `BE`."""
    continent: str | None = None
    """`AF`, `AN`, `AS`, `EU`, `NA`, `OC` or `SA`."""
    latitude: float | None = None
    """Degrees."""
    longitude: float | None = None
    """Degrees."""
    timezone: str | None = None
    """IANA name, such as `Europe/Berlin`."""
    postal_code: str | int | None = None
    """The postal code."""
    as_number: int | None = None
    """The network's number."""
    edge_region: str | None = None
    """The platform's region that takes the request. Default: the nearest."""
    headers: dict[str, str] = {}
    """Extra request headers."""


KEYS = NamedVisitor.__struct_encode_fields__


def parse_named(name: str, table: object, *, file: str = "pyproject.toml") -> NamedVisitor:
    """Check one table; an error names the file, the key, its value and what is allowed."""
    where, place = _where(file, name), _place(file, name)
    if not isinstance(table, Mapping):
        message = f"{where} must be a table, not {table!r}."
        raise EmuError("INVALID_VISITOR", message, _hint(), where=place)
    if unknown := [key for key in table if key not in KEYS]:
        close = difflib.get_close_matches(str(unknown[0]), KEYS, n=1)
        meant = f"Did you mean {close[0]}? " if close else ""
        raise EmuError(
            "INVALID_VISITOR",
            f"{where} has an unknown key: {unknown[0]}.",
            f"{meant}{_hint()}",
            where=_place(file, name, str(unknown[0])),
        )
    try:
        parsed = msgspec.convert(dict(table), NamedVisitor)
    except msgspec.ValidationError as error:
        reason, path, _ = refusal(error)
        key = re.sub(r"[\[.].*", "", path).replace("_", "-")
        value = f" = {table[key]!r}" if key in table else ""
        raise EmuError(
            "INVALID_VISITOR",
            f"{where} {key}{value}: {reason}.",
            _hint(),
            where=_place(file, name, key),
        ) from None
    for header, value in parsed.headers.items():
        if not _HEADER_NAME.fullmatch(header) or not value.isprintable():
            raise EmuError(
                "INVALID_VISITOR",
                f"{where} headers: {header!r} = {value!r} is not a valid header.",
                "A name has letters, digits and hyphens; a value has no control characters.",
                where=_place(file, name, "headers"),
            )
    return parsed


def build_named(
    name: str,
    table: object,
    resolve_place: Callable[[str], Visitor],
    *,
    file: str = "pyproject.toml",
) -> Visitor:
    """The visitor that a table describes."""
    parsed = parse_named(name, table, file=file)
    base = Visitor(label=name, ip=documentation_ip(f"named:{name}"))
    if parsed.place is not None:
        base = resolve_place(parsed.place)
    fields = {key: str(value) for key, value in _given(parsed).items() if key not in _NOT_FIELDS}
    try:
        visitor = override_visitor(base, fields, where=f"{_where(file, name)} ")
    except EmuError as error:
        raise error.at(_place(file, name)) from None
    headers = tuple((key.lower(), value) for key, value in parsed.headers.items())
    return replace(visitor, label=name, headers=headers)


def _where(file: str, name: str) -> str:
    """A scenario file has the same tables, without the prefix."""
    return f"{file}: {_table(file, name)}"


def _place(file: str, name: str, key: str = "") -> Where:
    return Where(file, f"{_table(file, name)} {key}".strip())


def _table(file: str, name: str) -> str:
    prefix = "tool.vercel-emu." if file == "pyproject.toml" else ""
    return f"[{prefix}visitors.{name}]"


def _given(parsed: NamedVisitor) -> dict[str, Any]:
    pairs = zip(KEYS, msgspec.structs.astuple(parsed), strict=True)
    return {key: value for key, value in pairs if value is not None}


def _hint() -> str:
    return f"The keys are {', '.join(KEYS)}."

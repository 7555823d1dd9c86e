"""A visitor as request headers that ask an emulator for it: `x-emu-visitor` and `x-emu-*`."""

from __future__ import annotations

from dataclasses import fields
from urllib.parse import quote

from vercel_emu.platform import header_names as names
from vercel_emu.visitors.visitor import Visitor

type TextHeaders = tuple[tuple[str, str], ...]

_SAFE = " !#$&'()*+,-./:;<=>?@[]^_`{|}~"
_FIELDS = tuple(field.name for field in fields(Visitor) if field.name != "headers")


def by_name(text: str) -> TextHeaders:
    """The headers that ask for what a person wrote; the emulator resolves it."""
    return ((names.EMU_VISITOR, quote(text.strip(), safe=_SAFE)),)


def by_fields(visitor: Visitor) -> TextHeaders:
    """The headers that describe a visitor in full, for an emulator that doesn't know it."""
    values = ((name, getattr(visitor, name)) for name in _FIELDS)
    described = tuple(
        (f"{names.EMU_PREFIX}{name.replace('_', '-')}", quote(str(value), safe=_SAFE))
        for name, value in values
        if value is not None
    )
    return (*by_name("none"), *described, *visitor.headers)

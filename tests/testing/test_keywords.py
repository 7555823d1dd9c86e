"""The keywords of `Emulator` have the types of the options; a typo in one fails a type check."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from vercel_emu import AsyncEmulator, EmuError, Emulator
from vercel_emu.options import Options, help_of
from vercel_emu.testing.keywords import AnyPath, EmulatorOptions
from vercel_emu.testing.settings import _checked

OPTIONS = typing.get_type_hints(Options)
KEYWORDS = typing.get_type_hints(EmulatorOptions)
OWN_PARAMETER = "visitor"


def members(kind: Any) -> set[Any]:
    """The members of a union, those of named types included."""
    if isinstance(kind, typing.TypeAliasType):
        return {AnyPath} if kind is AnyPath else members(kind.__value__)
    if isinstance(kind, types.UnionType):
        return {one for part in typing.get_args(kind) for one in members(part)}
    return {kind}


def accepted(name: str) -> set[Any]:
    """The types of a keyword, by the type of its option and what else may be written for it."""
    found = members(OPTIONS[name])
    for kind, keyword in {
        Path: AnyPath,
        tuple[Path, ...]: Sequence[AnyPath],
        tuple[str, ...]: Sequence[str],
    }.items():
        if kind in found:
            found = (found - {kind}) | {keyword}
    if help_of(name).bare:
        found |= {bool}
    if help_of(name).number:
        # `float` takes whole numbers too; a port is one.
        found |= {int} if name == "listen" else {float}
    return found


def test_every_option_is_a_keyword() -> None:
    assert set(KEYWORDS) | {OWN_PARAMETER} == set(OPTIONS), "keep testing/keywords.py in step"


@pytest.mark.parametrize("name", sorted(KEYWORDS))
def test_a_keyword_has_the_type_of_its_option(name: str) -> None:
    assert members(KEYWORDS[name]) == accepted(name)


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ({"listen": 3123}, "3123"),
        ({"listen": "0.0.0.0:80"}, "0.0.0.0:80"),
        ({"listen": None}, None),
        ({"crons": 60}, "60"),
        ({"crons": True}, "1x"),
        ({"crons": False}, None),
        ({"debugpy": True}, 5678),
        ({"debugpy": False}, None),
        ({"debugpy": 0}, 0),
        ({"python": Path("/x")}, Path("/x")),
        ({"python": "/x"}, Path("/x")),
        ({"watch": ["a", Path("b")]}, (Path("a"), Path("b"))),
        ({"ignore": ["*.log"]}, ("*.log",)),
        ({"startup_timeout": 5}, 5.0),
        ({"env": "preview"}, "preview"),
    ],
)
def test_what_may_be_written(given: dict[str, Any], taken: object) -> None:
    [(name, value)] = _checked(given).items()
    assert value == taken
    assert getattr(dataclasses.replace(Options(), **{name: value}), name) == taken


@pytest.mark.parametrize(
    "given", [{"listen": True}, {"listen": 1.5}, {"limits": 1}, {"max_duration": "2"}, {"env": "x"}]
)
def test_what_may_not(given: dict[str, Any]) -> None:
    with pytest.raises(EmuError, match=f"{next(iter(given))}|--listen"):
        _checked(given)


if TYPE_CHECKING:
    # mypy says so where it finds nothing wrong: an ignored error that is none is one.
    Emulator(instances=2, listen=3000, watch=["src"], python=Path("x"), crons=True)
    Emulator(instanecs=2)  # type: ignore[call-arg]
    Emulator(instances="2")  # type: ignore[arg-type]
    Emulator(env="staging")  # type: ignore[arg-type]
    AsyncEmulator(max_durration=2)  # type: ignore[call-arg]

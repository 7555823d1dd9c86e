"""What `vercel-emu visit` takes for the emulator's refusal of a visitor, and what for an answer."""

from __future__ import annotations

import json

import pytest

from vercel_emu.cli.commands.visit import _refusal
from vercel_emu.errors import EmuError, Where
from vercel_emu.transport.client import Response

ERROR = EmuError("UNKNOWN_PLACE", "There: is no place.\n\nINVALID_VISITOR", "Search.")
TOLD = {"x-vercel-error": "INVALID_VISITOR", "x-emu-error": json.dumps(ERROR.as_dict())}


def answer(headers: dict[str, str], body: bytes = b"") -> Response:
    return Response(status=400, headers=headers, body=body, duration_ms=1.0)


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"error": {"code": "400"}}'])
def test_the_refusal_is_read_from_its_header_whatever_the_page_is(body: bytes) -> None:
    error = _refusal(answer(TOLD, body))
    assert error is not None
    assert error.as_dict() == ERROR.as_dict()


def test_a_place_in_a_file_comes_along() -> None:
    placed = ERROR.at(Where("pyproject.toml", "[tool.vercel-emu.visitors.home] city"))
    error = _refusal(answer({**TOLD, "x-emu-error": json.dumps(placed.as_dict())}))
    assert error is not None
    assert error.where == placed.where


@pytest.mark.parametrize("missing", ["x-vercel-error", "x-emu-error"])
def test_anything_else_is_an_answer(missing: str) -> None:
    headers = {name: value for name, value in TOLD.items() if name != missing}
    assert _refusal(answer(headers, b"UNKNOWN_PLACE: text\n\nINVALID_VISITOR")) is None

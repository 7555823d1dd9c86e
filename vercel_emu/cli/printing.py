"""What commands print for programs, and for lists that are empty."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from vercel_emu.console import json_text


def echo_json(value: Any) -> None:
    """Print a value of JSON, valid whatever the output's encoding and whatever texts it holds."""
    click.echo(json_text(value, getattr(sys.stdout, "encoding", None) or "utf-8", indent=2))


def strict_json(text: str | bytes) -> Any:
    """The value of a JSON text as RFC 8259 has it: Python reads NaN and Infinity, too.

    Raises:
        ValueError: it is none.
    """
    return json.loads(text, parse_constant=_no_number)


def echo_empty(message: str) -> None:
    """Say that a list is empty, beside standard output, which stays empty too: no failure."""
    click.echo(message, err=True)


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")

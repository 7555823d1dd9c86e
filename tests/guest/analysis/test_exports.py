"""What counts as an export, statement by statement."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vercel_emu.guest.analysis import exports
from vercel_emu.guest.analysis.answer import facts_of
from vercel_emu.guest.analysis.parse import NotPythonError


def find_export(source: str | bytes) -> str | None:
    """The export of a text, as both ways to ask for it must have it."""
    data = source.encode("utf-8", "surrogatepass") if isinstance(source, str) else source
    try:
        found = exports.find_export(data)
    except NotPythonError:
        found = None
    assert facts_of(data).export == found
    return found


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("app = FastAPI()", "app"),
        ("application = get_wsgi_application()", "application"),
        ("app: FastAPI = FastAPI()", "app"),
        ("app: FastAPI", "app"),
        ("x = app = make()", "app"),
        ("application = app = make()", "application"),
        ("def app(environ, start_response): ...", "app"),
        ("async def application(scope, receive, send): ...", "application"),
        ("from web import app", "app"),
        ("from web import server as app", "app"),
        ("from .web import a, application, app", "application"),
        ("from web import app as other", None),
        ("class handler(BaseHTTPRequestHandler): ...", "handler"),
        ("class Handler: ...", "Handler"),
        ("class hAndler: ...\nhandler_hint = 1", "hAndler"),
        ("class HandlerBase: ...\nclass Handler: ...", "Handler"),
        ("def app(): ...\napplication = 1", "app"),
        ("application = 1\ndef app(): ...", "application"),
        ("@decorate\ndef app(): ...", "app"),
        ("# coding: latin-1\napp = '\u00e9'", "app"),
        ("\ufeffapp = 1", "app"),
        ("app, x = 1, 2", None),
        ("[app] = [1]", None),
        ("import app", None),
        ("import web as app", None),
        ("from app import *", None),
        ("if True:\n    app = 1", None),
        ("try:\n    app = 1\nexcept E:\n    pass", None),
        ("def f():\n    app = 1", None),
        ("handler = make()", None),
        ("def handler(event, context): ...", None),
        ("self.app = 1", None),
        ("app += 1", None),
        ("(app := 1)", None),
        ("app = (", None),
        ("App = 1\nAPP = 2", None),
        ("", None),
        ("x = 1", None),
        ("app = 1\0", None),
    ],
)
def test_export(source: str, expected: str | None) -> None:
    assert find_export(source) == expected


def test_invalid_escapes_in_the_source_are_silent(recwarn: pytest.WarningsRecorder) -> None:
    assert find_export("pattern = '\\d'\napp = 1") == "app"
    assert not recwarn.list


@given(st.text(max_size=200) | st.binary(max_size=200))
def test_any_text_has_an_answer(source: str | bytes) -> None:
    answer = find_export(source)
    assert answer is None or answer.lower() in {"app", "application", "handler"}


@given(st.lists(st.sampled_from(["x = 1", "app = 1", "application = 2", "class Handler: ..."])))
def test_the_first_statement_in_source_order_wins(lines: list[str]) -> None:
    source = "\n".join(lines)
    first = next((line for line in lines if line != "x = 1"), None)
    names = {"app = 1": "app", "application = 2": "application", "class Handler: ...": "Handler"}
    assert ast.parse(source)
    assert find_export(source) == (names[first] if first else None)

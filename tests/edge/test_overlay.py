"""Which answers the emulator's error page stands in for, and where its links lead."""

from __future__ import annotations

import pytest

from vercel_emu.edge.responses.overlay import (
    EDITORS,
    Overlay,
    editor_url,
    is_bare,
    is_navigation,
    may_be_bare,
)
from vercel_emu.errors import EmuError

HTML = (b"accept", b"text/html,application/xhtml+xml,*/*;q=0.8")


@pytest.mark.parametrize(
    ("method", "headers", "page"),
    [
        ("GET", [HTML], True),
        ("POST", [HTML, (b"sec-fetch-mode", b"navigate")], True),
        ("GET", [HTML, (b"sec-fetch-mode", b"cors")], False),
        ("GET", [(b"accept", b"*/*")], False),
        ("GET", [(b"accept", b"application/json"), (b"sec-fetch-mode", b"navigate")], False),
        ("GET", [], False),
        ("PUT", [HTML], False),
        ("HEAD", [HTML], False),
    ],
)
def test_navigations(method: str, headers: list[tuple[bytes, bytes]], page: bool) -> None:
    assert is_navigation(method, headers) is page


@pytest.mark.parametrize(
    "body",
    [
        b"Internal Server Error",
        b"",
        b"\n",
        (
            b"<!doctype html>\n<html lang=en>\n<title>500 Internal Server Error</title>\n"
            b"<h1>Internal Server Error</h1>\n<p>The server encountered an internal error...</p>\n"
        ),
        (
            b'<!doctype html><html lang="en"><head><title>Server Error (500)</title></head>'
            b"<body><h1>Server Error (500)</h1><p></p></body></html>"
        ),
        b'{"title": "500 Internal Server Error"}',
    ],
)
def test_bare_answers(body: bytes) -> None:
    assert is_bare(body)


@pytest.mark.parametrize(
    "body",
    [
        b"<h1>Sorry, we are having trouble</h1>",
        b'{"error": "database"}',
        b"<h1>Internal Server Error</h1>" + b"<p>our own page</p>" * 200,
    ],
)
def test_answers_that_somebody_wrote(body: bytes) -> None:
    assert not is_bare(body)


def test_which_answers_are_looked_at() -> None:
    assert may_be_bare(500, None, [])
    assert may_be_bare(500, 21, [(b"content-type", b"text/plain")])
    assert not may_be_bare(500, 4096, [])
    assert not may_be_bare(500, 21, [(b"content-encoding", b"gzip")])
    assert not may_be_bare(502, 21, [])
    assert not may_be_bare(200, 21, [])


@pytest.mark.parametrize(
    ("environ", "editor"),
    [
        ({}, "vscode"),
        ({"TERM_PROGRAM": "vscode", "EDITOR": "subl"}, "vscode"),
        ({"TERM_PROGRAM": "vscode", "CURSOR_TRACE_ID": "1"}, "cursor"),
        ({"TERM_PROGRAM": "zed"}, "zed"),
        ({"TERMINAL_EMULATOR": "JetBrains-JediTerm"}, "pycharm"),
        ({"EDITOR": "/usr/local/bin/subl -w"}, "sublime"),
        ({"VISUAL": "codium --wait", "EDITOR": "vim"}, "vscodium"),
        ({"EDITOR": "vim"}, "vscode"),
        ({"EDITOR": ""}, "vscode"),
    ],
)
def test_the_editor_of_a_terminal(environ: dict[str, str], editor: str) -> None:
    assert editor_url(None, environ) == EDITORS[editor]


def test_an_editor_that_is_chosen() -> None:
    assert editor_url("zed", {"TERM_PROGRAM": "vscode"}) == EDITORS["zed"]
    assert editor_url("none", {}) == ""
    own = "http://localhost:63342/api/file/{file}:{line}"
    assert editor_url(own, {}) == own
    with pytest.raises(EmuError, match="vi'") as caught:
        editor_url("vi", {})
    assert "vscode" in (caught.value.hint or "")


def test_links_lead_to_the_projects_own_files() -> None:
    overlay = Overlay(editor=EDITORS["vscode"], root="/home/me/my shop")
    assert overlay.place("api/a<b>.py:7") == (
        '<a href="vscode://file//home/me/my%20shop/api/a%3Cb%3E.py:7">api/a&lt;b&gt;.py:7</a>'
    )
    text = overlay.traceback(
        '  File "/home/me/my shop/app.py", line 3, in f\n    return x < 1\n'
        '  File "/usr/lib/python3.12/json/decoder.py", line 4, in g\n'
    )
    assert text.count("<a ") == 1
    assert 'href="vscode://file//home/me/my%20shop/app.py:3"' in text
    assert "x &lt; 1" in text


def test_without_an_editor_there_are_no_links() -> None:
    overlay = Overlay(root="/p")
    assert overlay.place("app.py:7") == "app.py:7"
    assert "<a" not in overlay.traceback('  File "/p/app.py", line 3, in f')

"""What a person reads of a start that failed."""

from __future__ import annotations

from pathlib import Path

from vercel_emu.instance.output.tracebacks import Location, read_traceback

ROOT = Path("/project")


def test_a_syntax_error_shows_only_the_file_it_is_in() -> None:
    found = read_traceback(
        """could not import "app.py":
Traceback (most recent call last):
  File "/usr/lib/python3.13/ast.py", line 52, in parse
    return compile(source, filename, mode, flags,
           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/project/app.py", line 15
    def broken(:
               ^
SyntaxError: invalid syntax""",
        ROOT,
    )
    assert (
        found.traceback
        == """could not import "app.py":
Traceback (most recent call last):
  File "/project/app.py", line 15
    def broken(:
               ^
SyntaxError: invalid syntax"""
    )
    assert found.location == Location("app.py", 15)


def test_the_runtimes_link_is_not_the_summary() -> None:
    text = 'missing variable "zap" in file "main".\nSee the docs: https://example.com/python'
    found = read_traceback(text, ROOT)
    assert found.summary == 'missing variable "zap" in file "main".'
    assert found.traceback == text

"""A traceback as the person wants it: their own frames, and the line to look at.

The text comes from inside the function instance, where the runtime and the import machinery stand
above user code. Those frames explain nothing, so they are left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

TRACEBACK = "Traceback (most recent call last)"
"""How Python begins one."""
_FRAME = re.compile(r'^\s*File "(?P<file>[^"]+)", line (?P<line>\d+)(?:,? in (?P<name>.*))?$')
_PARSER = re.compile(r"/python3\.\d+t?/ast\.py$")
"""Whoever parses the app's file before importing it; a syntax error is in that file."""
_SEE_DOCS = "See the docs:"
"""How the runtime's own messages end."""
_RUNTIME_SAYS = ("Could not determine the application interface", "missing variable ")
"""How those of its messages begin that have several lines."""
_UPSIDE_DOWN = "(most recent call first)"
"""In the stacks of `faulthandler`, which tell where a process hung or crashed."""
_THREAD = re.compile(r"^(?:Current thread|Thread) 0x\w+ (?:\[[^\]]*\] )?", re.MULTILINE)
_ENVIRONMENTS = ("site-packages", ".venv", "venv", "node_modules")


@dataclass(frozen=True, slots=True)
class Location:
    """A place in user code; `file` is relative to the project."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class CodeError:
    """An error of user code: one line to read first, the shortened traceback, the place."""

    summary: str
    traceback: str
    location: Location | None = None


def read_traceback(text: str, root: Path) -> CodeError:
    """Shorten what an instance said when it failed, and find the user's last frame."""
    kept: list[str] = []
    location: Location | None = None
    dropping = upside_down = False
    for line in text.strip("\n").split("\n"):
        frame = _FRAME.match(line)
        if frame:
            dropping = _is_machinery(frame["file"])
            own = _own_file(frame["file"], root)
            if own is not None and not (upside_down and location):
                location = Location(own, int(frame["line"]))
        elif not line.startswith("    "):
            dropping = False
            upside_down = upside_down or line.endswith(_UPSIDE_DOWN + ":")
        if not dropping:
            kept.append(line)
    shortened = "\n".join(kept)
    return CodeError(summary=_summary(kept), traceback=shortened, location=location)


def where_it_hung(text: str, root: Path) -> str:
    """The stacks of the threads that run user code, of all that `faulthandler` wrote."""
    _, *threads = _THREAD.split(text.partition("\nExtension modules:")[0])
    own = [thread.rstrip() for thread in threads if _has_own_frame(thread, root)]
    return "\n\n".join(f"It was here {thread}" for thread in own) or text


def _has_own_frame(thread: str, root: Path) -> bool:
    frames = filter(None, map(_FRAME.match, thread.split("\n")))
    return any(_own_file(frame["file"], root) is not None for frame in frames)


def _is_machinery(file: str) -> bool:
    return (
        file.startswith("<frozen ")
        or "/vercel_runtime/" in file
        or "/vercel_emu/guest/" in file
        or file.endswith(("/importlib/__init__.py", "/importlib/_bootstrap.py"))
        or _PARSER.search(file) is not None
    )


def _own_file(file: str, root: Path) -> str | None:
    path = Path(file)
    if not path.is_absolute():
        return None
    try:
        relative = path.relative_to(root)
    except ValueError:
        return None
    return None if any(part in _ENVIRONMENTS for part in relative.parts) else relative.as_posix()


def _summary(lines: list[str]) -> str:
    """The line to read first: of an exception its first, for a message may have many."""
    for line in lines:
        if line.startswith(_RUNTIME_SAYS):
            return line.strip()
    last = max((at for at, line in enumerate(lines) if _FRAME.match(line)), default=None)
    if last is not None:
        after = (line for line in lines[last:] if line.strip() and not line.startswith(" "))
        if (first := next(after, None)) is not None:
            return first.strip()
    for line in reversed(lines):
        if line.strip() and not line.startswith((" ", _SEE_DOCS)):
            return line.strip()
    return ""

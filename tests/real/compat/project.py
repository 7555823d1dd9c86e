"""The projects as files: a head in TOML that says what to expect, then the texts of its files.

about = "Flask in app.py"

[[ask]]
path = "/"
says = "hello"

-- app.py --
from flask import Flask
...
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import msgspec

from tests.real.support import write_project

FOLDER = Path(__file__).parent / "projects"
_FILE = re.compile(r"^-- (?P<name>\S+) --\n", re.MULTILINE)


class Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request and what has to come back."""

    path: str
    method: str = "GET"
    send: dict[str, str] = {}
    """Headers of the request."""
    body: str = ""
    status: int = 200
    says: str = ""
    """Part of the response's body."""
    headers: dict[str, str] = {}
    """Headers of the response: each value is part of what came."""
    varies: bool = False
    """Whether the body is never the same twice, so that it can't be compared."""
    official: str = ""
    """Why `vercel dev` answers otherwise: a key of REASONS (reasons.py)."""


class Save(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An edit, and what the same request says afterwards."""

    file: str
    old: str
    new: str
    path: str
    says: str


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is expected of a project."""

    about: str
    where: Literal["shared", "own"] = "shared"
    """Whether `make test` plays it too, in one environment, or only `make compat`."""
    folder: str = "."
    """The folder to start in."""
    arguments: tuple[str, ...] = ()
    """More arguments for `vercel-emu dev`."""
    links: dict[str, str] = {}
    """Symbolic links and what they lead to."""
    utf16: tuple[str, ...] = ()
    """Files that are written in UTF-16, as PowerShell's `>` does."""
    git: bool = False
    """Whether it is a git repository with everything added that is not ignored."""
    prepare: tuple[str, ...] = ()
    """Commands of its owner before the start; `{python}` is this interpreter."""
    ask: tuple[Ask, ...] = ()
    save: Save | None = None
    tells: tuple[str, ...] = ()
    """Words of each warning or error that `vercel-emu dev` gives: these, and no others."""
    ends: bool = False
    """Whether `vercel-emu dev` refuses to start."""
    check: tuple[str, ...] = ()
    """Words of each finding of `vercel-emu check`, as `CODE file:line message hint`: no others."""
    check_fails: bool = False
    """Whether one of the findings is an error."""
    official: str = ""
    """Why `vercel dev` can't run it, or answers otherwise throughout: a key of REASONS."""


class Project(msgspec.Struct, frozen=True):
    """One project of the folder `projects`."""

    name: str
    head: Head
    files: dict[str, str]

    def write(self, root: Path) -> Path:
        """Write its files and links below `root`; the folder to start in."""
        self.write_files(root)
        for name, target in self.head.links.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).symlink_to(target)
        return root / self.head.folder

    def write_files(self, root: Path) -> None:
        """Write its files below `root`, also over what was edited."""
        texts = {
            name: text.encode("utf-16") if name in self.head.utf16 else text
            for name, text in self.files.items()
        }
        write_project(root, texts)


def read(path: Path) -> Project:
    """Raises msgspec.ValidationError for a head that says something unknown."""
    head, *rest = _FILE.split(path.read_text())
    files = {
        name: text.rstrip("\n") + "\n" for name, text in zip(rest[::2], rest[1::2], strict=True)
    }
    return Project(path.stem, msgspec.toml.decode(head, type=Head), files)


def all_projects() -> list[Project]:
    """By name."""
    return [read(path) for path in sorted(FOLDER.glob("*.txt"))]

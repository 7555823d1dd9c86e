"""Which of the user's files a function depends on, so that a save concerns no other function."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable
from enum import Enum, auto
from pathlib import Path, PurePosixPath

from vercel_emu.project.model import Entrypoint

_DOCUMENTS = re.compile(
    r"(README|LICEN[CS]E|COPYING|NOTICE|AUTHORS|CHANGE(S|LOG)|HISTORY|CONTRIBUTING|SECURITY"
    r"|CODE_OF_CONDUCT)(\..*)?|(GNU)?[Mm]akefile|justfile|Dockerfile.*|(docker-)?compose.*\.ya?ml"
    r"|(tox|pytest|mypy)\.ini|noxfile\.py|ruff\.toml|\.dockerignore|\.pre-commit-config\.yaml"
    r"|conftest\.py|test_.*\.py|.*_test\.py"
)
_TEST_FOLDERS = frozenset(("test", "tests", ".github", ".devcontainer"))
_MEDIA = frozenset(
    {
        *(".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".ico", ".bmp", ".tif", ".tiff"),
        *(".heic", ".pdf", ".mp3", ".mp4", ".m4a", ".mov", ".avi", ".mkv", ".webm", ".ogg", ".wav"),
        *(".flac", ".doc", ".docx", ".odt", ".ppt", ".pptx", ".zip", ".gz", ".tgz", ".bz2", ".xz"),
        *(".7z"),
    }
)
_TEXT = frozenset(
    {
        *(".json", ".jsonc", ".json5", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf", ".txt"),
        *(".md", ".rst", ".html", ".htm", ".jinja", ".jinja2", ".j2", ".tmpl", ".mustache", ".hbs"),
        *(".svg", ".css", ".scss", ".less", ".js", ".mjs", ".cjs", ".ts", ".tsx", ".jsx", ".vue"),
        *(".svelte", ".map", ".sql", ".graphql", ".po", ".sh", ".ipynb"),
    }
)


class Kind(Enum):
    """What a file that no instance has read may be to one.

    `BESIDE` is nothing to the code: documents, tests, media. `TEXT` and `PYTHON` are opened through
    Python, which tells of it; `OTHER` may have been opened by a C library.
    """

    BESIDE = auto()
    PYTHON = auto()
    TEXT = auto()
    OTHER = auto()


def kind_of(file: str) -> Kind:
    """What a file (with slashes) is, by its name alone."""
    path = PurePosixPath(file)
    if not _TEST_FOLDERS.isdisjoint(path.parts[:-1]) or _DOCUMENTS.fullmatch(path.name):
        return Kind.BESIDE
    suffix = path.suffix.lower()
    if suffix == ".py":
        return Kind.PYTHON
    if suffix in _MEDIA:
        return Kind.BESIDE
    return Kind.TEXT if suffix in _TEXT else Kind.OTHER


class OwnFiles:
    """What a function's instances have imported, read and listed, told as they do it.

    `alone` is the function that is a whole project: a new file in `api/` is no other's.
    """

    def __init__(self, root: Path, entrypoint: Entrypoint, *, alone: bool) -> None:
        self._root = os.path.realpath(root)
        self._alone = alone
        self._entrypoint = entrypoint.file
        self._imported: set[str] = set()
        self._read: dict[str, str] = {}
        self._listed: set[str] = set()

    def imported(self, path: str) -> None:
        """An instance is about to run this file."""
        self._imported.add(os.path.realpath(path))

    def read(self, path: str, where: str) -> None:
        """An instance is about to open this file, at `where` (`file:line`, or empty)."""
        self._read.setdefault(path, where)
        self._read.setdefault(os.path.realpath(path), where)

    def listed(self, path: str) -> None:
        """An instance is about to ask for what is in this folder."""
        self._listed.add(os.path.realpath(path))

    def concern(
        self, files: Iterable[str], appeared: Collection[str], *, failed: bool, starting: bool
    ) -> dict[str, str]:
        """Those of `files` (relative) by which the function may change, each with the reason.

        The reason is empty where it is plain. `failed`: the function could not start, and any file
        may be what it lacks. `starting`: what an instance reads is not all known.
        """
        found: dict[str, str] = {}
        for file in files:
            reason = self._reason(file, file in appeared, failed, starting)
            if reason is not None:
                found[file] = reason
        return found

    def _reason(self, file: str, appeared: bool, failed: bool, starting: bool) -> str | None:
        path = str(Path(self._root, file))
        real = os.path.realpath(path)
        if file == self._entrypoint or real in self._imported:
            return ""
        for one in (path, real):
            if one in self._read:
                where = self._read[one]
                return f"read by {where}" if where else "read"
        if failed:
            return ""
        kind = kind_of(file)
        if appeared and self._is_listed(real):
            return "came or went in a folder that was listed"
        if kind is Kind.OTHER:
            return ""
        if kind is Kind.BESIDE or not (appeared or starting):
            return None
        if kind is Kind.PYTHON and not self._alone and file.startswith("api/"):
            return None
        return "came or went" if appeared else ""

    def _is_listed(self, real: str) -> bool:
        """Whether its folder was listed, or, deeper in the project, one above it."""
        folder = os.path.dirname(real)  # noqa: PTH120
        if folder in self._listed:
            return True
        above = (str(one) for one in Path(folder).parents)
        return any(one in self._listed and one.startswith(self._root + os.sep) for one in above)

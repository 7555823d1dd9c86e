"""Which paths of a project are watched.

Everything that the app may read, except version control, environments, caches, what the emulator
and other tools write themselves, and what `.gitignore` or `.vercelignore` exclude. Files that
configure the project are watched even where git ignores them (`.env.local` usually is), and so are
modules (`local_settings.py`) in folders that it does not ignore.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from pathspec import GitIgnoreSpec

IGNORE_FILES = (".gitignore", ".vercelignore")

_FOLDERS = frozenset(
    {
        *(".git", ".hg", ".svn", ".jj", ".vercel", ".idea", ".vscode"),
        *(".venv", "venv", ".tox", ".nox", ".eggs", "__pypackages__", "node_modules", ".next"),
        *("__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".pytype"),
    }
)
# What editors write beside a file while they save it, what programs write while they run.
_FILES = re.compile(
    r".*(~|\.py[cod]|\.pyc\.\d+|\.sw[a-z]|\.tmp|\.bak|\.orig|\.log|\.pid|\.lock"
    r"|\.(sqlite3?|db)|-journal|-wal|-shm)"
    r"|\.#.*|#.*#|4913|\.DS_Store|\.goutputstream-.*|.*___jb_(tmp|old)___|\.nfs.*|\.coverage(\..*)?"
    r"|sed[A-Za-z0-9]{6}"
)
_ALWAYS = re.compile(
    r"\.env(\..+)?|vercel\.(json|toml)|pyproject\.toml|uv\.lock|pylock\.toml|Pipfile(\.lock)?"
    r"|requirements[^/]*\.(txt|in)"
    r"|\.(git|vercel)ignore"
)
_BACKUP = re.compile(r".*(~|\.sw[a-z]|\.tmp|\.bak|\.orig)")


@dataclass(frozen=True, slots=True)
class Rules:
    """`ignore_files` maps a folder (relative, "" for the root) to the patterns found in it.

    They don't count for the folders in `kept` (relative, ending in a slash): what a tool builds for
    visitors is rarely in git.
    """

    ignore: tuple[str, ...] = ()
    ignore_files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    kept: tuple[str, ...] = ()
    _own: GitIgnoreSpec = field(init=False)
    _specs: dict[str, GitIgnoreSpec] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_own", _spec(self.ignore))
        specs = {folder: _spec(patterns) for folder, patterns in self.ignore_files.items()}
        object.__setattr__(self, "_specs", specs)

    def skips_folder(self, path: str) -> bool:
        """Whether nothing below the folder `path` (relative, with slashes) is watched."""
        return path.rpartition("/")[2] in _FOLDERS or self._excluded(path + "/")

    def skips_file(self, path: str) -> bool:
        """Whether the file `path`, in a folder that is watched, is of no interest."""
        name = path.rpartition("/")[2]
        if self._own.match_file(path):
            return True
        if _ALWAYS.fullmatch(name):
            return _BACKUP.fullmatch(name) is not None
        if _FILES.fullmatch(name):
            return True
        return not name.endswith(".py") and self._excluded(path)

    def _excluded(self, path: str) -> bool:
        if self._own.match_file(path):
            return True
        if any(path.startswith(one) or one.startswith(path) for one in self.kept):
            return False
        return any(
            folder in self._specs and self._specs[folder].match_file(inside)
            for folder, inside in _above(path)
        )


def _above(path: str) -> Iterator[tuple[str, str]]:
    """Each folder that `path` lies in, with the path inside it."""
    yield "", path
    start = path.find("/", 1)
    while 0 < start < len(path) - 1:
        yield path[:start], path[start + 1 :]
        start = path.find("/", start + 1)


@lru_cache(maxsize=4096)
def _spec(patterns: tuple[str, ...]) -> GitIgnoreSpec:
    return GitIgnoreSpec.from_lines(patterns)


def ignore_lines(texts: Iterable[str]) -> tuple[str, ...]:
    """The patterns of a folder's ignore files."""
    return tuple(line for text in texts for line in text.splitlines())

"""Files that the code needs and a deployment lacks: git does not have them, or .vercelignore names
them.

`vercel deploy` from a folder heeds .vercelignore alone (the CLI's `getVercelIgnore`); a deployment
from a repository has what git has.
"""

from __future__ import annotations

import subprocess
from collections.abc import Collection, Mapping
from pathlib import Path

from pathspec import GitIgnoreSpec

from vercel_emu.files.reading import read_text

_TIMEOUT_SECONDS = 5.0
_SAFE = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
"""A repository may name programs of its own."""


def by_vercelignore(root: Path, files: Collection[str]) -> set[str]:
    """Those of `files` (relative, posix) that .vercelignore leaves out."""
    return _matched(root / ".vercelignore", files)


def by_git(root: Path, files: Collection[str], environ: Mapping[str, str]) -> set[str]:
    """Those of `files` that git ignores and does not have.

    In a folder that is no repository yet: those that its .gitignore names.
    """
    if not files:
        return set()
    if not any((folder / ".git").exists() for folder in (root, *root.parents)):
        return _matched(root / ".gitignore", files)
    kept = {key: value for key, value in environ.items() if not key.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", *_SAFE, "check-ignore", "--stdin", "-z"],
            input="\0".join(sorted(files)),
            cwd=root,
            env=kept,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError, UnicodeError):
        return set()
    return set(done.stdout.split("\0")) & set(files)


def _matched(ignore_file: Path, files: Collection[str]) -> set[str]:
    try:
        lines = read_text(ignore_file, errors="replace").splitlines()
    except OSError:
        return set()
    # The CLI takes `./` off the beginning of a line, as its matcher knows no such pattern.
    patterns = GitIgnoreSpec.from_lines(line.removeprefix("./") for line in lines)
    return set(patterns.match_files(files))

"""Which files of a project are public, and which of them answers a URL path.

The folders are read once and after every change (`refresh`, called by the file watcher), so a
lookup is one dictionary access and never touches the disk. Nothing outside a folder can be reached:
only what was found inside it has a path at all.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote_to_bytes

from pathspec import GitIgnoreSpec

from vercel_emu.errors import EmuError, Where
from vercel_emu.project.detection.builds import static_sources
from vercel_emu.project.detection.globs import matches
from vercel_emu.project.vercel_json.model import VercelConfig

DEFAULT_FOLDER = "public"

ENVIRONMENT_MARK = "pyvenv.cfg"
"""A folder with this file is a virtual environment, whatever its name."""

_NEVER_UPLOADED = frozenset(
    (
        *(".hg", ".git", ".svn", ".cache", ".next", ".now", ".vercel", ".venv", "venv", "CVS"),
        *("node_modules", "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache"),
    )
)
_NOT_SERVED = frozenset(
    (
        *(".gitignore", ".gitmodules", ".dockerignore", ".npmignore", ".vercelignore"),
        *(".nowignore", "now.json", "README.md", "middleware.js", "middleware.ts"),
        *("package.json", "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock"),
        *("bun.lockb", "vercel.json", "vercel.toml", "vercel.ts", "vercel.mts", "vercel.js"),
        *("vercel.mjs", "vercel.cjs"),
    )
)
_SOURCES = re.compile(r"(\.py|/requirements\.txt|/pyproject\.toml|/uv\.lock|/Pipfile(\.lock)?)$")
_ENCODED_SEPARATOR = re.compile("%(2f|5c)", re.IGNORECASE)


def _everything(_: str) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Mount:
    """A folder whose files are public under `prefix` (`/`, `/static/`)."""

    folder: Path
    prefix: str = "/"
    includes: Callable[[str], bool] = _everything
    """Asked with each file's path in the folder (posix, relative)."""


class PublicFiles:
    """The public files of a project, by URL path. An earlier mount wins over a later one."""

    def __init__(self, mounts: Sequence[Mount], *, clean_urls: bool = False) -> None:
        self.mounts = tuple(mounts)
        self.clean_urls = clean_urls
        self._files: dict[str, Path] = {}
        self.refresh()

    def refresh(self) -> None:
        """Read the folders again."""
        exact: dict[str, Path] = {}
        for mount in self.mounts:
            for name, file in _walk(mount.folder):
                if mount.includes(name):
                    exact.setdefault(mount.prefix + name, file)
        files = dict(exact)
        for path, file in exact.items():
            if path.endswith("/index.html"):
                folder = path.removesuffix("/index.html")
                files.setdefault(folder or "/", file)
                files.setdefault(f"{folder}/", file)
            elif self.clean_urls and path.endswith(".html"):
                files[path.removesuffix(".html")] = file
                files[path.removesuffix(".html") + "/"] = file
        self._files = files | exact

    def find(self, path: str) -> Path | None:
        """The file for a raw URL path (latin-1, percent-encoded, without a query)."""
        if "%" not in path and path.isascii():
            return self._files.get(path)
        if not self._files or _ENCODED_SEPARATOR.search(path):
            return None
        raw = unquote_to_bytes(path.encode("latin-1", "replace"))
        return self._files.get(raw.decode("utf-8", "surrogateescape"))

    def paths(self) -> list[str]:
        """Every URL path that a file answers, sorted."""
        return sorted(self._files)

    def exposed_sources(self) -> list[str]:
        """Public files that look like source code or requirements, as URL paths."""
        return [path for path in self.paths() if _SOURCES.search(path)]


def public_files(
    root: Path, config: VercelConfig, *, has_app: bool, more: Sequence[Mount] = ()
) -> PublicFiles:
    """What a deployment of `root` publishes.

    With an app only `public/` (or `outputDirectory`). A project of `api/` functions alone publishes
    that folder if it has any file, else everything that is not a function or a setting. Legacy
    `builds` publish what they name. `more` are other folders, such as a framework's static files.
    """
    folder = _output_folder(root, config)
    mounts = [Mount(folder)]
    if config.builds:
        named = static_sources(config.builds)
        mounts = [Mount(root, includes=lambda file: any(matches(glob, file) for glob in named))]
    elif not has_app and next(_walk(folder), None) is None:
        ignored = _not_uploaded(root)

        def is_public(name: str) -> bool:
            return _is_public_by_default(name) and not ignored.match_file(name)

        mounts = [Mount(root, includes=is_public)]
    return PublicFiles([*mounts, *more], clean_urls=bool(config.clean_urls))


def _output_folder(root: Path, config: VercelConfig) -> Path:
    name = config.output_directory or DEFAULT_FOLDER
    folder = root / name
    if not folder.resolve().is_relative_to(root.resolve()):
        raise EmuError(
            "INVALID_OUTPUT_DIRECTORY",
            f"{config.file_name or 'vercel.json'}: `outputDirectory` {name!r} lies outside the "
            "project.",
            "Name a folder inside the project, such as `public`.",
            where=Where(config.file_name or "vercel.json", "outputDirectory"),
        )
    return folder


def _not_uploaded(root: Path) -> GitIgnoreSpec:
    """What git or `.vercelignore` keeps out of the deployment."""
    lines: list[str] = []
    for name in (".gitignore", ".vercelignore"):
        with contextlib.suppress(OSError):
            lines += (root / name).read_text("utf-8", "replace").splitlines()
    return GitIgnoreSpec.from_lines(lines)


def _is_public_by_default(name: str) -> bool:
    """Whether a file of an `api/`-only project is downloadable from its deployment."""
    path = PurePosixPath(name)
    if path.parts[0] == "api" or path.name.startswith(".env"):
        return False
    return name not in _NOT_SERVED and path.name not in (".DS_Store", ".gitignore")


def _walk(folder: Path) -> Iterator[tuple[str, Path]]:
    """`(posix path in the folder, file)` of every file in it; links that lead out are left out."""
    try:
        top = folder.resolve(strict=True)
    except (OSError, RuntimeError):
        return
    pending = [(folder, "")]
    seen = {top}
    while pending:
        current, prefix = pending.pop()
        for entry in _entries(current):
            name = prefix + entry.name
            if "\\" in entry.name or entry.name in _NEVER_UPLOADED:
                continue
            inside = not entry.is_symlink() or _is_inside(entry.path, top)
            if not inside:
                continue
            if entry.is_file():
                yield name, Path(entry.path)
            elif entry.is_dir():
                real = Path(entry.path).resolve()
                if real not in seen and not (real / ENVIRONMENT_MARK).exists():
                    seen.add(real)
                    pending.append((Path(entry.path), f"{name}/"))


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []


def _is_inside(path: str, top: Path) -> bool:
    try:
        return Path(path).resolve(strict=True).is_relative_to(top)
    except (OSError, RuntimeError):
        return False

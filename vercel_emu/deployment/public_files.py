"""Which files of a project are public, and which of them answers a URL path.

The folders are read once and after every change (`refresh`, called by the file watcher), so a
lookup is one dictionary access, and a look at the file itself. Nothing outside a folder can be
reached: only what was found inside it has a path at all, and a link only with what it leads to.
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
from vercel_emu.files.reading import UnfitFileError, next_step, read_text
from vercel_emu.files.walking import Follow, Walk, is_environment, is_within
from vercel_emu.project.detection.builds import static_builds, static_sources
from vercel_emu.project.detection.frontends import DEFAULT_OUTPUT, output_folder
from vercel_emu.project.detection.globs import matches
from vercel_emu.project.model import Frontend
from vercel_emu.project.vercel_json.model import VercelConfig

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
    before_app: bool = False
    """Its files are served where legacy `routes` send their paths to the app."""


@dataclass(frozen=True, slots=True)
class _Published:
    file: Path
    real: str
    """Where it lies without links."""
    mount: Mount


class PublicFiles:
    """The public files of a project, by URL path. An earlier mount wins over a later one."""

    def __init__(self, mounts: Sequence[Mount], *, clean_urls: bool = False) -> None:
        self.mounts = tuple(mounts)
        self.clean_urls = clean_urls
        self._files: dict[str, _Published] = {}
        self.refresh()

    def refresh(self) -> None:
        """Read the folders again."""
        exact: dict[str, _Published] = {}
        for mount in self.mounts:
            for name, one in _published(mount):
                exact.setdefault(mount.prefix + name, one)
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
        one = self._published_at(path)
        return None if one is None else one.file

    def find_before_app(self, path: str) -> Path | None:
        """The same, of the folders whose files come before an app that `routes` lead to."""
        one = self._published_at(path)
        return one.file if one is not None and one.mount.before_app else None

    def _published_at(self, path: str) -> _Published | None:
        if "%" not in path and path.isascii():
            return self._unless_replaced(path)
        if not self._files or _ENCODED_SEPARATOR.search(path):
            return None
        raw = unquote_to_bytes(path.encode("latin-1", "replace"))
        return self._unless_replaced(raw.decode("utf-8", "surrogateescape"))

    def _unless_replaced(self, path: str) -> _Published | None:
        """The file, unless a link has come into its place that leads to what is not public."""
        one = self._files.get(path)
        if one is None:
            return None
        real = os.path.realpath(one.file)
        return one if real == one.real or _is_public(real, one.mount) else None

    def holds(self, file: Path) -> bool:
        """Whether this file is public."""
        return any(one.file == file for one in self._files.values())

    def paths(self) -> list[str]:
        """Every URL path that a file answers, sorted."""
        return sorted(self._files)

    def exposed_sources(self) -> list[str]:
        """Public files that look like source code or requirements, as URL paths."""
        return [path for path in self.paths() if _SOURCES.search(path)]


def public_files(
    root: Path,
    config: VercelConfig,
    *,
    has_app: bool,
    frontend: Frontend | None = None,
    more: Sequence[Mount] = (),
) -> PublicFiles:
    """What a deployment of `root` publishes.

    With a front end only its output. With an app only `public/` (or `outputDirectory`). Else that
    folder if it has any file, or everything that is not a function or a setting, unless there are
    services, which publish their own. Legacy `builds` publish what they name, and what they make.
    `more` are other folders, such as a framework's static files.
    """
    clean_urls = bool(config.clean_urls)
    if config.builds:
        named = static_sources(config.builds)
        listed = Mount(root, includes=lambda file: any(matches(glob, file) for glob in named))
        # Django's sources come first: they are newer than what the last build collected of them.
        mounts = [listed, *more, *built_mounts(root, config)]
        return PublicFiles(mounts, clean_urls=clean_urls)
    folder = published_folder(root, config, frontend)
    mounts = [Mount(folder)] if folder != root else [_root_mount(root)]
    has_own = frontend is not None or has_app or bool(config.services)
    if not has_own and next(_published(mounts[0]), None) is None:
        mounts = [_root_mount(root)]
    return PublicFiles([*mounts, *more], clean_urls=clean_urls)


def published_folder(root: Path, config: VercelConfig, frontend: Frontend | None = None) -> Path:
    """The folder that a deployment publishes: a front end's output, or `outputDirectory`.

    Raises:
        EmuError: it lies outside of the project.
    """
    if frontend is not None:
        _require_inside(root, frontend.output, config, "outputDirectory")
        return output_folder(root, frontend)
    name = config.output_directory or DEFAULT_OUTPUT
    _require_inside(root, name, config, "outputDirectory")
    return root / name


def built_mounts(root: Path, config: VercelConfig) -> list[Mount]:
    """What the static builds of `builds` have made, published below the folder of each."""
    mounts: list[Mount] = []
    for build in static_builds(config.builds):
        folder = build.output(root)
        _require_inside(root, str(folder), config, "builds")
        mounts.append(_root_mount(root) if folder == root else Mount(folder, build.prefix))
    return mounts


def _require_inside(root: Path, name: str, config: VercelConfig, key: str) -> None:
    if "\0" not in name and (root / name).resolve().is_relative_to(root.resolve()):
        return
    file = config.file_name or "vercel.json"
    what = "`outputDirectory`" if key == "outputDirectory" else "`distDir` in `builds`"
    raise EmuError(
        "INVALID_OUTPUT_DIRECTORY",
        f"{file}: {what} {name!r} lies outside the project.",
        "Name a folder inside the project, such as `public`.",
        where=Where(file, key),
    )


def _root_mount(root: Path) -> Mount:
    """The project's own folder without functions, settings and what is not uploaded."""
    ignored = _not_uploaded(root)

    def is_public(name: str) -> bool:
        return _is_public_by_default(name) and not ignored.match_file(name)

    return Mount(root, includes=is_public)


def _not_uploaded(root: Path) -> GitIgnoreSpec:
    """What git or `.vercelignore` keeps out of the deployment."""
    lines: list[str] = []
    for name in (".gitignore", ".vercelignore"):
        with contextlib.suppress(FileNotFoundError, IsADirectoryError):
            lines += _lines(root / name)
    return GitIgnoreSpec.from_lines(lines)


def _lines(file: Path) -> list[str]:
    try:
        return read_text(file, errors="replace").splitlines()
    except UnfitFileError as error:
        raise EmuError(
            "IGNORE_FILE_UNREADABLE",
            f"{file.name} can't be read: {error.strerror}. It says what is not public.",
            next_step(error, ""),
            where=Where(file.name),
        ) from None


def _is_public_by_default(name: str) -> bool:
    """Whether a file of an `api/`-only project is downloadable from its deployment."""
    path = PurePosixPath(name)
    if path.parts[0] == "api" or path.name.startswith(".env"):
        return False
    return name not in _NOT_SERVED and path.name not in (".DS_Store", ".gitignore")


def _published(mount: Mount) -> Iterator[tuple[str, _Published]]:
    """Every public file of a folder by its path in there.

    A link is public if what it leads to is, in the same folder, and is not hidden.
    """
    walk = Walk(str(mount.folder), enters=_may_hold_public_files, follow=Follow.INSIDE)
    for folder in walk:
        for entry in folder.files():
            file = Path(entry.path)
            name = file.relative_to(mount.folder).as_posix()
            if not (_is_uploaded(entry.name) and mount.includes(name) and file.is_file()):
                continue
            real = os.path.join(folder.real, entry.name)  # noqa: PTH118
            if entry.is_symlink():
                real = os.path.realpath(real)
            if real == os.path.join(walk.real, name) or _is_public(real, mount):  # noqa: PTH118
                yield name, _Published(file, real, mount)


def _may_hold_public_files(folder: str) -> bool:
    return _is_uploaded(Path(folder).name) and not is_environment(folder)


def _is_uploaded(name: str) -> bool:
    return "\\" not in name and name not in _NEVER_UPLOADED


def _is_public(real: str, mount: Mount) -> bool:
    """Whether a link may lead to this file."""
    top = os.path.realpath(mount.folder)
    if not is_within(real, top):
        return False
    inside = PurePosixPath(real).relative_to(top)
    if any(_is_hidden(part) or not _is_uploaded(part) for part in inside.parts):
        return False
    return mount.includes(inside.as_posix())


def _is_hidden(name: str) -> bool:
    return name.startswith(".") and name != ".well-known"

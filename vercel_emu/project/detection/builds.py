"""The legacy `builds` of vercel.json: they name the functions, and nothing else is looked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from vercel_emu.errors import Where
from vercel_emu.project.detection import entrypoint_errors, globs
from vercel_emu.project.detection.entrypoint import meant_entrypoint, no_top_level, python_files
from vercel_emu.project.detection.functions import path_of
from vercel_emu.project.detection.sources import Sources
from vercel_emu.project.model import FOUND_BY_BUILDS, Function
from vercel_emu.project.vercel_json.model import Build

APP = "app"


def python_sources(builds: Sequence[Build]) -> list[str]:
    """The files, or globs, that are built as Python functions."""
    return [_plain(build.src) for build in builds if _builder(build) == "@vercel/python"]


def static_sources(builds: Sequence[Build]) -> list[str]:
    """The files, or globs, that are published as they are."""
    return [_plain(build.src) for build in builds if _builder(build) == "@vercel/static"]


@dataclass(frozen=True, slots=True)
class StaticBuild:
    """One `@vercel/static-build`: a script or a package.json, and where it leaves its files."""

    source: str
    """Relative to the root (`build_files.sh`, `web/package.json`)."""
    dist_dir: str | None

    @property
    def folder(self) -> PurePosixPath:
        """The folder of the source, in which it runs and below which its files are published."""
        return PurePosixPath(self.source).parent

    @property
    def prefix(self) -> str:
        """The URL path that its files are published at."""
        return "/" if str(self.folder) == "." else f"/{self.folder}/"

    def output(self, root: Path) -> Path:
        """Its files, once it has run: `distDir`, else `dist`, or `public` where only that is there.

        That is what `@vercel/static-build` looks for (vercel/vercel, packages/static-build).
        """
        folder = root / self.folder
        if self.dist_dir is None and self.source.endswith("package.json"):
            dist, public = folder / "dist", folder / "public"
            return public if public.is_dir() and not dist.exists() else dist
        return folder / (self.dist_dir or "dist")


def static_builds(builds: Sequence[Build]) -> list[StaticBuild]:
    """The builds whose output is published."""
    return [
        StaticBuild(_plain(build.src), build.dist_dir)
        for build in builds
        if _builder(build) == "@vercel/static-build"
    ]


def names_functions(builds: Sequence[Build]) -> bool:
    """Whether `builds` say which functions there are: others' builders may make Python ones too."""
    builders = [_builder(build) for build in builds]
    if "@vercel/python" in builders:
        return True
    return bool(builders) and all(one.startswith("@vercel/") for one in builders)


def built_functions(sources: Sources, builds: Sequence[Build]) -> tuple[Function, ...]:
    """The functions of the builds: a single file is the app, several are functions by path.

    Raises:
        EmuError: a file that is named is not there, or exports no app.
    """
    files = list(dict.fromkeys(_files(sources, python_sources(builds))))
    for file in files:
        if not (sources.root / file).is_file():
            at = next(
                at for at, one in enumerate(builds) if file in _files(sources, [_plain(one.src)])
            )
            where = Where("vercel.json", f"builds[{at}].src")
            raise entrypoint_errors.build_missing(file, python_files(sources.root), where)
    if len(files) == 1:
        return (_function(sources, APP, files[0]),)
    return tuple(_function(sources, file.removesuffix(".py"), file) for file in files)


def _function(sources: Sources, name: str, file: str) -> Function:
    entrypoint = meant_entrypoint(sources, file, FOUND_BY_BUILDS)
    if entrypoint is None:
        raise no_top_level(sources, file)
    return Function(name=name, entrypoint=entrypoint, path=None if name == APP else path_of(file))


def _files(sources: Sources, patterns: Sequence[str]) -> list[str]:
    found: list[str] = []
    known: list[str] | None = None
    for pattern in patterns:
        if not any(character in pattern for character in "*?{"):
            found.append(pattern if pattern.endswith(".py") else f"{pattern}.py")
            continue
        known = python_files(sources.root) if known is None else known
        exports = sources.exports(file for file in known if globs.matches(pattern, file))
        found += [file for file, variable in exports.items() if variable]
    return found


def _plain(source: str) -> str:
    return source.removeprefix("./").lstrip("/")


def _builder(build: Build) -> str:
    """The package's name without a version: `@now/python@1` is `@vercel/python`."""
    scope, _, rest = build.use.removeprefix("@").partition("/")
    return f"@{'vercel' if scope == 'now' else scope}/{rest.partition('@')[0]}"

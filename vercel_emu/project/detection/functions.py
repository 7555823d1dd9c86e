"""Which files in `api/` are functions, which URL paths they answer, and which names collide."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from vercel_emu.errors import EmuError, Where
from vercel_emu.files.walking import Walk
from vercel_emu.project.detection import globs
from vercel_emu.project.detection.entrypoint import meant_entrypoint, python_files
from vercel_emu.project.detection.sources import Sources
from vercel_emu.project.model import FOUND_BY_API, Function, FunctionPath, FunctionSettings

OTHER_RUNTIMES = (".js", ".mjs", ".ts", ".tsx", ".go", ".rb", ".rs")


def find_functions(sources: Sources) -> tuple[Function, ...]:
    """The Python functions of `api/`, most specific first, or an `EmuError` on a conflict."""
    candidates = function_candidates(sources.root)
    sources.exports(candidates)
    entrypoints = {file: meant_entrypoint(sources, file, FOUND_BY_API) for file in candidates}
    files = sort_functions(file for file, entrypoint in entrypoints.items() if entrypoint)
    check_conflicts(files)
    return tuple(
        Function(name=file.removesuffix(".py"), entrypoint=entrypoint, path=path_of(file))
        for file in files
        if (entrypoint := entrypoints[file]) is not None
    )


def function_candidates(root: Path) -> list[str]:
    """`api/**/*.py` without parts that start with `.` or `_`, sorted."""
    api = root / "api"
    if not api.is_dir():
        return []
    files = (f"api/{file}" for file in python_files(api, inside=root))
    return [file for file in files if not any(part[0] in "._" for part in file.split("/"))]


def other_functions(root: Path) -> list[str]:
    """Functions of other runtimes in `api/`, which a deployment has and this emulator has not."""
    walk = Walk(str(root / "api"), enters=_may_hold_functions, inside=str(root))
    return sorted(
        Path(entry.path).relative_to(root).as_posix()
        for folder in walk
        for entry in folder.files()
        if entry.name[0] not in "._"
        and entry.name.endswith(OTHER_RUNTIMES)
        and "_test.go" not in entry.name
    )


def _may_hold_functions(folder: str) -> bool:
    name = Path(folder).name
    return name[0] not in "._" and name != "node_modules"


def sort_functions(files: Iterable[str]) -> list[str]:
    """More segments first, then fewer placeholders, then by name: the order of matching."""
    return sorted(files, key=lambda file: (-file.count("/"), len(placeholders(file)), file))


def placeholders(file: str) -> list[str]:
    """The names in `[brackets]`, in path order; only a whole segment is a placeholder."""
    return [name for part in file.split("/") if (name := _placeholder(part)) is not None]


def path_of(file: str) -> FunctionPath:
    """The URL paths of a file: `api/x.py` is `/api/x`, `/api/x/` and `/api/x.py`."""
    *folders, last = file.split("/")
    regex = "".join("/" + _segment_regex(folder) for folder in folders)
    stem, suffix = PurePosixPath(last).stem, re.escape(PurePosixPath(last).suffix)
    if stem == "index":
        regex += f"(?:/|/index|/index{suffix})?"
    elif _placeholder(last) is not None:
        regex += "/([^/]+)"
    else:
        name = re.escape(stem)
        regex += f"/(?:{name}/|{name}|{name}{suffix})"
    return FunctionPath(regex, tuple(placeholders(file)))


def check_conflicts(files: list[str]) -> None:
    """Raise for a placeholder used twice in a path, or two files that mean the same path."""
    for file in files:
        names = placeholders(file)
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise EmuError(
                "conflicting_path_segment",
                f'The segment "{twice}" occurs more than one time in your path "{file}". '
                "Please make sure that every segment in a path is unique.",
                "Rename one of the folders or the file.",
                where=Where(file),
            )
        others = [other for other in files if other != file and _conflict(file, other)]
        if others:
            raise EmuError(
                "conflicting_file_path",
                "Two or more files have conflicting paths or names. Please make sure path "
                "segments and filenames, without their extension, are unique. "
                f'The path "{file}" has conflicts with {_and(others)}.',
                "Rename or remove one of them; a file whose name starts with `_` is no function.",
                where=Where(file),
            )


def apply_settings(
    functions: tuple[Function, ...], settings: Mapping[str, FunctionSettings]
) -> tuple[Function, ...]:
    """Give each function the first `functions` glob of vercel.json that matches its file."""
    return tuple(_with_settings(function, settings) for function in functions)


def unused_patterns(files: Iterable[str], settings: Mapping[str, FunctionSettings]) -> list[str]:
    """The globs that match none of `files`."""
    known = list(files)
    return [glob for glob in settings if not any(globs.matches(glob, file) for file in known)]


def unused_function(pattern: str) -> EmuError:
    return EmuError(
        "unused_function",
        f'The pattern "{pattern}" defined in `functions` doesn\'t match any Serverless '
        "Functions inside the `api` directory.",
        "Correct or remove that key of `functions` in vercel.json. A Python file counts only "
        "if it exports a top-level app, application or handler.",
        where=Where("vercel.json", f"functions['{pattern}']"),
    )


def _with_settings(function: Function, settings: Mapping[str, FunctionSettings]) -> Function:
    file = function.entrypoint.file
    chosen = next((value for glob, value in settings.items() if globs.matches(glob, file)), None)
    if chosen is None:
        return function
    return replace(
        function,
        max_duration=chosen.max_duration or function.max_duration,
        memory_mb=chosen.memory_mb or function.memory_mb,
    )


def _placeholder(segment: str) -> str | None:
    stem = PurePosixPath(segment).stem
    inside = len(stem) > 2 and stem.startswith("[") and stem.endswith("]")
    return stem[1:-1] if inside else None


def _segment_regex(segment: str) -> str:
    return "([^/]+)" if _placeholder(segment) is not None else re.escape(segment)


def _conflict(one: str, other: str) -> bool:
    if _resolved(one) == _resolved(other):
        return True
    return _differ_in_placeholder(one.split("/"), other.split("/"))


def _resolved(file: str) -> str:
    path = PurePosixPath(file).with_suffix("").as_posix()
    return "/".join(re.sub(r"\[.*\]", "1", part) for part in path.split("/"))


def _differ_in_placeholder(one: list[str], other: list[str]) -> bool:
    """Equal up to a place where both have a placeholder, of different names."""
    for left, right in zip(one, other, strict=False):
        names = _placeholder(left), _placeholder(right)
        if left != right and None in names:
            return False
        if names[0] != names[1]:
            return True
    return False


def _and(files: list[str]) -> str:
    quoted = [f'"{file}"' for file in files]
    if len(quoted) <= 2:
        return " and ".join(quoted)
    return f"{', '.join(quoted[:-1])}, and {quoted[-1]}"

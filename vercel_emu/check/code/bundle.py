"""Files that the code reads and a function lacks in a deployment.

Only what is certain: reads that the app makes when it is imported, or a function whenever it is
called, of files that are there, by a path that the source tells. A read whose failure is caught,
or that stands under a condition, counts for nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vercel_emu.check.code.paths import TASK, path_of
from vercel_emu.check.imports import left_out as ignored
from vercel_emu.check.imports.reached import Reached, Tree
from vercel_emu.check.model import Checked, Finding, Severity
from vercel_emu.errors import Where
from vercel_emu.guest.analysis.facts import Call
from vercel_emu.guest.file_system.left_out import LeftOut
from vercel_emu.project.bundle import left_out

_OPENERS = frozenset(
    {
        *("open", "io.open", "codecs.open", "gzip.open", "builtins.open", "aiofiles.open"),
        *("anyio.open_file", "PIL.Image.open"),
    }
)
_READERS = frozenset(
    {f"pandas.read_{kind}" for kind in ("csv", "json", "excel", "parquet", "pickle")}
    | {"numpy.load", "joblib.load", "torch.load", "sqlite3.connect", "os.listdir", "os.scandir"}
    | {f"{package}.responses.FileResponse" for package in ("fastapi", "starlette")}
)
_OF_FOLDERS = frozenset(
    {f"{package}.templating.Jinja2Templates" for package in ("fastapi", "starlette")}
    | {f"{package}.staticfiles.StaticFiles" for package in ("fastapi", "starlette")}
    | {"jinja2.FileSystemLoader", "jinja2.loaders.FileSystemLoader"}
)
_METHODS = frozenset({"read_text", "read_bytes", "open", "iterdir"})
_PROBE = "qzx7"
"""Stands for any file of a folder."""


@dataclass(frozen=True, slots=True)
class _Read:
    """What is read (relative to the root), where, and whether the app can't start without."""

    path: str
    is_folder: bool
    where: Where
    at_import: bool


def bundle_faults(checked: Checked, tree: Tree) -> Iterator[Finding]:
    """Reads of files that `.vercelignore`, git, `excludeFiles` or the builder leave out."""
    lacking = _Lacking(checked)
    found = {one.path: one for one in reversed([*_reads(checked.root, tree)])}
    rest: list[_Read] = []
    for read in reversed(found.values()):
        if why := lacking.why(read):
            yield _finding(read, "error" if _stops_the_start(read) else "warning", why)
        else:
            rest.append(read)
    yield from lacking.imported(tree)
    if checked.config.build_command is None:  # which may put there what git has not
        yield from _not_in_git(checked, rest)


def _stops_the_start(read: _Read) -> bool:
    """Whether it certainly does; a mounted `public/` may be there, empty, for FastAPI."""
    return read.at_import and not (read.is_folder and "/public/" in f"/{read.path}/")


class _Lacking:
    """Asks the rules of every function: only what none of them has is certain."""

    def __init__(self, checked: Checked) -> None:
        project, config = checked.project, checked.config
        rules = [left_out(project, config, function) for function in project.functions]
        self._functions = [LeftOut(one) for one in rules]
        self._entrypoints = {function.entrypoint.file for function in project.functions}

    def why(self, read: _Read) -> str:
        if read.is_folder:
            reasons = [one.why_folder(read.path) for one in self._functions]
        else:
            reasons = [one.why(read.path) for one in self._functions]
        return reasons[0] if reasons and all(reasons) else ""

    def imported(self, tree: Tree) -> Iterator[Finding]:
        """Modules that the bundle lacks; those of .vercelignore are told with the imports."""
        for file in tree:
            reasons = [one.why(file.file) for one in self._functions]
            why = reasons[0] if reasons and all(reasons) else ""
            if why and not why.startswith(".") and file.file not in self._entrypoints:
                yield Finding(
                    severity="warning" if file.late else "error",
                    code="IMPORT_LEFT_OUT",
                    message=f"{file.file} is imported, but no function has it in a deployment",
                    where=Where(file.file),
                    hint=why,
                )


def _reads(root: Path, tree: Tree) -> Iterator[_Read]:
    for file in tree:
        for call in file.facts.calls:
            if not call.conditions and not call.caught:
                yield from _of_call(root, file, call, at_import=not file.late)
        for call in file.facts.reads:
            yield from _of_call(root, file, call, at_import=False)


def _of_call(root: Path, file: Reached, call: Call, *, at_import: bool) -> Iterator[_Read]:
    text = _read_by(call)
    if text is None:
        return
    values = dict(file.facts.values)
    if call.through is not None or call.conditions:  # a function's own names hide the module's
        values = {name: value for name, value in values.items() if name.isupper()}
    path = path_of(text, file.file, values)
    if path is None or path == TASK or not path.is_relative_to(TASK):
        return
    name = str(path.relative_to(TASK))
    local = root / name
    if local.exists():
        yield _Read(name, local.is_dir(), Where(file.file, line=call.line), at_import)


def _read_by(call: Call) -> str | None:
    """The expression of the path that a call reads; None for calls that read nothing."""
    if call.callee in _OPENERS:
        return _argument(call, 0) if _only_reads(_argument(call, 1, "mode")) else None
    if call.callee in _READERS:
        return _argument(call, 0)
    if call.callee in _OF_FOLDERS:
        checks = dict(call.keywords).get("check_dir", "True") == "True"
        return _argument(call, 0, "directory", "searchpath") if checks else None
    receiver, _, method = call.written.rpartition(".")
    if method not in _METHODS or not call.callee.startswith("pathlib.Path"):
        return None
    if method == "open" and not _only_reads(_argument(call, 0, "mode")):
        return None
    return receiver


def _argument(call: Call, place: int, *names: str) -> str | None:
    if len(call.arguments) > place:
        return None if call.arguments[place].startswith("*") else call.arguments[place]
    keywords = dict(call.keywords)
    return next((keywords[name] for name in names if name in keywords), None)


def _only_reads(mode: str | None) -> bool:
    try:
        value = ast.literal_eval(mode or "'r'")
    except (ValueError, SyntaxError):
        return False
    return isinstance(value, str) and not any(char in value for char in "wax+")


def _not_in_git(checked: Checked, reads: list[_Read]) -> Iterator[Finding]:
    asked = {f"{one.path}/{_PROBE}" if one.is_folder else one.path: one for one in reads}
    for name in sorted(ignored.by_git(checked.root, asked.keys(), checked.environ)):
        yield _finding(asked[name], "warning", "", by_git=True)


def _finding(read: _Read, severity: Severity, why: str, *, by_git: bool = False) -> Finding:
    what = f"the folder {read.path}" if read.is_folder else read.path
    lacks = "but no function has it in a deployment"
    if by_git:
        lacks = "but git ignores it: a deployment from the repository lacks it"
        why = "Add it to git (`git add -f`), or have the code do without it."
    return Finding(
        severity=severity,
        code="READS_LEFT_OUT",
        message=f"{what} is read, {lacks}",
        where=read.where,
        hint=why,
    )

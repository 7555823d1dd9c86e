"""What the deployed code imports, against what the project declares.

Followed from the entrypoints without running anything, so that scripts beside the app don't count.
Where the way can't be followed (Django names its modules in texts; no entrypoint was found), every
file counts that is not for tests.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

from vercel_emu.check.model import Checked, Finding
from vercel_emu.check.packages import Packages
from vercel_emu.errors import Where
from vercel_emu.project.detection.entrypoint import python_files

_FOR_TESTS = ("tests", "test", "conftest.py", "noxfile.py", "setup.py")


@dataclass(frozen=True, slots=True)
class Import:
    """An import that must succeed: dotted name (relative ones resolved) and line."""

    module: str
    line: int


def import_faults(checked: Checked, packages: Packages) -> Iterator[Finding]:
    """Imports that work here and fail in a deployment."""
    if checked.declared is None:
        return
    manifest = checked.manifest.file.name if checked.manifest else "a requirements.txt"
    for module, where in sorted(_foreign(checked).items(), key=itemgetter(0)):
        owners = packages.owners(module)
        if module == "vercel":
            # The emulator brings its own where the package is missing; a deployment has none.
            owners = {"vercel"}
        if not owners or owners & packages.needed:
            continue
        name = sorted(owners)[0]
        yield Finding(
            severity="error",
            code="IMPORT_NOT_DECLARED",
            message=f"`{module}` is imported, but {manifest} does not ask for `{name}`",
            where=where,
            hint=f"Add `{name}` to it, or the import fails in a deployment.",
        )


def _foreign(checked: Checked) -> dict[str, Where]:
    """The top-level modules that are neither Python's nor the project's, with the first place."""
    files = [file for file in python_files(checked.root) if not _is_for_tests(file)]
    own = {part.removesuffix(".py") for file in files for part in file.split("/")}
    found: dict[str, Where] = {}
    for file, imports in _deployed(checked, files).items():
        for one in imports:
            top_level = one.module.partition(".")[0]
            if top_level not in own and top_level not in sys.stdlib_module_names:
                found.setdefault(top_level, Where(file, line=one.line))
    return found


def _deployed(checked: Checked, files: list[str]) -> dict[str, list[Import]]:
    """The files that the functions run, with what each imports."""
    functions = checked.project.functions
    if not functions or checked.project.django is not None:
        return {file: _imports(checked.root, file) for file in files}
    known = set(files)
    folders = {"", *(f"{one.entrypoint.base_dir}/".lstrip("/") for one in functions)}
    pending = [one.entrypoint.file for one in functions]
    found: dict[str, list[Import]] = {}
    while pending:
        file = pending.pop()
        if file in found:
            continue
        found[file] = _imports(checked.root, file)
        for one in found[file]:
            pending += [path for path in _files_of(one.module, folders) if path in known]
    return found


def _files_of(module: str, folders: Iterable[str]) -> Iterator[str]:
    """Where a module and the packages above it may be."""
    parts = module.split(".")
    for folder in folders:
        for count in range(1, len(parts) + 1):
            path = folder + "/".join(parts[:count])
            yield f"{path}.py"
            yield f"{path}/__init__.py"


def _imports(root: Path, file: str) -> list[Import]:
    try:
        tree = ast.parse((root / file).read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return []
    return list(_needed_by(tree.body, file.split("/")[:-1]))


def _needed_by(body: Iterable[ast.stmt], package: list[str]) -> Iterator[Import]:
    """Imports, without those that only type checkers see or that may fail."""
    for node in body:
        match node:
            case ast.Import(names=names):
                for alias in names:
                    yield Import(alias.name, node.lineno)
            case ast.ImportFrom(module=module, names=names, level=level):
                above = package[: len(package) - level + 1] if level else []
                base = ".".join([*above, module] if module else above)
                for alias in names:
                    yield Import(f"{base}.{alias.name}" if base else alias.name, node.lineno)
            case ast.Try(handlers=handlers) if handlers:
                continue
            case ast.If(test=test) if "TYPE_CHECKING" in ast.unparse(test):
                yield from _needed_by(node.orelse, package)
            case _:
                for field in ("body", "orelse", "finalbody"):
                    inner = getattr(node, field, [])
                    yield from _needed_by(inner if isinstance(inner, list) else [], package)


def _is_for_tests(file: str) -> bool:
    parts = file.split("/")
    return any(part in _FOR_TESTS for part in parts) or parts[-1].startswith("test_")

"""What the deployed code imports, against what the project declares.

Followed from the entrypoints without running anything, so that scripts beside the app don't count.
Where the way can't be followed (Django names its modules in texts; no entrypoint was found), every
file counts that is not for tests.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import itemgetter

from vercel_emu.check.model import Checked, Finding
from vercel_emu.check.packages import Packages
from vercel_emu.errors import Where
from vercel_emu.guest.analysis.facts import MAIN, OPTIONAL, TYPING, Facts
from vercel_emu.guest.analysis.facts import Import as Statement
from vercel_emu.project.detection.entrypoint import python_files
from vercel_emu.project.detection.sources import Sources

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
    sources = _sources(checked)
    functions = checked.project.functions
    if not functions or checked.project.django is not None:
        return {file: _needed(file, facts) for file, facts in sources.facts(files).items()}
    known = set(files)
    folders = {"", *(f"{one.entrypoint.base_dir}/".lstrip("/") for one in functions)}
    pending = [one.entrypoint.file for one in functions]
    found: dict[str, list[Import]] = {}
    facts = sources.facts([*pending, *files])
    while pending:
        file = pending.pop()
        if file in found:
            continue
        found[file] = _needed(file, facts[file])
        for one in found[file]:
            pending += [path for path in _files_of(one.module, folders) if path in known]
    return found


def _sources(checked: Checked) -> Sources:
    """The project's files as its own interpreter reads them."""
    interpreter = checked.interpreter
    if interpreter is None:
        return Sources(checked.root)
    same = interpreter.version[:2] == sys.version_info[:2]
    return Sources(checked.root, interpreter.path, same_grammar=same)


def _files_of(module: str, folders: Iterable[str]) -> Iterator[str]:
    """Where a module and the packages above it may be."""
    parts = module.split(".")
    for folder in folders:
        for count in range(1, len(parts) + 1):
            path = folder + "/".join(parts[:count])
            yield f"{path}.py"
            yield f"{path}/__init__.py"


def _needed(file: str, facts: Facts) -> list[Import]:
    """The imports without those that only type checkers see or that may fail."""
    package = file.split("/")[:-1]
    return [
        Import(_dotted(one, package), one.line)
        for one in facts.imports
        if not {TYPING, OPTIONAL, MAIN} & {*one.conditions}
    ]


def _dotted(one: Statement, package: list[str]) -> str:
    above = package[: len(package) - one.level + 1] if one.level else []
    return ".".join(filter(None, (*above, one.module, one.name or "")))


def _is_for_tests(file: str) -> bool:
    parts = file.split("/")
    return any(part in _FOR_TESTS for part in parts) or parts[-1].startswith("test_")

"""Imports that fail in a deployment, and files of the project that it lacks.

An import that runs with the app is an error; one in a function is a warning, since only a request
that calls the function fails. Of imports that may fail or may not be reached nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from vercel_emu.check.imports import left_out, names
from vercel_emu.check.imports.needed import Answer, Needed
from vercel_emu.check.imports.reached import Tree, certain_imports, locate
from vercel_emu.check.model import Checked, Finding, Severity
from vercel_emu.check.python import python_of_deployment
from vercel_emu.errors import EmuError, Where
from vercel_emu.guest.analysis.facts import Import
from vercel_emu.project.pyproject import load_toml
from vercel_emu.project.python.declared import is_package
from vercel_emu.project.python.requirements import relative

_SERVERS = frozenset({"uvicorn", "gunicorn", "hypercorn", "granian", "waitress", "daphne"})
"""What a function of the app imports to serve it, the platform never calls."""
_PATH_CHANGES = re.compile(rb"\bsys\.path\b|\baddsitedir\b|\b__path__\b|\bsys\.meta_path\b")
_SHOWN = 5


def import_faults(checked: Checked, needed: Needed, tree: Tree) -> Iterator[Finding]:
    """Imports that nothing answers in a deployment."""
    yield from _Imports(checked, needed, tree).findings()


def left_out_faults(checked: Checked, tree: Tree) -> Iterator[Finding]:
    """Files that are imported, but that git or .vercelignore keeps out of a deployment."""
    entrypoints = {one.entrypoint.file for one in checked.project.functions}
    importers = _importers(tree)
    ignored = left_out.by_vercelignore(checked.root, importers.keys() - entrypoints)
    for file in sorted(ignored):
        where = importers[file]
        yield Finding(
            severity="error",
            code="IMPORT_LEFT_OUT",
            message=f"{file} is imported, but .vercelignore keeps it out of the deployment",
            where=where,
            hint="Take the pattern out of .vercelignore, or except the file with a `!` pattern.",
        )
    reached = importers.keys() | entrypoints
    for file in sorted(left_out.by_git(checked.root, reached, checked.environ) - ignored):
        what = "is imported" if file in importers else "is a function"
        yield Finding(
            severity="warning",
            code="IMPORT_LEFT_OUT",
            message=f"{file} {what}, but git ignores it: a deployment from the repository lacks it",
            where=importers.get(file, Where(file)),
            hint="Add it to git (`git add -f`), or have the code do without it.",
        )


def _importers(tree: Tree) -> dict[str, Where]:
    """Each imported file of the project, with the place that imports it first."""
    found: dict[str, Where] = {}
    for file in tree:
        for one in certain_imports(file, late=False):
            located = locate(tree.modules, file.file, one)
            for path in located.files if located else ():
                if path != file.file:
                    found.setdefault(path, Where(file.file, line=one.line))
    return found


class _Imports:
    """Goes through the imports of every file, and says each module once."""

    def __init__(self, checked: Checked, needed: Needed, tree: Tree) -> None:
        self._checked = checked
        self._tree = tree
        self._needed = needed
        manifest = needed.manifest
        self._manifest = relative(manifest.file, checked.root) if manifest else None
        self._python = python_of_deployment(checked)
        major, minor = self._python.split(".")
        self._version = int(major), int(minor)
        self._said: set[str] = set()
        self._unknown: list[str] = []

    def findings(self) -> Iterator[Finding]:
        yield from self._of_imports()
        if self._unknown and self._needed.problem:
            yield self._not_resolved()

    def _of_imports(self) -> Iterator[Finding]:
        paths_change = self._paths_change()
        for late in (False, True):
            for file in self._tree:
                for one in certain_imports(file, late=late):
                    if late or not file.late:
                        severity: Severity = "warning" if late else "error"
                        yield from self._of_import(file.file, one, severity, paths_change)

    def _of_import(
        self, file: str, one: Import, severity: Severity, paths_change: bool
    ) -> Iterator[Finding]:
        where = Where(file, line=one.line)
        located = locate(self._tree.modules, file, one)
        if located is None and one.level:
            yield from self._once(self._without_package(one, where, severity))
        elif located is not None:
            if located.missing and not self._may_be_made(paths_change):
                yield from self._once(self._no_such_module(one, located.missing, where, severity))
        else:
            yield from self._foreign(file, one, where, severity, paths_change)

    def _paths_change(self) -> bool:
        """Whether the app looks for modules elsewhere, too: then what is not found may be there."""
        variables = (self._checked.config.env, self._checked.config.build_env)
        if any("PYTHONPATH" in one for one in variables):
            return True
        return self._tree.mentions(_PATH_CHANGES)

    def _once(self, finding: Finding) -> Iterator[Finding]:
        if finding.message not in self._said:
            self._said.add(finding.message)
            yield finding

    def _may_be_made(self, paths_change: bool) -> bool:
        """Whether modules may come from somewhere else: other folders on the path, a build."""
        if paths_change or self._checked.data.get("buildCommand") is not None:
            return True
        table: Any = self._pyproject
        for key in ("tool", "vercel", "scripts", "build"):
            table = table.get(key) if isinstance(table, dict) else None
        return table is not None

    @cached_property
    def _pyproject(self) -> dict[str, Any]:
        try:
            return load_toml(self._checked.root / "pyproject.toml")
        except EmuError:  # told elsewhere
            return {}

    # -- modules of others -----------------------------------------------------------------------

    def _foreign(
        self, file: str, one: Import, where: Where, severity: Severity, paths_change: bool
    ) -> Iterator[Finding]:
        top_level = one.module.partition(".")[0]
        dotted = f"{one.module}.{one.name}" if one.name else one.module
        key = dotted if top_level in names.SHARED else top_level
        if key in self._said or names.is_pythons_own(top_level, self._version):
            return
        if dotted in names.SHARED and dotted != "vercel":
            return  # a namespace alone, which any of its packages makes
        if severity == "warning" and top_level in _SERVERS:
            return
        self._said.add(key)
        beside = self._tree.modules.beside(file, top_level)
        if beside is not None and (paths_change or self._is_installed_itself()):
            return
        verdict = self._needed.verdict(dotted, beside=beside is not None)
        if verdict.answer is Answer.BROUGHT:
            return
        if beside is not None:
            yield self._not_on_path(top_level, beside, where, severity)
        elif verdict.answer is Answer.UNKNOWN:
            self._unknown.append(top_level)
        elif not (verdict.package is None and self._may_be_made(paths_change)):
            yield self._not_declared(top_level, verdict.package, where, severity)

    def _not_declared(
        self, module: str, package: str | None, where: Where, severity: Severity
    ) -> Finding:
        manifest = self._manifest
        removed = names.was_removed(module, self._version)
        gone = f" (Python {self._python} no longer has it)" if removed else ""
        imported = f"`{module}` is imported{gone}, but"
        fails = "the import fails in a deployment"
        if package is None:
            brings = f"nothing that {manifest} asks for" if manifest else "nothing"
            message = f"{imported} {brings} brings it and no file of the project is it"
            hint = f"Add its package to the requirements, or {fails}."
        elif manifest is None:
            message = f"{imported} there is no requirements.txt or pyproject.toml that asks for it"
            hint = f"Write `{package}` into a requirements.txt, or {fails}."
        else:
            message = f"{imported} {manifest} does not ask for `{package}`"
            hint = f"Add `{package}` to it, or {fails}."
        if removed:
            hint = f"Do without it, or ask for `{package}`, which brings it back: else {fails}."
        return Finding(
            severity=severity, code="IMPORT_NOT_DECLARED", message=message, where=where, hint=hint
        )

    def _not_resolved(self) -> Finding:
        named = self._manifest or "the requirements"
        shown = [f"`{one}`" for one in self._unknown[:_SHOWN]]
        more = len(self._unknown) - len(shown)
        listed = ", ".join(shown) + (f" and {more} more" if more else "")
        return Finding(
            severity="warning",
            code="DEPENDENCIES_NOT_RESOLVED",
            message=f"what {named} leads to could not be found out, so nothing is said of "
            f"{listed}: {self._needed.problem}",
            where=Where(named),
            hint="Check again with a network, or in a project that has its environment "
            "(`vercel-emu dev --install` makes one).",
        )

    # -- modules of the project ------------------------------------------------------------------

    def _is_installed_itself(self) -> bool:
        """Whether a deployment installs the project as a package: `src/` is on no path then."""
        manifest = self._needed.manifest
        if manifest is None:
            return False
        return is_package(manifest) or self._needed.places(self._checked.root)

    def _not_on_path(self, module: str, file: str, where: Where, severity: Severity) -> Finding:
        dotted = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        package, _, name = dotted.rpartition(".")
        return Finding(
            severity=severity,
            code="IMPORT_NOT_FOUND",
            message=f"`{module}` is imported, and {file} is not found by that name: only the "
            "project's root is on the path in a deployment",
            where=where,
            hint=f"Write `from {package} import {name}`.",
        )

    def _without_package(self, one: Import, where: Where, severity: Severity) -> Finding:
        dots = "." * one.level + one.module
        return Finding(
            severity=severity,
            code="IMPORT_NOT_FOUND",
            message=f"`from {dots} import {one.name}` leads out of the project: {where.file} is in "
            "no package that has it",
            where=where,
            hint="Write the import from the project's root, without the dots.",
        )

    def _no_such_module(
        self, one: Import, missing: str, where: Where, severity: Severity
    ) -> Finding:
        written = "." * one.level + one.module
        return Finding(
            severity=severity,
            code="IMPORT_NOT_FOUND",
            message=f"`{written}` is imported, but the project has no module "
            f"`{'.' * one.level}{missing}`",
            where=where,
            hint="Correct the name, or add the file.",
        )

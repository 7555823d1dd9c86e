"""Whether a deployment will have the package that brings a module.

Certain from the metadata of the project's own environment, if that holds all that the manifest
leads to. Else from a lock file, else from an installer's dry run, which is made only for a module
that the manifest's own names don't explain. What can't be known is said to be so.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property
from pathlib import Path

from packaging.utils import canonicalize_name

from vercel_emu.check.imports import names
from vercel_emu.check.imports.locks import locked_names
from vercel_emu.check.imports.resolver import Resolved, resolve
from vercel_emu.check.model import Checked
from vercel_emu.check.packages import Packages
from vercel_emu.project.python.declared import has_dependencies
from vercel_emu.project.python.installed import Installed
from vercel_emu.project.python.interpreter import Interpreter
from vercel_emu.project.python.manifest import Manifest
from vercel_emu.project.python.placed import placed_packages
from vercel_emu.project.python.requirements import Declared


class Answer(Enum):
    BROUGHT = auto()
    MISSING = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Verdict:
    """`package`: the distribution to ask for, where its name is known."""

    answer: Answer
    package: str | None = None


class Needed:
    """What a deployment installs for a manifest, found out as far as somebody asks."""

    def __init__(self, checked: Checked, manifest: Manifest | None, declared: Declared) -> None:
        self.manifest = manifest
        self._checked = checked
        self._declared = declared
        self._packages = Packages(checked.interpreter, declared)
        direct = {canonicalize_name(one.name) for one in declared.requirements}
        self._direct = names.always_with(direct)

    @property
    def problem(self) -> str:
        """Why it could not be found out what the manifest leads to; empty where nobody asked."""
        asked = "_resolved" in self.__dict__
        return self._resolved.problem if asked else ""

    def verdict(self, module: str, *, beside: bool = False) -> Verdict:
        """Whether the dotted `module`, which is not on the project's own path, will be there.

        `beside`: the project has a file of that name where only a script would find it.
        """
        known = names.known_distributions(module)
        if self._is_certain:
            return self._from_environment(module, known)
        if self._explains(self._direct, module, known):
            return Verdict(Answer.BROUGHT)
        if beside and not known:
            return Verdict(Answer.MISSING)
        if self._resolved.problem:
            return Verdict(Answer.UNKNOWN)
        installed = self._resolved.names | self._direct
        if self._explains(installed, module, known):
            return Verdict(Answer.BROUGHT)
        if known or (all(map(names.is_known, installed)) and not self._declared.locations):
            owners = sorted(self._packages.owners(module))
            return Verdict(Answer.MISSING, next(iter((*known, *owners)), None))
        return Verdict(Answer.UNKNOWN)

    def places(self, folder: Path) -> bool:
        """Whether the requirements name this folder, as `-e .` does."""
        url = folder.resolve().as_uri()
        return any(one.url == url for one in self._declared.locations)

    @cached_property
    def _editable(self) -> frozenset[str]:
        """Installed packages that run from their sources: no metadata names their modules."""
        interpreter: Interpreter | None = self._checked.interpreter
        sites = interpreter.site_packages if interpreter else ()
        return frozenset(
            canonicalize_name(one.name) for one in placed_packages(sites) if one.editable
        )

    def _from_environment(self, module: str, known: Collection[str]) -> Verdict:
        needed = self._packages.needed
        if not needed.isdisjoint(known) and module.partition(".")[0] not in names.SHARED:
            return Verdict(Answer.BROUGHT)
        owners = self._packages.owners(module)
        if owners & needed:
            return Verdict(Answer.BROUGHT)
        if not owners and not known and self._editable & needed:
            return Verdict(Answer.UNKNOWN)
        return Verdict(Answer.MISSING, next(iter((*sorted(owners), *known)), None))

    @staticmethod
    def _explains(installed: Collection[str], module: str, known: Collection[str]) -> bool:
        if any(one in installed for one in known):
            return True
        # A fork of a well-known package has another name, but not one that is well known.
        others = [one for one in installed if not (known and names.is_known(one))]
        return names.may_bring(others, module)

    @cached_property
    def _is_certain(self) -> bool:
        """Whether the project's environment holds everything that the manifest leads to."""
        interpreter: Interpreter | None = self._checked.interpreter
        if interpreter is None or self._declared.locations:
            return False
        if Installed(interpreter).missing(self._declared):
            return False
        return self._packages.needed <= self._packages.installed.keys()

    @cached_property
    def _resolved(self) -> Resolved:
        checked, manifest = self._checked, self.manifest
        if manifest is None or not has_dependencies(manifest):
            return Resolved()
        locked = locked_names(manifest, self._declared)
        if locked is not None:
            return Resolved(locked)
        return resolve(checked, manifest, self._declared)

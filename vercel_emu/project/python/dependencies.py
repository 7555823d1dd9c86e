"""What the app declares against what its interpreter has, and what is to be done about it.

Installed packages are looked up by their metadata alone: none of their code is imported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import metadata
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from vercel_emu.errors import ProjectWarning
from vercel_emu.project.python.interpreter import Interpreter, Origin
from vercel_emu.project.python.manifest import (
    Manifest,
    find_manifest,
    read_declared,
)


@dataclass(frozen=True, slots=True)
class Missing:
    """A declared requirement that isn't met; `installed` is the version that doesn't fit."""

    requirement: str
    installed: str | None = None

    def __str__(self) -> str:
        if self.installed is None:
            return self.requirement
        return f"{self.requirement} ({self.installed} is installed)"


@dataclass(frozen=True, slots=True)
class MissingDependencies:
    """What the manifest asks for and the interpreter hasn't. False when nothing is missing."""

    manifest: Manifest | None = None
    missing: tuple[Missing, ...] = ()
    problems: tuple[ProjectWarning, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.missing)


class Action(StrEnum):
    NOTHING = "nothing"
    CREATE = "create"
    INSTALL = "install"
    ASK = "ask"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do before the app starts.

    NOTHING: start; a `message` is then a warning. CREATE: make `environment` and install.
    INSTALL: install into `environment`, which exists. ASK: the same after a yes, see `agreed()`;
    without anyone to ask, `message` and `hint` are the error. REFUSE: they are the error.
    """

    action: Action
    environment: Path
    interpreter: Interpreter
    dependencies: MissingDependencies
    message: str = ""
    hint: str = ""

    def agreed(self) -> Plan:
        """The plan after the person said yes to ASK."""
        return Plan(
            action=Action.INSTALL,
            environment=self.environment,
            interpreter=self.interpreter,
            dependencies=self.dependencies,
            message=self.message,
        )


def missing_dependencies(root: Path, interpreter: Interpreter) -> MissingDependencies:
    """Compare the project's manifest with the interpreter's installed packages."""
    manifest = find_manifest(root)
    if manifest is None:
        return MissingDependencies()
    declared = read_declared(manifest)
    installed = _Installed(interpreter)
    missing = [
        missed
        for requirement in declared.requirements
        for missed in installed.unmet(requirement, declared.constraints)
    ]
    unique = tuple(dict.fromkeys(missing))
    return MissingDependencies(manifest, unique, tuple(declared.problems))


def plan_dependencies(root: Path, interpreter: Interpreter, *, install: bool | None) -> Plan:
    """What `--install` (True), `--no-install` (False) or neither means for this project."""
    return decide(root, interpreter, missing_dependencies(root, interpreter), install=install)


def decide(
    root: Path, interpreter: Interpreter, dependencies: MissingDependencies, *, install: bool | None
) -> Plan:
    """The plan, from what was found alone; an existing environment changes by consent only."""

    def plan(action: Action, message: str = "", hint: str = "") -> Plan:
        own = interpreter.origin is not Origin.EMULATOR
        return Plan(
            action=action,
            environment=interpreter.prefix if own else root / ".venv",
            interpreter=interpreter,
            dependencies=dependencies,
            message=message,
            hint=hint,
        )

    if not dependencies:
        return plan(Action.NOTHING)
    named = _named(dependencies)
    verb = "is" if len(dependencies.missing) == 1 else "are"
    absent = f"{named} {verb} not installed in {interpreter.source}."
    if install is False:
        return plan(Action.NOTHING, absent)
    if interpreter.origin is Origin.EMULATOR:
        return plan(Action.CREATE, f"The project has no environment with {named}.")
    if not interpreter.virtual and interpreter.origin is Origin.ASKED:
        if install is None:
            return plan(Action.NOTHING, absent)
        return plan(
            Action.REFUSE,
            f"{absent} It is not a virtual environment, so nothing is installed into it.",
            f"Make one with `{interpreter.path} -m venv .venv`, and start without --python.",
        )
    if install:
        return plan(Action.INSTALL, absent)
    return plan(
        Action.ASK,
        absent,
        "Start with --install to install into this environment, or with --no-install to start "
        "without.",
    )


def _named(dependencies: MissingDependencies) -> str:
    names = [f"`{missing}`" for missing in dependencies.missing[:4]]
    more = len(dependencies.missing) - len(names)
    listed = ", ".join(names) + (f" and {more} more" if more else "")
    source = dependencies.manifest.file.name if dependencies.manifest else ""
    return f"{listed} (from {source})"


class _Installed:
    """The packages of one interpreter, read from its site-packages when asked for."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._path = [str(folder) for folder in interpreter.site_packages]
        self._environment = _marker_environment(interpreter.version)

    def unmet(
        self, requirement: Requirement, constraints: Mapping[str, SpecifierSet], extra: str = ""
    ) -> Iterator[Missing]:
        """This requirement if it isn't met, and what its extras bring and isn't met."""
        marker = requirement.marker
        if marker and not marker.evaluate({**self._environment, "extra": extra}):
            return
        name = canonicalize_name(requirement.name)
        specifier = requirement.specifier & constraints.get(name, SpecifierSet())
        distribution = self._find(name)
        if distribution is None:
            yield Missing(_text(requirement, specifier))
            return
        version = distribution.version
        if not requirement.url and not specifier.contains(version, prereleases=True):
            yield Missing(_text(requirement, specifier), version)
        if requirement.extras:
            for text in distribution.requires or ():
                yield from self._unmet_extra(text, requirement.extras, constraints)

    def _unmet_extra(
        self, text: str, extras: set[str], constraints: Mapping[str, SpecifierSet]
    ) -> Iterator[Missing]:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            return
        if requirement.marker is None or "extra" not in str(requirement.marker):
            return
        requirement.extras = set()
        for extra in extras:
            yield from self.unmet(requirement, constraints, canonicalize_name(extra))

    def _find(self, name: str) -> metadata.Distribution | None:
        for distribution in metadata.distributions(name=name, path=self._path):
            if distribution.metadata and distribution.metadata.get("Version"):
                return distribution
        return None


def _text(requirement: Requirement, specifier: SpecifierSet) -> str:
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{requirement.name}{extras}{specifier}"


def _marker_environment(version: tuple[int, int, int]) -> dict[str, str]:
    """Markers speak of the app's Python, which need not be the emulator's."""
    environment = {key: str(value) for key, value in default_environment().items()}
    environment["python_version"] = f"{version[0]}.{version[1]}"
    environment["python_full_version"] = ".".join(map(str, version))
    environment["implementation_version"] = environment["python_full_version"]
    return environment

"""What the app declares against what its interpreter has, and what is to be done about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from vercel_emu.errors import ProjectWarning
from vercel_emu.project.python.declared import declared_by
from vercel_emu.project.python.installed import Installed, Missing
from vercel_emu.project.python.interpreter import Interpreter, Origin, own_environment
from vercel_emu.project.python.manifest import Manifests
from vercel_emu.project.python.overlooked import overlooked
from vercel_emu.project.python.requirements import relative


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What the manifests ask for, and what of it the interpreter hasn't. False: nothing's missing.

    `files` were read to know it. `declared` counts the requirements.
    """

    manifests: Manifests = Manifests()
    missing: tuple[Missing, ...] = ()
    problems: tuple[ProjectWarning, ...] = ()
    files: frozenset[Path] = frozenset()
    declared: int = 0

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

    NOTHING: start; a `message` is then a warning. CREATE: make `environment` and install; there is
    no interpreter yet. INSTALL: install into `environment`, which exists. ASK: the same after a
    yes, see `agreed()`; without anyone to ask, `message` and `hint` are the error. REFUSE: they are
    the error.
    """

    action: Action
    environment: Path
    interpreter: Interpreter | None
    dependencies: Dependencies
    message: str = ""
    hint: str = ""

    def agreed(self) -> Plan:
        """The plan after the person said yes to ASK."""
        return replace(self, action=Action.INSTALL, hint="")


def find_dependencies(
    root: Path, manifests: Manifests, interpreter: Interpreter | None
) -> Dependencies:
    """Read the manifests, and compare them with the interpreter's installed packages."""
    declared = declared_by(manifests, root)
    ignored = (one.as_warning() for one in overlooked(root, manifests, declared))
    files = {*declared.files, *(one.lock for one in manifests.found if one.lock is not None)}
    return Dependencies(
        manifests,
        Installed(interpreter).missing(declared) if interpreter is not None else (),
        (*declared.problems, *ignored),
        frozenset(files),
        len(declared.requirements) + len(declared.locations),
    )


def plan_dependencies(
    root: Path, manifests: Manifests, interpreter: Interpreter | None, *, install: bool | None
) -> Plan:
    """What `--install` (True), `--no-install` (False) or neither means for this project."""
    dependencies = find_dependencies(root, manifests, interpreter)
    return decide(root, interpreter, dependencies, install=install)


def decide(
    root: Path,
    interpreter: Interpreter | None,
    dependencies: Dependencies,
    *,
    install: bool | None,
) -> Plan:
    """The plan, from what was found alone; an existing environment changes by consent only."""

    def plan(action: Action, message: str = "", hint: str = "") -> Plan:
        return Plan(
            action=action,
            environment=interpreter.prefix if interpreter else own_environment(root),
            interpreter=interpreter,
            dependencies=dependencies,
            message=message,
            hint=hint,
        )

    if interpreter is None:
        return plan(Action.CREATE)
    if not dependencies:
        return plan(Action.NOTHING)
    named = _named(dependencies, root)
    verb = "is" if len(dependencies.missing) == 1 else "are"
    absent = f"{named} {verb} not installed in {interpreter.source}."
    if install is False or interpreter.origin is Origin.MACHINE:
        return plan(Action.NOTHING, absent)
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


def manifest_names(manifests: Manifests, root: Path) -> str:
    """The files in words: `api/a/requirements.txt and api/b/requirements.txt`."""
    names = [relative(one.lock or one.file, root) for one in manifests.found]
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _named(dependencies: Dependencies, root: Path) -> str:
    names = [f"`{missing}`" for missing in dependencies.missing[:4]]
    more = len(dependencies.missing) - len(names)
    listed = ", ".join(names) + (f" and {more} more" if more else "")
    return f"{listed} (from {manifest_names(dependencies.manifests, root)})"

"""The packages that the project declares, and how large it all gets together."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from functools import cached_property
from importlib import metadata
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from vercel_emu.check.model import Checked, Finding, of_warning
from vercel_emu.files.reading import read_text
from vercel_emu.files.walking import Walk, is_environment
from vercel_emu.platform.limits import BUNDLE_BYTES
from vercel_emu.project.detection import globs
from vercel_emu.project.python.interpreter import Interpreter
from vercel_emu.project.python.requirements import Declared

_MB = 1024 * 1024
_NEAR = 0.8
_NOT_DEPLOYED = frozenset(
    (
        *(".git", ".hg", ".svn", ".cache", ".next", ".now", ".vercel", ".venv", "venv", "CVS"),
        *("node_modules", "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".tox"),
    )
)


class Packages:
    """The installed packages of the app's interpreter, and those that its manifest leads to."""

    def __init__(self, interpreter: Interpreter | None, declared: Declared | None) -> None:
        self._path = [str(folder) for folder in interpreter.site_packages] if interpreter else []
        self._declared = declared.requirements if declared else []
        self._python: dict[str, str] = {}
        if interpreter is not None:
            full = interpreter.version_text
            self._python = {
                "python_full_version": full,
                "python_version": full.rpartition(".")[0],
            }
        self._listed: dict[str, frozenset[str]] = {}

    @cached_property
    def installed(self) -> dict[str, metadata.Distribution]:
        found: dict[str, metadata.Distribution] = {}
        for distribution in metadata.distributions(path=self._path):
            if distribution.metadata and (name := distribution.metadata.get("Name")):
                found.setdefault(canonicalize_name(name), distribution)
        return found

    @cached_property
    def needed(self) -> set[str]:
        """The declared packages and all that they need in turn."""
        seen: set[tuple[str, frozenset[str]]] = set()
        pending = [one for one in self._declared if self._applies(one)]
        while pending:
            requirement = pending.pop()
            name = canonicalize_name(requirement.name)
            key = (name, frozenset(requirement.extras))
            if key in seen:
                continue
            seen.add(key)
            if distribution := self.installed.get(name):
                pending += self._required_by(distribution, requirement.extras)
        return {name for name, _ in seen}

    def owners(self, module: str) -> set[str]:
        """The packages that bring this module; `a.b` may lie in one of several that share `a`."""
        top_level, *rest = module.split(".")
        owners = self._owners.get(top_level, set())
        if not rest or any(f"{top_level}/__init__.py" in self._files(name) for name in owners):
            return owners
        for count in range(len(rest), 0, -1):
            place = "/".join([top_level, *rest[:count]])
            found = {name for name in owners if self._has(name, (f"{place}/", f"{place}."))}
            if found:
                return found
        return set()

    def _required_by(
        self, distribution: metadata.Distribution, extras: Collection[str]
    ) -> Iterator[Requirement]:
        for text in distribution.requires or ():
            with contextlib.suppress(InvalidRequirement):
                requirement = Requirement(text)
                if any(self._applies(requirement, extra) for extra in (*extras, "")):
                    yield requirement

    def _applies(self, requirement: Requirement, extra: str = "") -> bool:
        """Whether it counts for the app's Python, which need not be the emulator's."""
        marker = requirement.marker
        environment = {**self._python, "extra": canonicalize_name(extra)}
        return marker is None or marker.evaluate(environment)

    def _has(self, name: str, starts: tuple[str, ...]) -> bool:
        return any(file.startswith(starts) for file in self._files(name))

    def _files(self, name: str) -> frozenset[str]:
        if name not in self._listed:
            files = self.installed[name].files or ()
            self._listed[name] = frozenset(file.as_posix() for file in files)
        return self._listed[name]

    @cached_property
    def _owners(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for name, distribution in self.installed.items():
            for module in _top_level(distribution):
                found.setdefault(module, set()).add(name)
        return found

    def size(self) -> int:
        """Bytes of everything that is needed and installed."""
        total = 0
        for name in self.needed & self.installed.keys():
            total += sum(file.size or 0 for file in self.installed[name].files or ())
        return total


def requirement_faults(checked: Checked) -> Iterator[Finding]:
    """Lines of the manifest that an installer can't read."""
    if checked.declared is not None:
        yield from map(of_warning, checked.declared.problems)


def size_faults(checked: Checked, packages: Packages) -> Iterator[Finding]:
    """A bundle near or over the platform's limit."""
    own = own_files(checked)
    libraries = packages.size()
    total = sum(own.values()) + libraries
    if total < BUNDLE_BYTES * _NEAR:
        return
    limit = BUNDLE_BYTES // _MB
    largest = sorted(own, key=lambda name: own[name], reverse=True)[:3]
    parts = [f"{name} {own[name] // _MB} MB" for name in largest if own[name] > _MB]
    parts.append(f"packages {libraries // _MB} MB")
    over = total > BUNDLE_BYTES
    yield Finding(
        severity="error" if over else "warning",
        code="BUNDLE_TOO_LARGE" if over else "BUNDLE_NEAR_LIMIT",
        message=f"the bundle has {total // _MB:,} MB uncompressed; a Python function may have "
        f"{limit} MB",
        hint=f"Largest: {', '.join(parts)}. Leave files out with `excludeFiles` of `functions` in "
        "vercel.json, or .vercelignore.",
    )


def own_files(checked: Checked) -> dict[str, int]:
    """The project's files that go into the bundle, with their sizes."""
    root = checked.root
    public = checked.config.output_directory or "public"
    left_out = [*_excluded(checked), *_ignored(root)]
    found: dict[str, int] = {}

    def enters(folder: str) -> bool:
        path = Path(folder)
        wanted = path.name not in _NOT_DEPLOYED and path != root / public
        return wanted and not is_environment(folder)

    for folder in Walk(str(root), enters=enters):
        for entry in folder.files():
            relative = Path(entry.path).relative_to(root).as_posix()
            if not entry.is_file(follow_symlinks=False):
                continue
            if not any(globs.matches(one, relative) for one in left_out):
                with contextlib.suppress(FileNotFoundError):
                    found[relative] = entry.stat(follow_symlinks=False).st_size
    return found


def is_ignored(root: Path, file: str) -> bool:
    """Whether .vercelignore certainly leaves the file out (one with exceptions decides nothing)."""
    return any(globs.matches(pattern, file) for pattern in _ignored(root))


def _excluded(checked: Checked) -> list[str]:
    functions = checked.data.get("functions")
    settings = functions.values() if isinstance(functions, dict) else ()
    found = (one.get("excludeFiles") for one in settings if isinstance(one, dict))
    return [glob for glob in found if isinstance(glob, str)]


def _ignored(root: Path) -> list[str]:
    """The patterns of .vercelignore; none where it has exceptions (`!`)."""
    try:
        lines = read_text(root / ".vercelignore").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    patterns = [line.strip().strip("/") for line in lines]
    if any(one.startswith("!") for one in patterns):
        return []
    plain = [one for one in patterns if one and not one.startswith("#")]
    return [glob for one in plain for glob in (one, f"{one}/**", f"**/{one}", f"**/{one}/**")]


def _top_level(distribution: metadata.Distribution) -> set[str]:
    if listed := distribution.read_text("top_level.txt"):
        return set(listed.split())
    modules = set()
    for file in distribution.files or ():
        first = file.parts[0]
        if len(file.parts) > 1 and "." not in first and "-" not in first:
            modules.add(first)
        elif len(file.parts) == 1 and first.endswith((".py", ".so")):
            modules.add(first.partition(".")[0])
    return modules

"""What is installed in an environment, told by the packages' metadata: no code of theirs runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata

from packaging.markers import Marker, default_environment
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from vercel_emu.project.python.interpreter import Interpreter
from vercel_emu.project.python.placed import Placed, comparable, placed_packages
from vercel_emu.project.python.requirements import Declared, Location


@dataclass(frozen=True, slots=True)
class Missing:
    """A declared requirement that isn't met; `installed` is the version that doesn't fit."""

    requirement: str
    installed: str | None = None

    def __str__(self) -> str:
        if self.installed is None:
            return self.requirement
        return f"{self.requirement} ({self.installed} is installed)"


class Installed:
    """The packages of one interpreter, read from its site-packages when asked for."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._sites = interpreter.site_packages
        self._path = [str(folder) for folder in interpreter.site_packages]
        self._environment = _marker_environment(interpreter.version)

    def missing(self, declared: Declared) -> tuple[Missing, ...]:
        """What of it isn't met, each once."""
        found = [
            missed
            for requirement in declared.requirements
            for missed in self._unmet(requirement, declared.constraints)
        ]
        for location in declared.locations:
            found += self._unmet_location(location, declared.constraints)
        return tuple(dict.fromkeys(found))

    @cached_property
    def placed(self) -> tuple[Placed, ...]:
        """The packages that come from a folder, an archive or a repository."""
        return tuple(placed_packages(self._sites))

    def _unmet(
        self, requirement: Requirement, constraints: Mapping[str, SpecifierSet], extra: str = ""
    ) -> Iterator[Missing]:
        """This requirement if it isn't met, and what its extras bring and isn't met."""
        if not self._applies(requirement.marker, extra):
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
            for needed in _needed_by(distribution):
                if needed.marker is not None and "extra" in str(needed.marker):
                    needed.extras = set()
                    for each in requirement.extras:
                        yield from self._unmet(needed, constraints, canonicalize_name(each))

    def _unmet_location(
        self, location: Location, constraints: Mapping[str, SpecifierSet]
    ) -> Iterator[Missing]:
        """The place itself if nothing was installed from it, else what that needs and isn't met."""
        if not self._applies(location.marker):
            return
        found = next((one for one in self.placed if _is_at(one, location)), None)
        if found is None:
            if not self._is_linked(location.url):
                yield Missing(location.text)
            return
        for needed in _needed_by(metadata.Distribution.at(found.info)):
            needed.extras = set()
            yield from self._unmet(needed, constraints)

    def _is_linked(self, url: str) -> bool:
        """Whether the folder is installed as `setup.py develop` does it."""
        for site in self._sites:
            for link in site.glob("*.egg-link"):
                folder = link.read_text(encoding="utf-8", errors="replace").partition("\n")[0]
                if comparable(folder.strip(), site)[0] == url:
                    return True
        return False

    def _applies(self, marker: Marker | None, extra: str = "") -> bool:
        return marker is None or marker.evaluate({**self._environment, "extra": extra})

    def _find(self, name: str) -> metadata.Distribution | None:
        for distribution in metadata.distributions(name=name, path=self._path):
            if distribution.metadata and distribution.metadata.get("Version"):
                return distribution
        return None


def _is_at(placed: Placed, location: Location) -> bool:
    if placed.url != location.url:
        return False
    return location.revision is None or location.revision in placed.revisions


def _needed_by(distribution: metadata.Distribution) -> Iterator[Requirement]:
    for text in distribution.requires or ():
        try:
            yield Requirement(text)
        except InvalidRequirement:
            continue


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

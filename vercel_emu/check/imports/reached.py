"""The project's files that its functions import, followed from the entrypoints.

So scripts and tests beside the app don't count. Django names its modules in texts, so for it every
file is a start that Django imports by its name: settings, URLs, models, admin and the like.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from vercel_emu.check.imports.own import Located, OwnModules
from vercel_emu.check.model import Checked
from vercel_emu.files.reading import SOURCE_BYTES, read_bytes
from vercel_emu.guest.analysis.facts import FUNCTION, MAIN, Facts, Import
from vercel_emu.project.detection.django import find_manage
from vercel_emu.project.detection.entrypoint import python_files

_FOR_TESTS = frozenset({"tests", "test", "conftest.py", "noxfile.py", "setup.py", "manage.py"})
_BY_NAME = frozenset({"apps", "models", "admin", "urls", "middleware", "context_processors"}) | {
    *("asgi", "wsgi")
}
"""Files of a Django project that it finds by their names."""


@dataclass(frozen=True, slots=True)
class Reached:
    """A file that is imported: with the app, or (`late`) when some function is called."""

    file: str
    facts: Facts
    late: bool


@dataclass(frozen=True, slots=True)
class Tree:
    """Every file that the functions reach, and where modules of the project lie."""

    root: Path
    modules: OwnModules
    files: tuple[Reached, ...]

    def mentions(self, pattern: re.Pattern[bytes]) -> bool:
        """Whether the source of any file has a text; so does one that can't be read."""
        return any(self._mentions(file, pattern) for file in self.files)

    def _mentions(self, file: Reached, pattern: re.Pattern[bytes]) -> bool:
        try:
            return pattern.search(read_bytes(self.root / file.file, SOURCE_BYTES)) is not None
        except OSError:
            return True

    def __iter__(self) -> Iterator[Reached]:
        return iter(self.files)


def reached_files(checked: Checked) -> Tree:
    """Follow the imports that must succeed; those in functions after all the others.

    Raises:
        EmuError: there are more files than are read.
    """
    functions = checked.project.functions
    modules = OwnModules(checked.root, [*(one.entrypoint.base_dir for one in functions), ""])
    found: dict[str, Reached] = {}
    starts = _starts(checked)
    for late in (False, True):
        pending = starts if not late else _next(found.values(), modules, late=True)
        while pending:
            new = [file for file in dict.fromkeys(pending) if file not in found]
            facts = checked.sources.facts(new)
            level = [Reached(file, facts[file], late) for file in new]
            found.update((one.file, one) for one in level)
            pending = _next(level, modules, late=late)
    return Tree(checked.root, modules, tuple(found.values()))


def certain_imports(file: Reached, *, late: bool) -> Iterator[Import]:
    """The imports of a file that must succeed: when it is imported, or (`late`) in functions."""
    under_main = (call.written for call in file.facts.calls if MAIN in call.conditions)
    calls_itself = any(name.isidentifier() for name in under_main)
    for one in file.facts.imports:
        if not one.conditions:
            yield one
        elif late and one.conditions == (FUNCTION,) and not calls_itself:
            # Where `if __name__ == "__main__":` calls a function, that one may be the importer.
            yield one


def locate(modules: OwnModules, file: str, one: Import) -> Located | None:
    """Where the project's module lies that is imported; None if it is not the project's."""
    if one.level:
        return modules.find_relative(file, one.level, one.module, one.name)
    return modules.find(one.module, one.name)


def _next(files: Iterable[Reached], modules: OwnModules, *, late: bool) -> list[str]:
    return [
        path
        for file in files
        for one in certain_imports(file, late=late)
        if (located := locate(modules, file.file, one)) is not None
        for path in located.files
    ]


def _starts(checked: Checked) -> list[str]:
    functions = checked.project.functions
    starts = [one.entrypoint.file for one in functions]
    django = checked.project.django
    if django is not None:
        module = _chosen_settings(checked.sources.facts(starts).values()) or django.settings_module
        settings = f"{django.base_dir}/{module.replace('.', '/')}".lstrip("/")
        places = (f"{settings}.py", f"{settings}/__init__.py")
        starts += [file for file in places if (checked.root / file).is_file()]
        starts += filter(_is_by_name, python_files(checked.root))
    elif not functions and checked.unreadable:
        # No entrypoint was found, so nothing can be followed.
        starts += [file for file in python_files(checked.root) if not _is_for_tests(file)]
        if find_manage(checked.root) is not None:
            starts = [file for file in starts if _is_by_name(file)]
    return starts


def _chosen_settings(entrypoints: Iterable[Facts]) -> str | None:
    """The settings that wsgi.py or asgi.py chooses, which need not be manage.py's."""
    for call in (call for facts in entrypoints for call in facts.calls):
        match call.arguments:
            case (variable, module) if (
                call.callee == "os.environ.setdefault" and "DJANGO_SETTINGS_MODULE" in variable
            ):
                return module.strip("'\"")
    return None


def _is_by_name(file: str) -> bool:
    path = PurePosixPath(file)
    by_name = path.stem in _BY_NAME or path.parent.name in ("models", "templatetags")
    return by_name and not _is_for_tests(file)


def _is_for_tests(file: str) -> bool:
    parts = file.split("/")
    return any(part in _FOR_TESTS for part in parts) or parts[-1].startswith("test_")

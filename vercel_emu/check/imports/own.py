"""Where a module of the project lies, as Python's import system would find it in a deployment.

Only the project's root is on the path there, and for Django the folder of manage.py: never the
folder of the entrypoint, as it is for `python api/index.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_MOST_FOLDERS = 200
"""So many folders of a namespace package are looked into for a Python file."""


@dataclass(frozen=True, slots=True)
class Located:
    """The project's files (relative, posix) that an import runs, in order.

    `missing` is the dotted part of the module that is not there, where a part of it is.
    """

    files: tuple[str, ...] = ()
    missing: str = ""


class OwnModules:
    """The modules below `root`, by the folders on the path (relative to it, `""` for itself)."""

    def __init__(self, root: Path, folders: Iterable[str]) -> None:
        self._root = root
        self._folders = tuple(dict.fromkeys(folders))

    def find(self, module: str, name: str | None = None) -> Located | None:
        """What `import module`, or `from module import name`, runs; None if it is not ours.

        A `name` that is no module is a value of one, so nothing is missing then. A folder without
        `__init__.py` gives way to an installed package of its name, so it isn't ours where it lacks
        the module (`alembic/` with migrations, and `import alembic.config`).
        """
        parts = module.split(".")
        best: Located | None = None
        for folder in self._folders:
            place = f"{folder}/{parts[0]}" if folder else parts[0]
            is_certain = self._is_package_or_module(place)
            if not is_certain and not (self._is_folder(place) and self._holds_python(place)):
                continue
            found = self._follow(folder, parts, name)
            if not found.missing:
                return found
            if is_certain:
                best = best or found
        return best

    def find_relative(self, file: str, level: int, module: str, name: str | None) -> Located | None:
        """The same for `from ..module import name` in `file`; None: there is no package above."""
        package = file.split("/")[:-1]
        if level > len(package):
            return None
        folder = "/".join(package[: len(package) - level + 1])
        return self._follow(folder, module.split(".") if module else [], name)

    def beside(self, file: str, module: str) -> str | None:
        """Where a top-level module lies that a script would find from `file`'s folder or `src`."""
        above = file.split("/")[:-1]
        folders = ["/".join(above[:count]) for count in range(len(above), 0, -1)]
        for folder in (*folders, "src"):
            for candidate in (f"{folder}/{module}.py", f"{folder}/{module}/__init__.py"):
                if self._is_file(candidate):
                    return candidate
        return None

    def _follow(self, folder: str, parts: list[str], name: str | None) -> Located:
        files: list[str] = []
        place = folder
        for index, part in enumerate(parts):
            place = f"{place}/{part}" if place else part
            init, single = f"{place}/__init__.py", f"{place}.py"
            if self._is_file(init):
                files.append(init)
            elif self._is_file(single):
                files.append(single)
                return Located(tuple(files))  # what is below a module, it made itself
            elif not self._is_folder(place):
                if self._is_compiled(place):
                    return Located(tuple(files))
                return Located(tuple(files), ".".join(parts[: index + 1]))
        if name is not None and name != "*":
            files += self._submodule(place, name)
        return Located(tuple(files))

    def _submodule(self, package: str, name: str) -> Iterator[str]:
        place = f"{package}/{name}" if package else name
        for file in (f"{place}/__init__.py", f"{place}.py"):
            if self._is_file(file):
                yield file
                return

    def _is_package_or_module(self, place: str) -> bool:
        if self._is_file(f"{place}.py") or self._is_file(f"{place}/__init__.py"):
            return True
        return self._is_compiled(place)

    def _holds_python(self, place: str) -> bool:
        """Whether a folder without `__init__.py` has a Python file: else it is no package."""
        pending = [self._root / place]
        for _ in range(_MOST_FOLDERS):
            if not pending:
                return False
            try:
                inside = list(pending.pop().iterdir())
            except OSError:
                continue
            if any(one.suffix == ".py" for one in inside):
                return True
            pending += [one for one in inside if one.name.isidentifier() and one.is_dir()]
        return True

    def _is_compiled(self, place: str) -> bool:
        """Whether an extension module lies there, such as `name.cpython-312-darwin.so`."""
        folder, _, name = place.rpartition("/")
        return any((self._root / folder).glob(f"{name}.*so"))

    def _is_file(self, path: str) -> bool:
        return (self._root / path).is_file()

    def _is_folder(self, path: str) -> bool:
        return (self._root / path).is_dir()

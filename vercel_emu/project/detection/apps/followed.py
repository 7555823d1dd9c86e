"""The project's files that an import of the app surely imports, and what a name in them stands for.

Only imports without conditions are followed, so what is found in these files does happen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from vercel_emu.guest.analysis.facts import OPTIONAL, Binding, Facts, Import
from vercel_emu.project.detection.sources import Sources

_DEEPEST = 10
"""Files that a name is followed through."""


@dataclass(frozen=True, slots=True)
class Followed:
    """The facts of each file by its path (relative, posix), the entrypoints first."""

    files: Mapping[str, Facts]
    surely: frozenset[str]
    """Those whose import the app can't do without: `try: ... except ImportError` leads to none."""
    folders: tuple[str, ...]
    """Where the app's own imports start, relative to the root: `""`, or ending in a slash."""

    def meaning(self, dotted: str, file: str) -> str:
        """What a dotted name of `file` stands for, followed through the project's own files."""
        for _ in range(_DEEPEST):
            found = self._elsewhere(dotted, file)
            if found is None:
                break
            dotted, file = found
        return dotted

    def binding(self, file: str, name: str) -> Binding | None:
        """The last statement of a file that binds a name."""
        facts = self.files.get(file)
        found = [one for one in facts.bindings if one.name == name] if facts else []
        return found[-1] if found else None

    def _elsewhere(self, dotted: str, file: str) -> tuple[str, str] | None:
        """`web.app.run` is `flask.Flask().run` where the project's `web.py` says so, and the file
        that this is a name of."""
        parts = dotted.split(".")
        level = next((at for at, part in enumerate(parts) if part), len(parts))
        names = parts[level:]
        for count in range(len(names) - 1, 0, -1):
            module, (name, *rest) = ".".join(names[:count]), names[count:]
            one = Import(module, name.removesuffix("()"), level, 0)
            for path in _files_of(one, file, self.folders):
                binding = self.binding(path, name.removesuffix("()"))
                if binding is None or (binding.how == "def" and not name.endswith("()")):
                    continue
                meant = binding.stands_for
                if name.endswith("()") and binding.how != "def":
                    meant += "()"
                return ".".join((meant, *rest)), path
        return None


def follow(
    sources: Sources, starts: Iterable[str], base_dirs: Iterable[str] = (), most: int = 1000
) -> Followed:
    """The files `starts` and those that they import, at most so many.

    `base_dirs` are the folders that the app's imports start from, beside the root.
    """
    folders = tuple(dict.fromkeys(["", *(f"{one}/" if one else "" for one in base_dirs)]))
    found: dict[str, Facts] = {}
    level = list(dict.fromkeys(starts))
    surely = set(level)
    while level and len(found) < most:
        facts = sources.facts(level[: most - len(found)])
        found |= facts
        level = []
        for file, one in facts.items():
            for path, certain in _imported(one, file, folders):
                if not (sources.root / path).is_file():
                    continue
                if certain and file in surely:
                    surely.add(path)
                if path not in found and path not in level:
                    level.append(path)
    return Followed(found, frozenset(surely), folders)


def _imported(facts: Facts, file: str, folders: tuple[str, ...]) -> Iterator[tuple[str, bool]]:
    """The files that may be meant, and whether their import has no condition at all."""
    for one in facts.imports:
        if set(one.conditions) <= {OPTIONAL}:
            for path in _files_of(one, file, folders):
                yield path, not one.conditions


def _files_of(one: Import, file: str, folders: tuple[str, ...]) -> Iterator[str]:
    """Where a module, the packages above it, and a module of the imported name may lie."""
    package = file.split("/")[:-1]
    if one.level > len(package) + 1:
        return
    above = package[: len(package) - one.level + 1] if one.level else []
    names = [*above, *filter(None, one.module.split("."))]
    if one.name not in (None, "*"):
        names.append(str(one.name))
    for folder in ("",) if one.level else folders:
        for count in range(len(names), 0, -1):
            path = folder + "/".join(names[:count])
            yield f"{path}.py"
            yield f"{path}/__init__.py"

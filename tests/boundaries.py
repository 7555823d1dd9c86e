"""Reads the imports of a package and says what breaks the order of its rooms."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

type Graph = Mapping[str, frozenset[str]]
"""Module -> the modules of the package that it imports, all without the package's own name."""


def import_graph(package: Path) -> dict[str, frozenset[str]]:
    """Every import of the package's own modules: in functions and under TYPE_CHECKING too.

    A module is named by its path in the package (`edge.app`); the package's `__init__` is `""`.
    """
    files = {_name(file.relative_to(package)): file for file in package.rglob("*.py")}
    return {
        name: frozenset(_imports(file, package.name, files.keys(), name))
        for name, file in files.items()
    }


def _name(relative: Path) -> str:
    parts = relative.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(file: Path, package: str, known: object, importer: str) -> Iterator[str]:
    names = set(known)  # type: ignore[call-overload]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        found: list[str] = []
        if isinstance(node, ast.ImportFrom):
            parent = _absolute(node, package, importer, is_package=file.name == "__init__.py")
            found = [f"{parent}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        for dotted in found:
            if dotted != package and not dotted.startswith(f"{package}."):
                continue
            inside = dotted.removeprefix(package).lstrip(".")
            # `from package.room import name` imports a module, or a name of the module `room`.
            target = inside if inside in names else inside.rpartition(".")[0]
            if target != importer:
                yield target


def _absolute(node: ast.ImportFrom, package: str, importer: str, *, is_package: bool) -> str:
    if not node.level:
        return node.module or ""
    parts = [package, *importer.split(".")] if importer else [package]
    base = parts[: len(parts) - node.level + is_package]
    return ".".join([*base, *([node.module] if node.module else [])])


def against_the_order(graph: Graph, order: Sequence[str]) -> list[str]:
    """Imports of a room from one above it. `order` names the rooms from the lowest to the top."""
    ranks = {room: rank for rank, room in enumerate(order)}
    return [
        f"{module} imports {target}: {_room(target)}/ is above {_room(module)}/"
        for module, targets in sorted(graph.items())
        for target in sorted(targets)
        if ranks[_room(target)] > ranks[_room(module)]
    ]


def _room(module: str) -> str:
    return module.partition(".")[0]


def circles(graph: Graph) -> list[list[str]]:
    """Groups of modules that import one another, however long the way round."""
    # Tarjan's algorithm: a group is what remains on the stack above its first member.
    numbers: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        numbers[module] = lowest[module] = len(numbers)
        stack.append(module)
        for target in sorted(graph.get(module, ())):
            if target not in numbers:
                visit(target)
            if target in stack:
                lowest[module] = min(lowest[module], lowest[target])
        if lowest[module] == numbers[module]:
            group = stack[stack.index(module) :]
            del stack[stack.index(module) :]
            if len(group) > 1:
                found.append(sorted(group))

    for module in sorted(graph):
        if module not in numbers:
            visit(module)
    return found


def between_rooms(graph: Graph) -> dict[str, frozenset[str]]:
    """The same graph with a node for each room."""
    rooms: dict[str, set[str]] = {}
    for module, targets in graph.items():
        rooms.setdefault(_room(module), set()).update(_room(target) for target in targets)
    return {room: frozenset(targets - {room}) for room, targets in rooms.items()}


def imported_names(file: Path) -> frozenset[str]:
    """The first parts of everything that a file imports at its top level."""
    found: set[str] = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").partition(".")[0])
    return frozenset(found)

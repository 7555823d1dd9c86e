"""Finds definitions that no production code uses, by reading source files alone.

A module-level name counts as used where its own module reads it, or where any file imports it
from somewhere, or reads it as an attribute. A method counts as used where any file reads an
attribute of its name. What stands inside a definition that is itself unused does not count, and
neither does a package's `__init__` that only passes a name on.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeGuard

type Function = ast.FunctionDef | ast.AsyncFunctionDef

REGISTERING = frozenset({"command", "group", "fixture", "hookimpl", "result_callback"})
"""Decorators of this name hand a function to a framework, which calls it."""

READING = frozenset({"getattr", "hasattr", "attrgetter", "methodcaller"})
"""Functions that take an attribute's name as text."""


@dataclass(frozen=True, slots=True)
class Definition:
    """`name` is `function`, `Class` or `Class.method`."""

    module: str
    name: str
    line: int

    @property
    def bare_name(self) -> str:
        return self.name.rpartition(".")[2]

    def __str__(self) -> str:
        return f"{self.module}:{self.line} {self.name}"


@dataclass(frozen=True, slots=True)
class Use:
    """One mention of a name, and the definitions that it stands in."""

    name: str
    inside: frozenset[Definition]


@dataclass(slots=True)
class Module:
    """What one file defines and mentions."""

    name: str
    passes_on: bool = False
    """An `__init__` file: importing a name is no use of it."""
    definitions: list[Definition] = field(default_factory=list)
    reads: list[Use] = field(default_factory=list)
    """Plain names, which mean something of this module."""
    mentions: list[Use] = field(default_factory=list)
    """Imports, attributes and attribute names as text, which mean something of any module."""


def find_unused(
    package: Mapping[str, str],
    *,
    others: Iterable[str] = (),
    doors: Iterable[str] = (),
    called: Iterable[str] = (),
) -> list[Definition]:
    """Definitions of `package` (sources by path) that neither it nor the `others` use.

    What the `doors`, paths of public modules, define and mention is used, and so is whatever
    bears a name of `called`. `others` are sources whose own definitions don't matter.
    """
    doors = frozenset(doors)
    modules = [read_module(path, source, path in doors) for path, source in package.items()]
    modules += [read_module("", source) for source in others]
    inner = [module for module in modules if module.name and module.name not in doors]
    called = frozenset(called)
    candidates = {one for m in inner for one in m.definitions if one.bare_name not in called}
    dead: set[Definition] = set()
    while newly := _without_a_use(candidates - dead, dead, modules):
        dead |= newly
    return sorted(dead, key=lambda one: (one.module, one.line, one.name))


def _without_a_use(
    candidates: set[Definition], dead: set[Definition], modules: list[Module]
) -> set[Definition]:
    mentions = _by_name(use for module in modules for use in module.mentions)
    reads = {module.name: _by_name(module.reads) for module in modules}
    found = set()
    for one in candidates:
        uses = list(mentions.get(one.bare_name, ()))
        if one.bare_name == one.name:
            uses += reads[one.module].get(one.name, ())
        if not any(one not in use.inside and not use.inside & dead for use in uses):
            found.add(one)
    return found


def _by_name(uses: Iterable[Use]) -> dict[str, list[Use]]:
    found: dict[str, list[Use]] = {}
    for use in uses:
        found.setdefault(use.name, []).append(use)
    return found


def read_module(path: str, source: str, door: bool = False) -> Module:
    module = Module(path, passes_on=path.endswith("__init__.py") and not door)
    reader = _Reader(module, door)
    for statement in ast.parse(source).body:
        reader.top_level(statement)
    return module


class _Reader(ast.NodeVisitor):
    """Collects into `module`; `_inside` are the definitions around the current node."""

    def __init__(self, module: Module, door: bool) -> None:
        self.module = module
        self._door = door
        self._inside: frozenset[Definition] = frozenset()

    def top_level(self, statement: ast.stmt) -> None:
        """One statement of the module, or of an `if` or `try` at its top."""
        if isinstance(statement, ast.If | ast.Try):
            for part in ast.iter_child_nodes(statement):
                nested = part.body if isinstance(part, ast.ExceptHandler) else [part]
                for one in nested:
                    self.top_level(one) if isinstance(one, ast.stmt) else self.visit(one)
            return
        defined = [self._definition(name, statement) for name in _names_defined_by(statement)]
        self.module.definitions += defined
        self._within(defined, statement)

    def _definition(self, name: str, node: ast.stmt) -> Definition:
        return Definition(self.module.name, name, node.lineno)

    def _within(self, defined: list[Definition], node: ast.stmt) -> None:
        before, self._inside = self._inside, self._inside | set(defined)
        if isinstance(node, ast.ClassDef):
            self._class(node)
        else:
            self.visit(node)
        self._inside = before

    def _class(self, node: ast.ClassDef) -> None:
        for part in (*node.bases, *node.keywords, *node.decorator_list, *node.type_params):
            self.visit(part)
        for statement in node.body:
            defined = []
            if (name := _public_method(statement)) is not None:
                defined = [self._definition(f"{node.name}.{name}", statement)]
            self.module.definitions += defined
            self._within(defined, statement)

    def _mention(self, name: str) -> None:
        self.module.mentions.append(Use(name, self._inside))

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.module.reads.append(Use(node.id, self._inside))

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.ctx, ast.Load):
            self._mention(node.attr)
        self.generic_visit(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if not self.module.passes_on:
            for alias in node.names:
                self._mention(alias.name)

    def visit_MatchClass(self, node: ast.MatchClass) -> None:
        for name in node.kwd_attrs:
            self._mention(name)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if _last_name(node.func) in READING:
            for argument in node.args:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    self._mention(argument.value)
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        # A door names what it loads on demand as text.
        if self._door and isinstance(node.value, str) and node.value.isidentifier():
            self._mention(node.value)


def _names_defined_by(statement: ast.stmt) -> Iterator[str]:
    names: list[str] = []
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        names = [] if _is_registered(statement) else [statement.name]
    elif isinstance(statement, ast.ClassDef):
        names = [statement.name]
    elif isinstance(statement, ast.Assign | ast.AnnAssign | ast.TypeAlias):
        targets = statement.targets if isinstance(statement, ast.Assign) else [_target(statement)]
        parts = [part for target in targets for part in ast.walk(target)]
        names = [one.id for one in parts if _is_stored(one)]
    return (name for name in names if not _is_special(name))


def _is_stored(node: ast.AST) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


def _target(statement: ast.AnnAssign | ast.TypeAlias) -> ast.expr:
    return statement.target if isinstance(statement, ast.AnnAssign) else statement.name


def _public_method(node: ast.stmt) -> str | None:
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return None
    return None if node.name.startswith("_") or _is_registered(node) else node.name


def _is_special(name: str) -> bool:
    return name == "_" or re.fullmatch(r"__\w+__", name) is not None


def _is_registered(node: Function) -> bool:
    for decorator in node.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if _last_name(called) in REGISTERING:
            return True
    return False


def _last_name(node: ast.expr) -> str:
    """`c` of `a.b.c` and of `c`."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def sources(*folders: Path, root: Path) -> dict[str, str]:
    """The Python files below `folders`, by their path from `root`."""
    return {
        path.relative_to(root).as_posix(): path.read_text()
        for folder in folders
        for path in sorted(folder.rglob("*.py"))
    }

"""Which names a module has once it is imported, how each came, and what it stands for."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .facts import FUNCTION, Binding
from .names import Names, names_in
from .statements import Conditions, statements, within_classes

_LONGEST = 70


def bindings(tree: ast.Module) -> Iterator[Binding]:
    """The names in the order of their statements; those of functions and classes are not among."""
    names = Names()
    in_classes = within_classes(tree)
    for node, conditions in statements(tree.body):
        if FUNCTION not in conditions and id(node) not in in_classes:
            names.learn(node, certain=not conditions)
            yield from _of_statement(node, names, conditions)


def _of_statement(node: ast.stmt, names: Names, conditions: Conditions) -> Iterator[Binding]:
    written = _written(node)

    def binding(name: str, how: str, stands_for: str = "") -> Binding:
        meant = stands_for or names.stands_for(ast.Name(name))
        return Binding(name, how, node.lineno, meant, written, conditions)

    match node:
        case ast.Assign(targets=targets):
            for target in targets:
                how = "=" if isinstance(target, ast.Name) else "unpacked"
                yield from (binding(name, how) for name in names_in(target))
        case ast.AnnAssign(target=ast.Name(name)):
            yield binding(name, "=")
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            how = "import" if isinstance(node, ast.Import) else "from"
            for alias in aliases:
                bound = alias.asname or (alias.name.partition(".")[0] if how == "import" else "")
                yield binding(bound or alias.name, how)
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            yield binding(name, "def", names.result_of(name))
        case ast.ClassDef(name=name):
            yield binding(name, "class")
        case ast.With(items=items) | ast.AsyncWith(items=items):
            for item in items:
                if item.optional_vars is not None:
                    yield from (binding(name, "with") for name in names_in(item.optional_vars))


def _written(node: ast.stmt) -> str:
    """The beginning of the statement, in one line."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        keyword = "class" if isinstance(node, ast.ClassDef) else "def"
        return f"{keyword} {node.name}"
    line = ast.unparse(node).partition("\n")[0]
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 3]}..."

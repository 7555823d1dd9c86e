"""What a file imports: each thing with its line and the conditions under which it is reached."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .facts import CAUGHT, Import
from .statements import Conditions, statements, without

_IMPORTERS = {"import_module", "importlib.import_module", "__import__"}


def imports(tree: ast.Module) -> Iterator[Import]:
    """The imports of a module, in source order.

    With them go those by name, `importlib.import_module("a.b")` and `__import__("a")`.
    """
    for node, reached in statements(tree.body):
        conditions = without(reached, CAUGHT)
        match node:
            case ast.Import(names=aliases):
                for alias in aliases:
                    yield Import(alias.name, None, 0, node.lineno, conditions)
            case ast.ImportFrom(module=module, names=aliases, level=level):
                for alias in aliases:
                    yield Import(module or "", alias.name, level, node.lineno, conditions)
            case ast.Expr(value) | ast.Assign(value=value) | ast.Return(value=ast.expr() as value):
                yield from _by_name(value, conditions)


def _by_name(value: ast.expr, conditions: Conditions) -> Iterator[Import]:
    for node in ast.walk(value):
        match node:
            case ast.Call(function, [ast.Constant(str(module))]) if ast.unparse(
                function
            ) in _IMPORTERS and not module.startswith("."):
                yield Import(module, None, 0, node.lineno, conditions)

"""What the names of a module are: only those that it assigns once, and whenever it is imported."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator

from .facts import FUNCTION
from .statements import statements, within_classes

_LONGEST = 300
"""Longer values, such as tables and texts, are of no use here."""


def values(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """`(name, source of its value)`, in source order."""
    in_classes = within_classes(tree)
    assigned: list[tuple[str, ast.expr]] = []
    bound: Counter[str] = Counter()
    for node, conditions in statements(tree.body):
        if isinstance(node, ast.Global):
            bound.update(node.names)  # a function may assign it
        if FUNCTION in conditions or id(node) in in_classes:
            continue
        bound.update(_bound_by(node))
        match node:
            case ast.Assign([ast.Name(name)], value) | ast.AnnAssign(
                ast.Name(name), value=ast.expr() as value
            ) if not conditions and _is_of_use(value):
                assigned.append((name, value))
    for name, value in assigned:
        text = ast.unparse(value) if bound[name] == 1 else ""
        if text and len(text) <= _LONGEST:
            yield name, text


def _bound_by(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement assigns, imports or loops over."""
    match statement:
        case ast.Assign(targets=targets):
            places: list[ast.expr] = targets
        case ast.AnnAssign(target=target) | ast.AugAssign(target=target):
            places = [target]
        case ast.For(target=target) | ast.AsyncFor(target=target):
            places = [target]
        case ast.With(items=items) | ast.AsyncWith(items=items):
            places = [item.optional_vars for item in items if item.optional_vars is not None]
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in aliases)
            return
        case _:
            return
    for place in places:
        yield from (node.id for node in ast.walk(place) if isinstance(node, ast.Name))


def _is_of_use(value: ast.expr) -> bool:
    if isinstance(value, ast.Constant):
        return isinstance(value.value, str)
    kinds = (ast.Call, ast.BinOp, ast.JoinedStr, ast.Attribute, ast.Subscript, ast.Name)
    return isinstance(value, kinds)

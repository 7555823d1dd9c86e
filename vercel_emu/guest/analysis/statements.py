"""Every statement of a module, with the conditions under which an import of the module reaches it.

`if __name__ == "__main__":`, `if TYPE_CHECKING:`, `try: ... except ImportError:` and their kin are
told apart (see `facts.py`); whatever else may or may not happen is CONDITIONAL.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator

from .facts import ABSENT, CAUGHT, CONDITIONAL, FUNCTION, MAIN, OPTIONAL, TYPING

type Conditions = tuple[str, ...]
type Statements = Iterator[tuple[ast.stmt, Conditions]]

_COVERING = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}
_OF_WRITING = {"OSError", "IOError", "EnvironmentError", "Error", "OperationalError"} | {
    *("DatabaseError", "SQLAlchemyError")
}
"""What a write to a read-only file system raises, by itself or through a database."""
_LOOKS = {"exists", "isdir", "isfile", "is_dir", "is_file", "lexists"}
_ENDING = {"exit", "quit", "sys.exit", "os._exit", "os.abort"}


def statements(body: Iterable[ast.stmt], conditions: Conditions = ()) -> Statements:
    """The statements of a body and of all that is nested in it, in source order."""
    for node in body:
        yield node, conditions
        yield from _nested(node, conditions)


def without(conditions: Conditions, one: str) -> Conditions:
    """The conditions but one."""
    return tuple(each for each in conditions if each != one)


def within_classes(tree: ast.Module) -> set[int]:
    """The ids of the statements in class bodies, which bind nothing in the module."""
    classes = (node for node, _ in statements(tree.body) if isinstance(node, ast.ClassDef))
    return {id(inner) for node in classes for inner, _ in statements(node.body)}


def _nested(node: ast.stmt, conditions: Conditions) -> Statements:
    match node:
        case ast.FunctionDef(body=body) | ast.AsyncFunctionDef(body=body):
            yield from statements(body, _with(conditions, FUNCTION))
        case ast.ClassDef(body=body):
            yield from statements(body, conditions)
        case ast.If(test=test, body=body, orelse=orelse):
            then, otherwise = _branches(test)
            yield from statements(body, _with(conditions, then))
            yield from statements(orelse, _with(conditions, otherwise))
        case ast.Try() | ast.TryStar():
            yield from _of_try(node, conditions)
        case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
            suppressed = {_suppresses(item.context_expr) for item in items}
            within = next((one for one in (OPTIONAL, CAUGHT) if one in suppressed), "")
            yield from statements(body, _with(conditions, within))
        case ast.Match(cases=cases):
            for case in cases:
                yield from statements(case.body, _with(conditions, CONDITIONAL))
        case ast.For() | ast.AsyncFor() | ast.While():
            yield from statements([*node.body, *node.orelse], _with(conditions, CONDITIONAL))


def _of_try(node: ast.Try | ast.TryStar, conditions: Conditions) -> Statements:
    """The body is reached; where a handler goes on after an ImportError, its imports may fail."""
    going_on = [one for one in node.handlers if not _gives_up(one.body)]
    inside = conditions
    if any(_covers(one.type) for one in going_on):
        inside = _with(conditions, OPTIONAL)
    elif any(_covers(one.type, _OF_WRITING) for one in going_on):
        inside = _with(conditions, CAUGHT)
    yield from statements(node.body, inside)
    for handler in node.handlers:
        above = inside if OPTIONAL in inside else conditions
        yield from statements(handler.body, _with(above, CONDITIONAL))
    yield from statements(node.orelse, inside)
    yield from statements(node.finalbody, conditions)


def _with(conditions: Conditions, more: str) -> Conditions:
    return (*conditions, more) if more and more not in conditions else conditions


def _branches(test: ast.expr) -> tuple[str, str]:
    """The condition of the body of an `if`, and of its `else`."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        then, otherwise = _branches(test.operand)
        return otherwise, then
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        found = [_branches(value)[0] for value in test.values]
        return next((one for one in found if one in (MAIN, TYPING)), CONDITIONAL), CONDITIONAL
    match test:
        case ast.Name("TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
            return TYPING, ""
        case ast.Call(ast.Attribute(attr=method)) if method in _LOOKS:
            return CONDITIONAL, ABSENT
        case ast.Constant(value):
            return ("", CONDITIONAL) if value else (CONDITIONAL, "")
        case ast.Compare(left, [operator], [right]) if _is_main(left, right):
            if isinstance(operator, ast.Eq | ast.Is | ast.In):
                return MAIN, ""
            if isinstance(operator, ast.NotEq | ast.IsNot | ast.NotIn):
                return "", MAIN
    return CONDITIONAL, CONDITIONAL


def _is_main(left: ast.expr, right: ast.expr) -> bool:
    """`__name__` against `"__main__"`, either way round, or against several names with it."""
    texts = {ast.unparse(left), ast.unparse(right)}
    return "__name__" in texts and any("__main__" in text for text in texts)


def _covers(caught: ast.expr | None, names: Collection[str] = _COVERING) -> bool:
    """Whether `except` with this type catches an ImportError, or another of these names."""
    if caught is None:
        return True
    if isinstance(caught, ast.Tuple):
        return any(_covers(one, names) for one in caught.elts)
    return ast.unparse(caught).rpartition(".")[2] in names


def _gives_up(body: list[ast.stmt]) -> bool:
    """Whether a handler ends in an exception of its own, or ends the process."""
    match body[-1]:
        case ast.Raise():
            return True
        case ast.Expr(ast.Call(function)):
            return ast.unparse(function) in _ENDING
    return False


def _suppresses(expression: ast.expr) -> str:
    """The condition of what stands under `with contextlib.suppress(...)`."""
    match expression:
        case ast.Call(function, arguments):
            if ast.unparse(function).rpartition(".")[2] != "suppress":
                return ""
            if any(map(_covers, arguments)):
                return OPTIONAL
            if any(_covers(one, _OF_WRITING) for one in arguments):
                return CAUGHT
    return ""

"""Which calls an import of a file makes: those outside of functions, and in functions it calls."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from .facts import CAUGHT, CONDITIONAL, FUNCTION, Call
from .names import Names
from .statements import Conditions, statements, within_classes, without

_RUNNERS = {"asyncio.run", "uvloop.run", "anyio.run", "trio.run"}
"""They run the coroutine, or the coroutine function, that they are given."""


def calls(tree: ast.Module) -> Iterator[Call]:
    """The calls in the order of their statements."""
    yield from _of_body(tree.body, Names(), (), None, frozenset(), within_classes(tree))


def _of_body(
    body: list[ast.stmt],
    names: Names,
    reached: Conditions,
    through: int | None,
    inside: frozenset[str],
    in_classes: set[int],
) -> Iterator[Call]:
    """The calls of a body; `inside` are the functions it is a part of, which don't run anew."""
    may_have_returned = False
    for node, conditions in statements(body, reached):
        if FUNCTION in conditions:
            continue
        if may_have_returned and CONDITIONAL not in conditions:
            conditions = (*conditions, CONDITIONAL)
        for expression in own_expressions(node):
            for call in calls_in(expression):
                yield call_of(call, names, conditions, through)
                for name in _run_by(call, names) - inside:
                    local = Names(names)
                    start = call.lineno if through is None else through
                    function = names.functions[name].body
                    below = inside | {name}
                    yield from _of_body(function, local, conditions, start, below, in_classes)
        if id(node) not in in_classes:
            names.learn(node, certain=not without(conditions, CAUGHT))
        may_have_returned = may_have_returned or isinstance(node, ast.Return)


def own_expressions(node: ast.stmt) -> Iterator[ast.expr]:
    """The expressions of a statement, without those of the statements in it."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        arguments = node.args
        yield from node.decorator_list
        yield from filter(None, (*arguments.defaults, *arguments.kw_defaults))
        return
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield child
        elif isinstance(child, ast.withitem):
            yield child.context_expr
        elif isinstance(child, ast.keyword):
            yield child.value


def calls_in(expression: ast.expr) -> Iterator[ast.Call]:
    pending: list[ast.AST] = [expression]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Lambda):
            continue
        if isinstance(node, ast.Call):
            yield node
        pending += reversed(list(ast.iter_child_nodes(node)))


def call_of(node: ast.Call, names: Names, conditions: Conditions, through: int | None) -> Call:
    return Call(
        callee=names.stands_for(node.func),
        written=ast.unparse(node.func),
        line=node.lineno,
        arguments=tuple(map(ast.unparse, node.args)),
        keywords=tuple((one.arg or "**", ast.unparse(one.value)) for one in node.keywords),
        conditions=without(conditions, CAUGHT),
        through=through,
        caught=CAUGHT in conditions,
    )


def _run_by(call: ast.Call, names: Names) -> set[str]:
    """The functions of the module whose body this call runs.

    A decorated one may be anything by now, a generator waits, and a coroutine waits for a runner.
    """
    if isinstance(call.func, ast.Name):
        function = names.functions.get(call.func.id)
        if isinstance(function, ast.FunctionDef) and _is_plain(function):
            return {call.func.id}
    callee = names.stands_for(call.func)
    if callee in _RUNNERS or callee.endswith(".run_until_complete"):
        return set(_coroutines(call.args[:1], names))
    return set()


def _coroutines(arguments: Iterable[ast.expr], names: Names) -> Iterator[str]:
    for argument in arguments:
        given = argument.func if isinstance(argument, ast.Call) else argument
        if isinstance(given, ast.Name):
            function = names.functions.get(given.id)
            if isinstance(function, ast.AsyncFunctionDef) and _is_plain(function):
                yield given.id


def _is_plain(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    own = (node for node, conditions in statements(function.body) if FUNCTION not in conditions)
    expressions = (expression for node in own for expression in own_expressions(node))
    yields = (ast.Yield, ast.YieldFrom)
    is_generator = any(isinstance(node, yields) for one in expressions for node in ast.walk(one))
    return not function.decorator_list and not is_generator

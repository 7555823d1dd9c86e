"""The calls in functions that read a file, by what they call; `calls.py` has those at import."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .calls import call_of, calls_in, own_expressions
from .facts import FUNCTION, Call
from .names import Names
from .statements import statements

_READERS = frozenset(
    {
        *("open", "open_file", "read_text", "read_bytes", "FileResponse", "FileSystemLoader"),
        *("Jinja2Templates", "StaticFiles", "read_csv", "read_json", "read_excel", "read_parquet"),
        *("read_pickle", "load", "connect", "listdir", "scandir", "iterdir"),
    }
)
"""The last part of the name of whatever may read a file or folder that it is told."""


def reads(tree: ast.Module) -> Iterator[Call]:
    """Those that a function makes whenever it is called, in source order."""
    names = Names()
    functions: list[ast.FunctionDef | ast.AsyncFunctionDef] = []
    for node, conditions in statements(tree.body):
        if FUNCTION not in conditions:
            names.learn(node, certain=not conditions)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not (
            {*conditions} - {FUNCTION}
        ):
            functions.append(node)
    for function in functions:
        yield from _of_function(function.body, names)


def _of_function(body: list[ast.stmt], names: Names) -> Iterator[Call]:
    """The calls before the function may have returned."""
    for node, conditions in statements(body):
        if conditions and FUNCTION not in conditions and isinstance(node, ast.Return | ast.Raise):
            return
        for expression in () if conditions else own_expressions(node):
            for call in calls_in(expression):
                if names.stands_for(call.func).rpartition(".")[2] in _READERS:
                    yield call_of(call, names, (FUNCTION,), None)

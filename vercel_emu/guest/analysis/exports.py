"""Does a Python file export an app? Answered from its source, as a deployment's build does.

Nothing is imported: the platform decides on the syntax tree alone, so a file that would export
an app at run time only (inside `if` or `try`, by tuple unpacking, by `import app`) has no export.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .parse import parse

APP_NAMES = frozenset({"app", "application"})
_HINTS = (b"app", b"handler", b"Handler")


def find_export(source: bytes) -> str | None:
    """The name of the first top-level statement that exports an app or handler, if any.

    Raises:
        NotPythonError: the source has no syntax tree.
    """
    return exported(parse(source), source) if _may_export(source) else None


def exported(tree: ast.Module, source: bytes) -> str | None:
    """The same for a file that has been parsed."""
    if not _may_export(source):
        return None
    return next((name for statement in tree.body for name in _exports(statement)), None)


def _may_export(source: bytes) -> bool:
    """Whether the text has any of the words without which the platform doesn't look further."""
    return any(hint in source for hint in _HINTS)


def _exports(statement: ast.stmt) -> Iterator[str]:
    match statement:
        case ast.Assign(targets=targets):
            names = (target.id for target in targets if isinstance(target, ast.Name))
            yield from (name for name in names if name in APP_NAMES)
        case (
            ast.AnnAssign(target=ast.Name(id=name))
            | ast.FunctionDef(name=name)
            | ast.AsyncFunctionDef(name=name)
        ) if name in APP_NAMES:
            yield name
        case ast.ImportFrom(names=aliases):
            bound = (alias.asname or alias.name for alias in aliases)
            yield from (name for name in bound if name in APP_NAMES)
        case ast.ClassDef(name=name) if name.lower() == "handler":
            # The base class isn't looked at, and the class keeps its own spelling.
            yield name

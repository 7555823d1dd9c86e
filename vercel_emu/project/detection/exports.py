"""Does a Python file export an app? Answered from its source, as a deployment's build does.

Nothing is imported: the platform decides on the syntax tree alone, so a file that would export
an app at run time only (inside `if` or `try`, by tuple unpacking, by `import app`) has no export.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from pathlib import Path

from vercel_emu.files.reading import SOURCE_BYTES, read_bytes

APP_NAMES = frozenset({"app", "application"})
_HINTS = (b"app", b"handler", b"Handler")


def find_export(source: str | bytes) -> str | None:
    """The name of the first top-level statement that exports an app or handler, if any."""
    data = source.encode("utf-8", "surrogatepass") if isinstance(source, str) else source
    if not any(hint in data for hint in _HINTS):
        return None
    tree = parse(data)
    if tree is None:
        return None
    return next((name for statement in tree.body for name in _exports(statement)), None)


def find_export_in_file(file: Path) -> str | None:
    """`find_export` for a file; one that can't be read has no export."""
    try:
        return find_export(read_bytes(file, SOURCE_BYTES))
    except OSError:
        return None


def parse(source: bytes) -> ast.Module | None:
    """The syntax tree, or None where Python can't make one; never a warning on the terminal."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


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

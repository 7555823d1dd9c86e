"""Does a Python file export an app? Answered from its source, as a deployment's build does.

Nothing is imported: the platform decides on the syntax tree alone, so a file that would export
an app at run time only (inside `if` or `try`, by tuple unpacking, by `import app`) has no export.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from .parse import UTF_16, parse

APP_NAMES = frozenset({"app", "application"})
_HINTS = (b"app", b"handler", b"Handler")
_LOOKS_LIKE_EXPORT = re.compile(
    r"^(?:(?:async[ \t]+)?def[ \t]+(app|application)\b|class[ \t]+(handler|Handler)\b"
    r"|(app|application)[ \t]*(?::[^=\n]+)?=(?!=)"
    r"|from[ \t].*\bimport\b.*\b(app|application)\b)",
    re.MULTILINE,
)


def find_export(source: bytes) -> str | None:
    """The name of the first top-level statement that exports an app or handler, if any.

    Raises:
        NotPythonError: the source has no syntax tree.
    """
    may_be_no_text = b"\0" in source  # UTF-16 has them, and none of the words
    return exported(parse(source), source) if may_be_no_text or _may_export(source) else None


def exported(tree: ast.Module, source: bytes) -> str | None:
    """The same for a file that has been parsed."""
    if not _may_export(source):
        return None
    return next((name for statement in tree.body for name in _exports(statement)), None)


def meant_export(source: bytes) -> str | None:
    """What a file that has no syntax tree evidently would export, once it is put right."""
    encoding = "utf-16" if source.startswith(UTF_16) else "utf-8"
    text = source.decode(encoding, "replace").replace("\r", "\n").replace("\0", "")
    found = _LOOKS_LIKE_EXPORT.search(text)
    return found[found.lastindex or 0] if found else None


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

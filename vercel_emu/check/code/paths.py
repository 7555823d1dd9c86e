"""What path an expression of the source is in a deployment, where the source alone tells.

There the project lies in `/var/task`, which is also the current folder.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from posixpath import normpath

TASK = PurePosixPath("/var/task")
_WRITABLE = ("/tmp", "/dev", "/proc")  # noqa: S108 - the deployment's
_DEEPEST = 20


def path_of(text: str, file: str, values: Mapping[str, str]) -> PurePosixPath | None:
    """The absolute path in a deployment that the expression `text` in `file` gives.

    `values` are the module's names with the expressions they stand for. None: it can't be told.
    """
    value = _Evaluation(file, values).value(text)
    if not value or "\0" in value or value.startswith("~"):
        return None
    return PurePosixPath(normpath(TASK / value))


def is_writable(path: PurePosixPath) -> bool:
    """Whether a deployment can write there."""
    return any(path.is_relative_to(folder) for folder in _WRITABLE)


class _Evaluation:
    """Values are texts; a `Path` is one too."""

    def __init__(self, file: str, values: Mapping[str, str]) -> None:
        self._file = str(TASK / file)
        self._values = values
        self._depth = 0

    def value(self, text: str) -> str | None:
        if self._depth > _DEEPEST:  # a name that stands for itself
            return None
        try:
            tree = ast.parse(text, mode="eval")
        except (SyntaxError, ValueError, RecursionError):
            return None
        self._depth += 1
        try:
            return self._of(tree.body)
        except RecursionError:
            return None
        finally:
            self._depth -= 1

    def _of(self, node: ast.expr) -> str | None:
        match node:
            case ast.Constant(str(text)):
                return text
            case ast.Name("__file__"):
                return self._file
            case ast.Name(name) if name in self._values:
                return self.value(self._values[name])
            case ast.Attribute(inner, "parent"):
                return _parent(self._of(inner))
            case ast.Subscript(ast.Attribute(inner, "parents"), ast.Constant(int(count))):
                found = self._of(inner)
                for _ in range(min(count, 99) + 1):
                    found = _parent(found)
                return found
            case ast.BinOp(left, ast.Div(), right):
                return self._joined([left, right])
            case ast.BinOp(left, ast.Add(), right):
                return self._concatenated([left, right])
            case ast.JoinedStr(parts):
                return self._concatenated(parts)
            case ast.FormattedValue(inner, -1, None):
                return self._of(inner)
            case ast.Call(function, arguments, []):
                return self._of_call(function, arguments)
        return None

    def _of_call(self, function: ast.expr, arguments: list[ast.expr]) -> str | None:
        name = ast.unparse(function)
        first = arguments[:1]
        if name in ("os.getcwd", "Path.cwd", "pathlib.Path.cwd"):
            return str(TASK)
        if name in ("Path", "pathlib.Path", "os.path.join", "path.join", "join"):
            return self._joined(arguments) if arguments else "."
        if name in ("str", "os.fspath", "os.path.normpath", "os.path.expandvars"):
            return self._of(first[0]) if first else None
        if name in ("os.path.abspath", "os.path.realpath", "abspath", "realpath"):
            return _with(self._of(first[0]) if first else None, _absolute)
        if name in ("os.path.dirname", "path.dirname", "dirname"):
            return _with(self._of(first[0]) if first else None, _folder_of)
        if isinstance(function, ast.Attribute):
            return self._of_method(function, arguments)
        return None

    def _of_method(self, function: ast.Attribute, arguments: list[ast.expr]) -> str | None:
        match function.attr:
            case "resolve" | "absolute":
                return _with(self._of(function.value), _absolute)
            case "joinpath":
                return self._joined([function.value, *arguments])
            case "as_posix":
                return self._of(function.value)
        return None

    def _joined(self, nodes: list[ast.expr]) -> str | None:
        parts = [self._of(node) for node in nodes]
        known = [part for part in parts if part is not None]
        return str(PurePosixPath(*known)) if len(known) == len(parts) else None

    def _concatenated(self, nodes: list[ast.expr]) -> str | None:
        parts = [self._of(node) for node in nodes]
        known = [part for part in parts if part is not None]
        return "".join(known) if len(known) == len(parts) else None


def _with(value: str | None, change: Callable[[str], str]) -> str | None:
    return None if value is None else change(value)


def _parent(value: str | None) -> str | None:
    return None if value is None else str(PurePosixPath(value).parent)


def _absolute(value: str) -> str:
    return normpath(TASK / value)


def _folder_of(value: str) -> str:
    """`os.path.dirname`, for which `a/` lies in `a`."""
    return value.rpartition("/")[0]

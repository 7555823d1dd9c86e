"""Functions that `vercel.cron` declares as cron jobs, found without running user code.

`@cron("0 9 * * 1")`, `@cron(minute=0, hour=9)`, and `@tab.register(...)` of a module's `CronTab()`.
The platform runs them in cron services only, which call the function and no path.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vercel_emu.files.reading import SOURCE_BYTES, read_text
from vercel_emu.guest.analysis.parse import tree_or_none
from vercel_emu.project.detection.entrypoint import module_name, python_files

_FIELDS = ("minute", "hour", "day", "month", "day_of_week")
_MODULE = "vercel.cron"
_COMPUTED = "its schedule is computed when the module is imported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """`module:name`, its schedule (or, where it is not a constant, why it isn't known), place."""

    function: str
    schedule: str
    place: str
    is_known: bool = True


def declared_jobs(root: Path) -> list[Declared]:
    """The decorated functions of every Python file of the project."""
    found: list[Declared] = []
    for file in python_files(root):
        try:
            text = read_text(root / file, SOURCE_BYTES)
        except (OSError, UnicodeDecodeError):
            continue
        if "vercel" in text and "cron" in text:
            found += declared_in(text, file)
    return found


def declared_in(source: str, file: str) -> list[Declared]:
    """The decorated functions of one file; a file that doesn't compile has none."""
    tree = tree_or_none(source.encode("utf-8", "surrogatepass"))
    if tree is None:
        return []
    names = _Names(tree)
    return [
        Declared(
            function=f"{module_name(file)}:{node.name}",
            schedule=schedule or _COMPUTED,
            place=f"{file}:{node.lineno}",
            is_known=schedule is not None,
        )
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call) and names.registers(decorator.func)
        for schedule in [names.schedule(decorator)]
    ]


class _Names:
    """What a module calls the members of `vercel.cron`."""

    def __init__(self, tree: ast.Module) -> None:
        self._members: dict[str, str] = {}
        for node in ast.walk(tree):
            self._members |= dict(_imported(node))
        self._tabs = {
            target.id
            for node in tree.body
            if isinstance(node, ast.Assign) and self._is_call(node.value, "CronTab")
            for target in node.targets
            if isinstance(target, ast.Name)
        }

    def registers(self, function: ast.expr) -> bool:
        """Whether calling this gives a decorator that declares a cron job."""
        if self._member(function) == "cron":
            return True
        if not isinstance(function, ast.Attribute) or function.attr != "register":
            return False
        return isinstance(function.value, ast.Name) and function.value.id in self._tabs

    def schedule(self, call: ast.Call) -> str | None:
        """The five fields of the call's arguments; None where they aren't constants."""
        if not call.args:
            return _five_fields(call)
        given = call.args[0]
        if isinstance(given, ast.Constant) and isinstance(given.value, str):
            return " ".join(given.value.split())
        if not isinstance(given, ast.Call):
            return None
        if self._member(given.func) == "CronSchedule":
            return _five_fields(given)
        is_text = isinstance(given.func, ast.Attribute) and given.func.attr == "from_str"
        return self.schedule(given) if is_text else None

    def _is_call(self, node: ast.expr, member: str) -> bool:
        return isinstance(node, ast.Call) and self._member(node.func) == member

    def _member(self, node: ast.expr) -> str:
        """Which member of `vercel.cron` an expression names: `cron`, or `vercel.cron.cron`."""
        written = ast.unparse(node)
        if written in self._members:
            return self._members[written]
        module, _, name = written.rpartition(".")
        return name if self._members.get(module) == _MODULE or module == _MODULE else ""


def _imported(node: ast.AST) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.ImportFrom) and not node.level:
        for alias in node.names:
            if node.module == _MODULE:
                yield alias.asname or alias.name, alias.name
            elif f"{node.module}.{alias.name}" == _MODULE:
                yield alias.asname or alias.name, _MODULE
    elif isinstance(node, ast.Import):
        for alias in node.names:
            if alias.name == _MODULE and alias.asname:
                yield alias.asname, _MODULE


def _five_fields(call: ast.Call) -> str | None:
    given: dict[str | None, ast.expr] = dict(zip(_FIELDS, call.args, strict=False))
    given |= {keyword.arg: keyword.value for keyword in call.keywords}
    values = [given.get(name, ast.Constant("*")) for name in _FIELDS]
    constants = [value.value for value in values if isinstance(value, ast.Constant)]
    return " ".join(map(str, constants)) if len(constants) == len(values) else None

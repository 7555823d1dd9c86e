"""What a name in a module stands for, as far as its statements tell: `F` may be `flask.Flask`."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator

from .facts import FUNCTION
from .statements import statements

type Function = ast.FunctionDef | ast.AsyncFunctionDef

UNKNOWN = "?"


class Names:
    """The names of a module or of a function, learned statement by statement.

    A name stands for a dotted path (`flask.Flask`), where `()` is the result of a call. UNKNOWN
    is in it where the source doesn't tell.
    """

    def __init__(self, above: Names | None = None) -> None:
        self.functions: dict[str, Function] = dict(above.functions) if above else {}
        self._known: dict[str, str] = dict(above._known) if above else {}
        self._asked: set[str] = set(above._asked) if above else set()
        self._stars: list[str] = list(above._stars) if above else []

    def learn(self, node: ast.stmt, *, certain: bool = True) -> None:
        """Take in what a statement binds; one that is not `certain` may make a name unknown."""
        match node:
            case ast.Import(names=aliases):
                for alias in aliases:
                    whole = alias.name if alias.asname else alias.name.partition(".")[0]
                    self._bind(alias.asname or whole, whole, certain)
            case ast.ImportFrom(module=module, names=aliases, level=level):
                base = "." * level + (f"{module}." if module else "")
                for alias in aliases:
                    if alias.name == "*":
                        self._stars.append(base)
                    else:
                        self._bind(alias.asname or alias.name, f"{base}{alias.name}", certain)
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._assign(target, value, certain)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._assign(target, value, certain)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                self.functions[name] = node
                self._known.pop(name, None)
            case ast.ClassDef(name=name, bases=bases):
                base = self.stands_for(bases[0]) if len(bases) == 1 else name
                self._bind(name, base, certain)
            case ast.With(items=items) | ast.AsyncWith(items=items):
                for item in items:
                    if item.optional_vars is not None:
                        self._assign(item.optional_vars, item.context_expr, certain)
            case ast.For(target=target) | ast.AsyncFor(target=target):
                self._forget(target)

    def stands_for(self, node: ast.expr) -> str:
        """The dotted path of an expression."""
        match node:
            case ast.Name(name):
                return self._known.get(name) or self._by_star(name)
            case ast.Attribute(value, attribute):
                return f"{self.stands_for(value)}.{attribute}"
            case ast.Call(ast.Name(name)) if name in self.functions:
                return self.result_of(name)
            case ast.Call(function):
                return f"{self.stands_for(function)}()"
            case ast.Await(value) | ast.NamedExpr(value=value):
                return self.stands_for(value)
            case ast.BinOp(left, ast.Div()):  # a path
                return self.stands_for(left)
            case ast.Subscript(ast.Attribute(value, "parents")):  # another
                return f"{self.stands_for(value)}.parent"
        return UNKNOWN

    def _by_star(self, name: str) -> str:
        """A name that nothing binds: of the one module that all names are imported from, if any."""
        is_own = name in self.functions or hasattr(builtins, name)
        return name if is_own or len(self._stars) != 1 else f"{self._stars[0]}{name}"

    def result_of(self, name: str) -> str:
        """What a function of this module returns, where all its returns agree."""
        if name in self._asked:
            return UNKNOWN
        self._asked.add(name)
        inside = Names(self)
        found: set[str] = set()
        body = self.functions[name].body
        for node, conditions in statements(body):
            if FUNCTION in conditions:
                continue
            if isinstance(node, ast.Return) and node.value is not None:
                found.add(inside.stands_for(node.value))
            inside.learn(node, certain=not conditions)
        self._asked.discard(name)
        return found.pop() if len(found) == 1 else UNKNOWN

    def _assign(self, target: ast.expr, value: ast.expr, certain: bool) -> None:
        if isinstance(target, ast.Name):
            self._bind(target.id, self.stands_for(value), certain)
        else:
            self._forget(target)

    def _bind(self, name: str, stands_for: str, certain: bool) -> None:
        known = self._known.get(name)
        same = certain or known is None or known == stands_for
        self._known[name] = stands_for if same else UNKNOWN
        self.functions.pop(name, None)

    def _forget(self, target: ast.expr) -> None:
        for name in names_in(target):
            self._known[name] = UNKNOWN
            self.functions.pop(name, None)


def names_in(target: ast.expr) -> Iterator[str]:
    """The names that are assigned by a target: several, where it unpacks."""
    for node in ast.walk(target):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id

"""The values that the analysis gives; as tuples, so that they travel as JSON and come back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

MAIN = "main"
"""Under `if __name__ == "__main__":`, so never when the file is imported."""
TYPING = "typing"
"""Under `if TYPE_CHECKING:`, so never at run time."""
OPTIONAL = "optional"
"""In a `try` that goes on without what can't be imported, or in what it does then."""
CONDITIONAL = "conditional"
"""Under another `if`, in a loop, an `except`, a `match`: perhaps."""
ABSENT = "absent"
"""Under `if not os.path.exists(...):` and the like."""
CAUGHT = "caught"
"""In a `try` that goes on after an OSError; no condition of anything else, see `Call.caught`."""
FUNCTION = "function"
"""In the body of a function or lambda: when that is called."""


class Fault(NamedTuple):
    """Why a file can't be read as Python: `reason` in words, the place where it is known.

    `line` and `column` count from 1; `text` is the line itself, without its end. `file` (relative)
    is set where the fault is in another file than the one that was asked for.
    """

    reason: str
    line: int | None = None
    column: int | None = None
    text: str = ""
    file: str = ""


class Import(NamedTuple):
    """One imported thing: `import a.b` has the module `a.b` and no name.

    `from ..a import b` has the module `a`, the name `b` (or `*`) and the level 2. `conditions` says
    how the statement is reached (MAIN, TYPING...); empty: whenever the file is imported.
    """

    module: str
    name: str | None
    level: int
    line: int
    conditions: tuple[str, ...] = ()


class Call(NamedTuple):
    """One call that is made when the file is imported, or would be without its conditions.

    `callee` is dotted, with what its first name stands for: `app.run()` after
    `app = flask.Flask(__name__)` is `flask.Flask().run`. `written` is the same as it stands in the
    source. `arguments` and `keywords` are source texts. Where the call stands in a function of the
    file that is itself called at import, `through` is the line of that call.
    """

    callee: str
    written: str
    line: int
    arguments: tuple[str, ...] = ()
    keywords: tuple[tuple[str, str], ...] = ()
    conditions: tuple[str, ...] = ()
    through: int | None = None
    caught: bool = False
    """Whether the code goes on after an OSError there, such as a read-only file system's."""


class Binding(NamedTuple):
    """A name of the module, and `how` it came: `=`, unpacked, import, from, def, class or with.

    `stands_for` is dotted (as a call's `callee`); for a function it is what calling it gives.
    `written` is the statement, its beginning in one line.
    """

    name: str
    how: str
    line: int
    stands_for: str
    written: str
    conditions: tuple[str, ...] = ()


class Facts(NamedTuple):
    """Everything about one file. With a `fault` there is nothing else."""

    fault: Fault | None = None
    export: str | None = None
    """The name of the app or handler, as a deployment's build finds it."""
    imports: tuple[Import, ...] = ()
    calls: tuple[Call, ...] = ()
    bindings: tuple[Binding, ...] = ()
    values: tuple[tuple[str, str], ...] = ()
    """The module's names that are assigned once and surely, with the source of their value."""
    reads: tuple[Call, ...] = ()
    """The calls in functions that read files, where the function always makes them."""


def from_json(values: Sequence[Any]) -> Facts:
    """The facts that another interpreter wrote as JSON."""
    fault, export, imports, calls, bindings, assigned, reads = values
    return Facts(
        fault=None if fault is None else Fault(*fault),
        export=export,
        imports=tuple(map(_import, imports)),
        calls=tuple(map(_call, calls)),
        bindings=tuple(map(_binding, bindings)),
        values=tuple((name, text) for name, text in assigned),
        reads=tuple(map(_call, reads)),
    )


def _import(values: Sequence[Any]) -> Import:
    module, name, level, line, conditions = values
    return Import(module, name, level, line, tuple(conditions))


def _call(values: Sequence[Any]) -> Call:
    callee, written, line, arguments, keywords, conditions, *rest = values
    pairs = tuple((name, text) for name, text in keywords)
    return Call(callee, written, line, tuple(arguments), pairs, tuple(conditions), *rest)


def _binding(values: Sequence[Any]) -> Binding:
    name, how, line, stands_for, written, conditions = values
    return Binding(name, how, line, stands_for, written, tuple(conditions))

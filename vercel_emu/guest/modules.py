"""What a standby does ahead of user code, learned from an instance that runs it.

A *step* is the name of a library module to import, or a change of the environment that the
person's code makes between those imports. Runs inside the instance; standard library only.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest
from typing import Any

from .environ_changes import Change
from .own_code import Imports, is_library, names_in

type ImportStep = str | list[object]
"""A module, or `[key, value, imports made before]` of an environment change."""

_SKIPPED = frozenset({"__main__", "vercel_runtime", "vercel_emu", "site", "sitecustomize"})
_SERVER = "vercel_runtime._vendor."
"""The ASGI server, which the runtime imports after user code."""
_MONKEY_PATCHERS = ("gevent.monkey", "eventlet.patcher")
"""Libraries that must come before others: nothing may be imported ahead of them."""


def library_modules(prefixes: tuple[str, ...]) -> Iterator[tuple[str, bool]]:
    """Every imported module in the order of first import, and whether it may be preloaded."""
    for name, module in list(sys.modules.items()):
        spec = getattr(module, "__spec__", None)
        top_level = name.partition(".")[0]
        # An alias (`os.path`, `six.moves`) has another name in its spec and comes by itself.
        fit = (
            (top_level not in _SKIPPED or name.startswith(_SERVER))
            and not name.startswith("_vercel_emu_")
            and spec is not None
            and spec.name == name
            and not getattr(spec, "_initializing", False)
            and is_library(spec.origin, prefixes)
        )
        yield name, fit


def learn_steps(
    modules: Iterable[tuple[str, bool]],
    changes: Iterable[Change],
    replayed: list[ImportStep],
    imports: dict[str, Imports],
) -> list[ImportStep]:
    """The steps for the next standby: those that this instance replayed, then what came new."""
    modules = list(modules)
    if any(name in _MONKEY_PATCHERS for name, _ in modules):
        return []
    known = {step for step in replayed if isinstance(step, str)}
    changes = list(changes)[sum(1 for step in replayed if not isinstance(step, str)) :]
    steps = list(replayed)
    for name, fit in modules:
        if fit and name not in known:
            steps.append(name)
        steps += [one.fingerprint(imports) for one in changes if one.after == name]
    return steps


def standard_library(names: Iterable[str]) -> set[str]:
    """Those of `names` whose import has no lasting effect on anything else."""
    return {name for name in names if name.partition(".")[0] in sys.stdlib_module_names}


def misfit(
    steps: list[ImportStep],
    remembered: Mapping[str, Any],
    imports: dict[str, Imports],
    changes: Iterable[Change],
    *,
    complete: bool,
) -> str:
    """Why this instance, which followed `steps` ahead of user code, is not as if it hadn't.

    `remembered` is what was learned with the steps: `direct`, the libraries that user code
    itself imported, and `varying`, variables from whose change on nothing was remembered.
    `imports` are those of the same files as they are now.
    Empty: it is the same. `complete` False: user code failed on its way.
    """
    made = [one.fingerprint(imports) for one in changes]
    expected = [step for step in steps if not isinstance(step, str)]
    if not complete:
        expected = expected[: len(made)]
    if len(made) > len(expected) and made[len(expected)][0] in remembered.get("varying", ()):
        made = made[: len(expected)]
    if made != expected:
        odd = next(a or b for a, b in zip_longest(made, expected) if a != b) or [""]
        return f"os.environ[{str(odd[0])!r}]"
    if complete:
        preloaded = {step for step in steps if isinstance(step, str)}
        gone = (set(remembered.get("direct", ())) & preloaded) - names_in(imports.values())
        lasting = gone - standard_library(gone)
        if lasting:
            return str(min(lasting))
    return ""

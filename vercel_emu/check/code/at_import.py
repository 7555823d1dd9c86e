"""What is done while the app is imported and can't be done in a deployment at that time.

The file system is read-only there, but for /tmp; and the runtime cache belongs to requests. Only
calls count that every import makes, and only paths that the source tells for certain.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from vercel_emu.check.code.paths import TASK, is_writable, path_of
from vercel_emu.check.imports.reached import Reached, Tree
from vercel_emu.check.model import Checked, Finding
from vercel_emu.errors import Where
from vercel_emu.guest.analysis.facts import ABSENT, Call

_OPENERS = frozenset({"open", "io.open", "codecs.open", "gzip.open", "builtins.open"})
_HANDLERS = frozenset(
    {
        "logging.FileHandler",
        "logging.handlers.RotatingFileHandler",
        "logging.handlers.TimedRotatingFileHandler",
        "logging.handlers.WatchedFileHandler",
    }
)
_COPIES = frozenset({"shutil.copy", "shutil.copy2", "shutil.copyfile", "shutil.copytree"})
_METHODS = frozenset({"write_text", "write_bytes", "touch"})
_CACHES = ("vercel.functions.", "vercel.cache.")
_CACHE_METHODS = frozenset({"get", "set", "delete", "expire_tag"})
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class Write:
    """What a call writes: the expression of its path, and whether it makes a folder.

    `if_new`: nothing is written where it is there already.
    """

    path: str
    is_folder: bool = False
    if_new: bool = False


def import_time_faults(checked: Checked, tree: Tree) -> Iterator[Finding]:
    """Writes, and calls of the runtime cache, that an import of the app makes."""
    for file in tree:
        for call in file.facts.calls if not file.late else ():
            if call.conditions in ((), (ABSENT,)):
                yield from _of_write(checked.root, file, call)
                yield from _of_cache(file, call)


def _of_write(root: Path, file: Reached, call: Call) -> Iterator[Finding]:
    write = None if call.caught else written_by(call)
    if write is None:
        return
    values = dict(file.facts.values)
    if call.through is not None:  # a function's own names hide the module's
        values = {name: text for name, text in values.items() if name.isupper()}
    path = path_of(write.path, file.file, values)
    if path is None or is_writable(path):
        return
    if (write.if_new or ABSENT in call.conditions) and _is_there(root, path, write):
        return
    shown = path.relative_to(TASK) if path.is_relative_to(TASK) else path
    what = f"the folder {shown}" if write.is_folder else str(shown)
    yield Finding(
        severity="error",
        code="WRITE_AT_IMPORT",
        message=f"`{_shown(call)}` makes {what} while the app is imported, and a deployment's "
        "file system is read-only",
        where=Where(file.file, line=call.line),
        hint="Only /tmp can be written there, and it goes with the instance: write to it, or keep "
        "what must last in a database or a store.",
    )


def _of_cache(file: Reached, call: Call) -> Iterator[Finding]:
    receiver, _, method = call.callee.rpartition(".")
    if method not in _CACHE_METHODS or not receiver.startswith(_CACHES):
        return
    if not receiver.removesuffix("()").endswith(("RuntimeCache", "get_cache")):
        return
    yield Finding(
        severity="warning",
        code="CACHE_AT_IMPORT",
        message=f"`{_shown(call)}` runs while the app is imported, where a deployment has no "
        "runtime cache: it uses a cache in memory that no request shares",
        where=Where(file.file, line=call.line),
        hint="Use the cache in a request.",
    )


def written_by(call: Call) -> Write | None:
    """What a call writes, by what it calls; None for calls that write nothing."""
    callee, arguments, keywords = call.callee, call.arguments, dict(call.keywords)
    if callee in _OPENERS:
        path = _argument(call, 0, "file", "filename")
        return Write(path) if path and _writes(_argument(call, 1, "mode")) else None
    if callee == "sqlite3.connect":
        path = _argument(call, 0, "database")
        is_file = path and not path.strip("'\"").startswith((":memory:", "file:"))
        return Write(path, if_new=True) if path and is_file else None
    if callee in ("os.makedirs", "os.mkdir"):
        path = _argument(call, 0, "name", "path")
        return Write(path, is_folder=True, if_new=True) if path else None
    if callee in _HANDLERS and keywords.get("delay") != "True":
        path = _argument(call, 0, "filename")
        return Write(path) if path else None
    if callee == "logging.basicConfig":
        path = keywords.get("filename")
        return Write(path) if path and path != "None" else None
    if callee in _COPIES and len(arguments) > 1:
        return Write(arguments[1])
    return _by_method(call)


def _by_method(call: Call) -> Write | None:
    """What a method of a `Path` writes."""
    receiver, _, method = call.written.rpartition(".")
    if not call.callee.startswith("pathlib.Path"):
        return None
    if method == "mkdir":
        return Write(receiver, is_folder=True, if_new=True)
    if method in _METHODS:
        return Write(receiver)
    if method == "open" and _writes(_argument(call, 0, "mode")):
        return Write(receiver)
    return None


def _argument(call: Call, place: int, *names: str) -> str | None:
    keywords = dict(call.keywords)
    if len(call.arguments) > place and not call.arguments[place].startswith("*"):
        return call.arguments[place]
    return next((keywords[name] for name in names if name in keywords), None)


def _writes(mode: str | None) -> bool:
    try:
        value = ast.literal_eval(mode or "'r'")
    except (ValueError, SyntaxError):
        return False
    return isinstance(value, str) and any(char in value for char in "wax+")


def _is_there(root: Path, path: PurePosixPath, write: Write) -> bool:
    """Whether it is part of the deployment; an empty folder is not, as git holds only files."""
    if not path.is_relative_to(TASK):
        return True
    local = root / path.relative_to(TASK)
    if not write.is_folder:
        return local.exists()
    try:
        return any(local.iterdir())
    except OSError:
        return local.exists()


def _shown(call: Call) -> str:
    keywords = (f"{name}={value}" for name, value in call.keywords)
    text = f"{call.written}({', '.join([*call.arguments, *keywords])})"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."

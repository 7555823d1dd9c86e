"""Which modules are the user's own, and how their source becomes code.

Runs inside the instance; standard library only. "Own" is every module that lies neither in the
interpreter's standard library nor in a site-packages folder: the project itself, editable
installs, local packages of the repository.

Python matches a `.pyc` by whole seconds and size, too coarse for saves that follow quickly: an
instance could run code that is no longer in the file. So own modules are compiled from what the
file holds at that moment, and the result is kept by content, out of the project's sight. The
installed packages keep Python's own cache, although the platform's PYTHONDONTWRITEBYTECODE (which
the app sees) would compile every library anew at every start.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import hashlib
import importlib.util
import marshal
import os
import sys
import sysconfig
from collections.abc import Callable, Iterable
from importlib.machinery import SourceFileLoader
from types import CodeType

type Imports = tuple[tuple[int, str], ...]
"""The absolute imports of a file: line and dotted name."""

# Not `importlib.abc.SourceLoader`: that import alone costs a start 20 ms.
_PLAIN_COMPILE = SourceFileLoader.source_to_code
_FUNCTIONS_API = os.path.join(os.path.dirname(os.path.abspath(__file__)), "functions_api")


def library_prefixes(runtime_dir: str = "") -> tuple[str, ...]:
    """Folders whose modules are libraries, each ending in a separator."""
    paths = sysconfig.get_paths()
    folders = {paths[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders.update(
        path for path in sys.path if os.path.basename(path) in ("site-packages", "dist-packages")
    )
    folders.add(_FUNCTIONS_API)
    if runtime_dir:
        folders.add(os.path.join(runtime_dir, "vercel_runtime"))
    return tuple(sorted({os.path.join(os.path.realpath(folder), "") for folder in folders}))


def is_library(origin: str | None, prefixes: tuple[str, ...]) -> bool:
    """True for built-in and frozen modules and for files below one of `prefixes`.

    Links to folders are followed, links to files are not: some installers link each file.
    """
    if origin in ("built-in", "frozen"):
        return True
    return origin is not None and _is_library_folder(os.path.dirname(origin), prefixes)


@functools.cache
def _is_library_folder(folder: str, prefixes: tuple[str, ...]) -> bool:
    return os.path.join(os.path.realpath(folder), "").startswith(prefixes)


class OwnCode:
    """The person's files that were imported, by real path, with what each of them imports."""

    def __init__(self, folder: str, prefixes: tuple[str, ...]) -> None:
        self._folder = folder
        self.libraries = prefixes
        self.imports: dict[str, Imports] = {}
        self.on_file: Callable[[str], None] = lambda _: None
        """Told of each file before it is read, also where it turns out to be no Python."""
        self.on_import: Callable[[str, str], None] | None = None
        """Asked with the name and path of each module before it is read; it may refuse."""

    def install(self) -> None:
        """Take over the compiling of own modules, and let libraries have their `.pyc` files."""
        sys.dont_write_bytecode = False
        original = SourceFileLoader.get_code
        own = self

        def get_code(self: SourceFileLoader, fullname: str) -> CodeType | None:
            path = self.get_filename(fullname)
            # An import hook that rewrites source (coverage, type checkers) keeps its own way.
            plain = type(self).source_to_code is _PLAIN_COMPILE
            if not plain or is_library(path, own.libraries):
                return original(self, fullname)
            if own.on_import is not None:
                own.on_import(fullname, path)
            own.on_file(path)
            return own.code_of(path, self.get_data(path))

        SourceFileLoader.get_code = get_code  # type: ignore[method-assign, assignment]

    def code_of(self, path: str, source: bytes) -> CodeType:
        """The compiled `source`, from the cache where exactly this was compiled before."""
        imports, code = self._compiled(path, source)
        self.imports[os.path.realpath(path)] = imports
        return code

    def imports_in(self, path: str) -> Imports:
        """What a file imports as it is now, whether it has been imported or not.

        Raises:
            OSError, SyntaxError, ValueError: there is no such file, or it is no Python.
        """
        self.on_file(path)
        with open(path, "rb") as file:
            return self._compiled(path, file.read())[0]

    def _compiled(self, path: str, source: bytes) -> tuple[Imports, CodeType]:
        version = f"{sys.implementation.cache_tag} {sys.flags.optimize} {path}".encode()
        digest = hashlib.blake2b(source, digest_size=16, key=hashlib.blake2b(version).digest())
        name = hashlib.blake2b(os.fsencode(path), digest_size=12).hexdigest()
        file = os.path.join(self._folder, name + ".bin")
        found = _load(file, digest.digest())
        if found is None:
            tree = ast.parse(source, path)
            found = (absolute_imports(tree), compile(tree, path, "exec", dont_inherit=True))
            _store(file, digest.digest(), found)
        return found


def as_it_is(path: str) -> dict[str, object]:
    """A file's absolute path with its state before it is read: mtime in ns, size, inode."""
    stamp: tuple[int, ...] = ()
    with contextlib.suppress(OSError):
        found = os.stat(path)
        stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
    return {"path": os.path.abspath(path), "stamp": stamp}


def absolute_imports(tree: ast.AST) -> Imports:
    """Every absolute import in a file, also those inside functions and conditions."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.append((node.lineno, node.module))
            found += ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
    return tuple(sorted(found))


def names_in(imports: Iterable[Imports]) -> set[str]:
    """The dotted names of several files' imports."""
    return {name for one in imports for _, name in one}


def _load(file: str, digest: bytes) -> tuple[Imports, CodeType] | None:
    try:
        with open(file, "rb") as opened:
            data = opened.read()
        if data[:16] == digest and data[16:20] == importlib.util.MAGIC_NUMBER:
            found: tuple[Imports, CodeType] = marshal.loads(data[20:])
            return found
    except (OSError, ValueError, EOFError, TypeError):
        pass
    return None


def _store(file: str, digest: bytes, value: tuple[Imports, CodeType]) -> None:
    # Only speed depends on it: a folder that can't be written is not an error, and a project that
    # was renamed is not made anew.
    with contextlib.suppress(OSError, ValueError):
        with contextlib.suppress(FileExistsError):
            os.mkdir(os.path.dirname(file))
        temporary = f"{file}.{os.getpid()}"
        with open(temporary, "wb") as opened:
            opened.write(digest + importlib.util.MAGIC_NUMBER + marshal.dumps(value))
        os.replace(temporary, file)

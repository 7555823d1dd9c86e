"""Notices writes outside `/tmp`, which fail in a deployment: its file system is read-only.

An audit hook, so `open`, `os`, `pathlib`, `shutil`, `logging` and `sqlite3` are all seen without
replacing anything. Each file is reported once, with the line of user code. With `strict`
the call fails with the error that production raises. What audit hooks don't see: writes by C
libraries on their own, and by programs that the code starts.

Runs inside the function instance: standard library only, and cheap, because the interpreter calls
the hook for every audited event.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from .callers import Callers, is_installed

if TYPE_CHECKING:
    from .reads import Reads
    from .uses import Uses

type Path = str | bytes | os.PathLike[str]
type Report = Callable[[str, str, bool], None]
type Wrote = Callable[[str, str, tuple[int, ...]], None]

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CACHE_FOLDER = os.sep + "__pycache__"
_DEVICES = ("/dev/", "/proc/", "/sys/")
_READ_ONLY_URI = ("mode=ro", "mode=memory", "immutable=1")


def install(
    root: str,
    report: Report,
    *,
    strict: bool = False,
    reads: Reads | None = None,
    uses: Uses | None = None,
    wrote: Wrote | None = None,
    more: Mapping[str, Callable[..., None]] | None = None,
) -> Guard:
    """Watch this process from now on; nothing of what was done before counts.

    `report(path, where, refused)` is called once for each file, `where` being `file:line`.
    `wrote(path, how, stamp)` is called before every write, whoever writes: `how` is "open", "gone",
    "made" (it becomes the file of this `stamp`: mtime in ns, size, inode), "folder" (it comes or
    goes with what is in it) or "database".
    `reads` and `uses` watch what is read, and `more` are handlers of other audit events: one hook
    for all costs less than several.
    """
    guard = Guard(root, report, strict=strict, reads=reads, uses=uses, wrote=wrote)
    sys.addaudithook(guard.hook(more or {}))
    if strict:
        guard.make_databases_read_only()
    return guard


class Guard:
    """What is watched, what was reported, and where writing is allowed."""

    def __init__(
        self,
        root: str,
        report: Report,
        *,
        strict: bool,
        reads: Reads | None = None,
        uses: Uses | None = None,
        wrote: Wrote | None = None,
    ) -> None:
        self._root = os.path.join(os.path.realpath(root), "")
        self._report = report
        self._strict = strict
        self._reported: set[str] = set()
        self._lock = threading.Lock()
        self._local = threading.local()
        self._writable = writable_folders(os.environ)
        self._callers = Callers(self._root)
        self._reads = reads
        self._uses = uses
        self._wrote: Wrote = wrote or (lambda *_: None)

    def hook(
        self, more: Mapping[str, Callable[..., None]]
    ) -> Callable[[str, tuple[Any, ...]], None]:
        """The hook itself: one dictionary look-up for every event that is not a write."""
        handlers: dict[str, Callable[..., None]] = {
            "open": self._open,
            "os.mkdir": self._mkdir,
            "os.remove": self._remove,
            "os.rmdir": self._remove,
            "os.truncate": self._change,
            "os.chmod": self._change,
            "os.chown": self._change,
            "os.chflags": self._change,
            "os.utime": self._utime,
            "os.setxattr": self._change,
            "os.removexattr": self._change,
            "os.rename": self._rename,
            "os.link": self._link,
            "os.symlink": self._symlink,
            "sqlite3.connect": self._sqlite,
            **more,
        }
        if self._reads is not None or self._uses is not None:
            # Where nobody asks, no open for reading costs more than without this.
            handlers["open"] = self._open_or_read
            handlers["os.listdir"] = handlers["os.scandir"] = self._list
        if self._uses is not None:
            handlers["os.chdir"] = self._uses.moved
        find = handlers.get

        def audit(event: str, arguments: tuple[Any, ...]) -> None:
            handle = find(event)
            if handle is not None:
                handle(*arguments)

        return audit

    # One method for each kind of event. The kernel's own errors come before "read-only": a folder
    # that exists already, or a parent that doesn't, is told as such in a deployment too. ----------

    def _open(self, path: Path | int, _mode: str | None, flags: int) -> None:
        if not flags & _WRITING or isinstance(path, int):
            return
        full = self._outside(path, follow=True)
        if full is None or os.path.isdir(full):
            return
        exists = os.path.lexists(full)
        if exists and flags & os.O_CREAT and flags & os.O_EXCL:
            return
        if not exists and (not flags & os.O_CREAT or not _has_parent(full)):
            return
        self._wrote(full, "open", ())
        self._refuse(full, path)

    def _open_or_read(self, path: Path | int, mode: str | None, flags: int) -> None:
        if self._uses is not None:
            self._uses.opened(path)
        if flags & _WRITING:
            self._open(path, mode, flags)
        elif self._reads is not None:
            self._reads.opened(path)

    def _list(self, path: Path | int | None = None) -> None:
        if self._uses is not None:
            self._uses.listed(path)
        if self._reads is not None:
            self._reads.listed(path)

    def _mkdir(self, path: Path, _mode: int, folder: int = -1) -> None:
        full = self._outside(path, folder)
        if full is not None and not os.path.lexists(full) and _has_parent(full):
            self._wrote(full, "folder", ())
            self._refuse(full, path)

    def _remove(self, path: Path, folder: int = -1) -> None:
        full = self._outside(path, folder)
        if full is not None and _has_parent(full):
            self._wrote(full, "gone", ())
            self._refuse(full, path)

    def _change(self, path: Path | int, *_: object) -> None:
        if not isinstance(path, int):
            full = self._outside(path, follow=True)
            if full is not None and os.path.lexists(full):
                self._refuse(full, path)

    def _utime(self, path: Path | int, _times: object, _ns: object, folder: int = -1) -> None:
        if not isinstance(path, int):
            full = self._outside(path, folder, follow=True)
            if full is not None and os.path.lexists(full):
                self._refuse(full, path)

    def _rename(
        self, source: Path, target: Path, source_folder: int = -1, target_folder: int = -1
    ) -> None:
        moved = self._outside(source, source_folder)
        made = self._outside(target, target_folder)
        if moved is None and made is None:
            return
        full = made or moved or ""
        self._moves(_path_at(source, source_folder), moved, made)
        if _has_parent(full):
            # Between `/tmp` and the rest stands a border of file systems, which comes first.
            number = errno.EXDEV if moved is None or made is None else errno.EROFS
            self._refuse(full, source, target, number)

    def _moves(self, source: str, moved: str | None, made: str | None) -> None:
        """What `source` is, comes to `made`, and is no longer at `moved`."""
        try:
            found = os.stat(source)
        except (OSError, ValueError):
            return
        is_folder = stat.S_ISDIR(found.st_mode)
        if moved is not None:
            self._wrote(moved, "folder" if is_folder else "gone", ())
        if made is not None:
            stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
            self._wrote(made, "folder" if is_folder else "made", stamp)

    def _link(
        self, source: Path, target: Path, source_folder: int = -1, target_folder: int = -1
    ) -> None:
        full = self._outside(target, target_folder)
        if full is not None and not os.path.lexists(full) and _has_parent(full):
            self._moves(_path_at(source, source_folder), None, full)
            self._refuse(full, source, target)

    def _symlink(self, source: Path, target: Path, folder: int = -1) -> None:
        full = self._outside(target, folder)
        if full is not None and not os.path.lexists(full) and _has_parent(full):
            # What a link says counts from the folder that it lies in.
            self._moves(os.path.join(os.path.dirname(full), os.fsdecode(source)), None, full)
            self._refuse(full, source, target)

    def _sqlite(self, database: Path) -> None:
        """A file that is there can be read in a deployment; one that is not can't be made."""
        self._local.database = None
        name = os.fsdecode(database)
        if name in ("", ":memory:") or name.startswith("file::memory:"):
            return
        if name.startswith("file:"):
            if any(mark in name for mark in _READ_ONLY_URI):
                return
            name = name.removeprefix("file:").removeprefix("//").partition("?")[0]
        full = self._outside(name, follow=True)
        if full is None or not _has_parent(full) or self._callers.place() is None:
            return
        self._wrote(full, "database", ())
        if self._reads is not None and self._reads.database_fails(full):
            _cannot_open_database()
        if os.path.exists(full):
            self._local.database = full
            if not self._strict:  # else each write fails, and reading is nobody's fault
                self._tell(full)
            return
        self._tell(full)
        if self._strict:
            _cannot_open_database()

    def make_databases_read_only(self) -> None:
        """SQLite falls back to reading where it can't write; its later writes fail."""
        try:
            from sqlite3 import dbapi2
        except ImportError:
            return
        original = dbapi2.connect

        def connect(*arguments: Any, **options: Any) -> Any:
            connection = original(*arguments, **options)
            if self._local.database is not None:
                # From here on: "attempt to write a readonly database".
                dbapi2.Connection.execute(connection, "PRAGMA query_only = 1")
            return connection

        sys.modules["sqlite3"].connect = dbapi2.connect = connect  # type: ignore[attr-defined]

    # Decisions ---------------------------------------------------------------------------------

    def _outside(self, path: Path, folder: int = -1, *, follow: bool = False) -> str | None:
        """The real path if a deployment could not write it, else None."""
        try:
            full = _resolved(os.fsdecode(path), folder, follow=follow)
        except (TypeError, ValueError, OSError):
            return None
        if full.startswith(_DEVICES) or _CACHE_FOLDER in full or full.endswith(".pyc"):
            return None
        # The project may itself lie in /tmp: there it stands for the deployment's read-only part.
        if (full + os.sep).startswith(self._writable) and not full.startswith(self._root):
            return None
        return full

    def _refuse(
        self, full: str, path: Path, target: Path | None = None, number: int = errno.EROFS
    ) -> None:
        if self._tell(full) and self._strict:
            raise OSError(number, os.strerror(number), path, None, target)

    def _tell(self, full: str) -> bool:
        """Report the file once. False where the writer is a tool: that is nobody's fault.

        Neither is what a library writes among the installed packages, unless that fails: those
        can't be written in most places, and it gets along with that.
        """
        if is_installed(full) and not self._strict and not self._callers.is_users_own():
            return False
        where = self._callers.place()
        if where is None:
            return False
        with self._lock:
            if full in self._reported:
                return True
            self._reported.add(full)
        self._report(full.removeprefix(self._root), where, self._strict)
        return True


def writable_folders(environ: Mapping[str, str]) -> tuple[str, ...]:
    """`/tmp` as a deployment has it, and what stands for it on this machine, real paths."""
    names = ["/tmp", environ.get("TMPDIR", ""), environ.get("TEMP", ""), environ.get("TMP", "")]
    return tuple({os.path.join(os.path.realpath(name), "") for name in names if name})


def _cannot_open_database() -> NoReturn:
    import sqlite3

    raise sqlite3.OperationalError("unable to open database file")


def _resolved(path: str, folder: int, *, follow: bool) -> str:
    """The real path; a removal or a rename (not `follow`) concerns a link itself."""
    if folder != -1 and not os.path.isabs(path):
        path = os.path.join(_path_of_descriptor(folder), path)
    if follow:
        return os.path.realpath(path)
    head, tail = os.path.split(os.path.abspath(path))
    return os.path.join(os.path.realpath(head), tail)


def _path_at(path: Path, folder: int) -> str:
    """The path as the process would open it."""
    name = os.fsdecode(path)
    return os.path.join(_path_of_descriptor(folder), name) if folder != -1 else name


def _path_of_descriptor(number: int) -> str:
    link = f"/proc/self/fd/{number}"
    if os.path.islink(link):
        return os.readlink(link)
    import fcntl

    return os.fsdecode(fcntl.fcntl(number, 50, b"\0" * 1024).rstrip(b"\0"))  # macOS: F_GETPATH


def _has_parent(full: str) -> bool:
    return os.path.isdir(os.path.dirname(full))

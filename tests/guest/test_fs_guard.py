"""Which writes the guard sees, and what they raise: one process that does them all, per mode.

An audit hook stays for the life of a process, so the operations run in a child.
"""

from __future__ import annotations

import errno
import json
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import Any

import pytest

WRITES = {
    "open w": "open('out.txt', 'w').close()",
    "open a": "open('kept.txt', 'a').close()",
    "open r+": "open('kept.txt', 'r+').close()",
    "open x": "open('new.txt', 'x').close()",
    "os.open": "os.close(os.open('raw.txt', os.O_CREAT | os.O_WRONLY))",
    "pathlib": "pathlib.Path('note.txt').write_text('x')",
    "touch": "pathlib.Path('touched').touch()",
    "mkdir": "os.mkdir('made')",
    "makedirs": "os.makedirs('made/deep', exist_ok=True)",
    "remove": "os.remove('gone.txt')",
    "remove missing": "pathlib.Path('never.txt').unlink(missing_ok=True)",
    "rmdir": "os.rmdir('empty')",
    "rename": "os.rename('spare.txt', 'renamed.txt')",
    "link": "os.link('kept.txt', 'linked.txt')",
    "symlink": "os.symlink('kept.txt', 'pointer')",
    "chmod": "os.chmod('kept.txt', 0o600)",
    "utime": "os.utime('kept.txt')",
    "truncate": "os.truncate('kept.txt', 0)",
    "copy": "shutil.copy('kept.txt', 'copy.txt')",
    "rmtree": "shutil.rmtree('tree')",
    "logging": "logging.FileHandler('app.log').close()",
    "sqlite new": "sqlite3.connect('new.db').close()",
    "outside of the project": "open(sys.argv[2] + '/elsewhere.txt', 'w').close()",
    "bytes": "open(b'bytes.txt', 'w').close()",
    "out of tmp": "shutil.move(tempfile.mkstemp()[1], 'moved.txt')",
}
HARMLESS = {
    "read": "open('kept.txt').close()",
    "tmp": "tempfile.NamedTemporaryFile().close()",
    "tmp folder": "shutil.rmtree(tempfile.mkdtemp())",
    "null device": "open(os.devnull, 'w').close()",
    "existing folder": "os.makedirs('empty2', exist_ok=True)",
    "pipe": "[os.close(n) for n in os.pipe()]",
    "descriptor": "open(os.dup(1), 'w').close()",
    "bytecode": "py_compile.compile('module.py')",
    "sqlite memory": "sqlite3.connect(':memory:').execute('create table t (x)')",
    "sqlite read": "sqlite3.connect('file:old.db?mode=ro', uri=True).close()",
    "sqlite of a tool": "coverage(\"sqlite3.connect('tool.db').execute('create table t (x)')\")",
    "again": "coverage(\"sqlite3.connect('tool.db').execute('insert into t values (1)')\")",
}
MISSING = {
    "no folder": "open('nowhere/out.txt', 'w').close()",
    "no file": "open('nothing.txt', 'r+').close()",
    "a folder": "open('empty2', 'w').close()",
    "exists": "open('kept.txt', 'x').close()",
}

SCRIPT = """
import json, logging, os, pathlib, py_compile, shutil, sqlite3, sys, tempfile

from vercel_emu.guest.file_system import writes
reports = []
def coverage(code):
    exec(compile(code, "/env/site-packages/coverage/sqlitedb.py", "exec"))
writes.install(os.getcwd(), lambda *report: reports.append(report), strict={strict})
results = {{}}
for name, code in json.loads(sys.argv[1]).items():
    for made in ("made/deep", "made"):
        if os.path.isdir(made) and name != "makedirs":
            os.rmdir(made)
    reports.clear()
    try:
        exec(compile(code, os.path.abspath("app.py"), "exec"))
        error = None
    except Exception as raised:
        error = [type(raised).__name__, getattr(raised, "errno", None), str(raised)]
    results[name] = {{"error": error, "reports": list(reports)}}
print(json.dumps(results))
"""


def run(folder: Path, operations: dict[str, str], *, strict: bool) -> dict[str, Any]:
    project, other = folder / "project", folder / "home"
    for path in (project / "empty", project / "empty2", project / "tree" / "in", other):
        path.mkdir(parents=True)
    for name in ("kept.txt", "spare.txt", "gone.txt", "module.py", "tree/leaf.txt"):
        (project / name).write_text("")
    subprocess.run(
        [
            sys.executable,
            "-c",
            "import sqlite3; sqlite3.connect('old.db').execute('create table t(x)')",
        ],
        cwd=project,
        check=True,
    )
    script = textwrap.dedent(SCRIPT).format(strict=strict)
    # The real /tmp may hold this test's own folder: a sibling stands for "elsewhere".
    with tempfile.TemporaryDirectory(dir="/var/tmp") as elsewhere:
        done = subprocess.run(
            [sys.executable, "-c", script, json.dumps(operations), elsewhere],
            cwd=project,
            capture_output=True,
            text=True,
            check=True,
        )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.fixture(scope="module")
def warned(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return run(tmp_path_factory.mktemp("warn"), {**WRITES, **HARMLESS, **MISSING}, strict=False)


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return run(tmp_path_factory.mktemp("strict"), {**WRITES, **HARMLESS, **MISSING}, strict=True)


# kept.txt is written by several: each file is told once for a process.
ONCE = {"open r+", "chmod", "utime", "truncate", "link"}


@pytest.mark.parametrize("name", sorted(WRITES.keys() - ONCE))
def test_a_write_is_reported_with_its_line(warned: dict[str, Any], name: str) -> None:
    assert warned[name]["error"] is None
    assert warned[name]["reports"], name
    for _, where, was_refused in warned[name]["reports"]:
        assert where == "app.py:1"
        assert was_refused is False


def test_a_file_is_reported_once(warned: dict[str, Any]) -> None:
    assert not warned["open r+"]["reports"]
    assert not warned["chmod"]["reports"]


@pytest.mark.parametrize("name", sorted(WRITES.keys() - {"sqlite new"}))
def test_strict_raises_what_production_raises(refused: dict[str, Any], name: str) -> None:
    error = refused[name]["error"]
    if name == "rmtree":
        assert error[1] == errno.EROFS
    assert error[0] in ("OSError", "PermissionError")
    assert error[1] in (errno.EROFS, errno.EXDEV)
    assert "Read-only file system" in error[2] or "cross-device" in error[2]


def test_strict_sqlite(refused: dict[str, Any]) -> None:
    assert refused["sqlite new"]["error"][::2] == [
        "OperationalError",
        "unable to open database file",
    ]


@pytest.mark.parametrize("name", sorted(HARMLESS))
def test_harmless_calls_are_left_alone(
    warned: dict[str, Any], refused: dict[str, Any], name: str
) -> None:
    for results in (warned, refused):
        assert results[name] == {"error": None, "reports": []}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("no folder", "FileNotFoundError"),
        ("no file", "FileNotFoundError"),
        ("a folder", "IsADirectoryError"),
        ("exists", "FileExistsError"),
    ],
)
def test_the_systems_own_errors_come_first(refused: dict[str, Any], name: str, kind: str) -> None:
    assert refused[name]["error"][0] == kind
    assert not refused[name]["reports"]


def test_an_existing_database_can_be_read_only(tmp_path: Path) -> None:
    code = """
connection = sqlite3.connect('old.db')
assert connection.execute('select count(*) from t').fetchone() == (0,)
connection.execute('insert into t values (1)')
"""
    results = run(tmp_path, {"write": code}, strict=True)
    error = results["write"]["error"]
    assert error[::2] == ["OperationalError", "attempt to write a readonly database"]
    assert not results["write"]["reports"]


def test_an_existing_database_is_told(tmp_path: Path) -> None:
    results = run(tmp_path, {"open": "sqlite3.connect('old.db').close()"}, strict=False)
    assert results["open"]["reports"] == [["old.db", "app.py:1", False]]


@pytest.mark.parametrize("strict", [False, True])
def test_a_library_that_writes_among_the_packages_is_told_only_where_that_fails(
    tmp_path: Path, strict: bool
) -> None:
    (tmp_path / "project" / "env" / "site-packages").mkdir(parents=True)
    write = "open('env/site-packages/seed.txt', 'w').close()"
    file = "os.path.abspath('env/site-packages/library.py')"
    operations = {"library": f"exec(compile({write!r}, {file}, 'exec'))", "own code": write}
    results = run(tmp_path, operations, strict=strict)
    told = ["env/site-packages/seed.txt", "app.py:1", strict]
    assert results["library"]["reports"] == ([told] if strict else [])
    assert (results["library"]["error"] is None) is not strict
    assert results["own code"]["reports"] == ([] if strict else [told])

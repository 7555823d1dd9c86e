"""Which reads of files that are not deployed are seen, and how they fail with `strict`.

An audit hook stays for the life of a process, so the operations run in a child, per mode.
"""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

RULES = [
    {
        "prefix": "",
        "folders": True,
        "patterns": [
            (r"^data(?:/|$)", True, "data is left out"),
            (r"^(?:.+/)?[^/]*\.bin(?:/|$)", True, "bin is left out"),
            (r"^(?:.+/)?gone(?:/|$)", True, "gone is left out"),
            (r"^keep\.bin(?:/|$)", False, ""),
        ],
    }
]
READS = {
    "open": "open('data/a.json').read()",
    "open binary": "open('data/a.json', 'rb').read()",
    "absolute": "open(os.path.join(os.getcwd(), 'data/a.json')).read()",
    "from __file__": "open(os.path.join(os.path.dirname(__file__), 'data', 'a.json')).read()",
    "dots": "open(os.path.join(os.path.dirname(__file__), 'lib', '..', 'data/a.json')).read()",
    "pathlib": "pathlib.Path('data/a.json').read_text()",
    "os.open": "os.close(os.open('data/a.json', os.O_RDONLY))",
    "bytes": "open(b'data/a.json').read()",
    "another rule": "open('lib/x.bin').read()",
    "deep": "open('data/deep/b.json').read()",
    "copy": "shutil.copy('data/a.json', tempfile.mkdtemp())",
    "listdir": "os.listdir('data')",
    "scandir": "list(os.scandir('data'))",
    "iterdir": "list(pathlib.Path('data').iterdir())",
    "listdir deep": "os.listdir(b'data/deep')",
}
DATABASES = {
    "database": "sqlite3.connect('data/x.db').execute('select * from t')",
    "database uri": "sqlite3.connect('file:data/x.db', uri=True).execute('select * from t')",
}
IMPORTS = {
    "import": "import gone.module",
    "from": "from gone import module",
    "import_module": "importlib.import_module('gone.module')",
}
HARMLESS = {
    "a file that is deployed": "open('lib/kept.txt').read()",
    "taken back in": "open('keep.bin').read()",
    "the project": "os.listdir('.')",
    "its folder": "os.listdir('lib')",
    "elsewhere": "open(sys.executable, 'rb').read(1)",
    "a module": "import lib.module",
    "a standard module": "import wave",
    "a descriptor": "open(os.dup(0)).close()",
    "looked for": "os.path.exists('lib/kept.txt')",
    "an env file": "open('data/.env').read()",
    "metadata": "open('data/x.egg-info/PKG-INFO').read()",
    "of the emulator": "open('.vercel/emu/x.bin').read()",
    "a library's own": "open(sys.argv[2] + '/data/a.json').read()",
    "cache": "sqlite3.connect(':memory:').close()",
}
LOOKS = {
    "exists": "assert os.path.exists('data/a.json')",
    "is_dir": "assert pathlib.Path('data').is_dir()",
    "isfile": "assert os.path.isfile('lib/x.bin')",
    "stat": "os.stat('data/a.json')",
}
MISSING = {"never was": "open('data/never.json').read()", "never listed": "os.listdir('data/no')"}

SCRIPT = """
import importlib, json, os, pathlib, shutil, sqlite3, sys, tempfile
from vercel_emu.guest.file_system import writes
from vercel_emu.guest.file_system.left_out import LeftOut
from vercel_emu.guest.file_system.reads import Reads
from vercel_emu.guest.own_code import OwnCode, library_prefixes

root = os.getcwd()
sys.path.insert(0, root)
own = OwnCode(tempfile.mkdtemp(), library_prefixes())
own.install()
results = {{}}
for name, code in json.loads(sys.argv[1]).items():
    reports = []
    reads = Reads(root, LeftOut(json.loads(sys.argv[3])), lambda *told: reports.append(told),
                  strict={strict}, others=[sys.argv[2], *own.libraries])
    if not results:
        holder = reads
        own.on_import = lambda *asked: holder.imported(*asked)
        reads.hide()
        writes.install(root, lambda *_: None, strict={strict}, reads=reads)
    else:
        holder._reported.clear()
    holder._report = lambda *told: reports.append(told)
    for module in [one for one in sys.modules if one.startswith(("gone", "lib"))]:
        del sys.modules[module]
    try:
        exec(compile(code, os.path.abspath("app.py"), "exec"), {{**globals(), "__file__":
             os.path.abspath("app.py")}})
        error = None
    except Exception as raised:
        error = [type(raised).__name__, getattr(raised, "errno", None), str(raised)]
    results[name] = {{"error": error, "reports": list(reports)}}
print(json.dumps(results))
"""


def run(folder: Path, operations: dict[str, str], *, strict: bool) -> dict[str, Any]:
    root = folder / "project"
    for name in ("data/deep", "data/x.egg-info", "lib", "gone", ".vercel/emu", "site/data"):
        (root / name).mkdir(parents=True)
    for name in ("data/a.json", "data/deep/b.json", "lib/x.bin", "lib/kept.txt", "keep.bin"):
        (root / name).write_text("{}")
    for name in ("gone/__init__.py", "gone/module.py", "lib/module.py", "data/.env"):
        (root / name).write_text("")
    for name in ("data/x.egg-info/PKG-INFO", ".vercel/emu/x.bin", "site/data/a.json"):
        (root / name).write_text("")
    make = "import sqlite3; sqlite3.connect('data/x.db').execute('create table t(x)')"
    subprocess.run([sys.executable, "-c", make], cwd=root, check=True)
    script = textwrap.dedent(SCRIPT).format(strict=strict)
    arguments = [json.dumps(operations), str(root / "site"), json.dumps(RULES)]
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], cwd=root, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.fixture(scope="module")
def loose(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    operations = {**READS, **DATABASES, **IMPORTS, **HARMLESS, **LOOKS, **MISSING}
    return run(tmp_path_factory.mktemp("loose"), operations, strict=False)


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    operations = {**READS, **DATABASES, **IMPORTS, **HARMLESS, **LOOKS, **MISSING}
    return run(tmp_path_factory.mktemp("strict"), operations, strict=True)


@pytest.mark.parametrize("name", [*READS, *DATABASES, *IMPORTS])
def test_reads_work_and_are_told_once_with_the_line(loose: dict[str, Any], name: str) -> None:
    assert loose[name]["error"] is None
    what, path, where, why, refused = loose[name]["reports"][0]
    assert where == "app.py:1"
    assert (what, refused) == (
        "imports" if name in IMPORTS else "lists" if name in _LISTING else "opens",
        False,
    )
    assert path.startswith(("data", "lib/x.bin", "gone"))
    assert why in ("data is left out", "bin is left out", "gone is left out")
    assert len({one[1] for one in loose[name]["reports"]}) == len(loose[name]["reports"])


_LISTING = {"listdir", "scandir", "iterdir", "listdir deep"}


@pytest.mark.parametrize("name", READS)
def test_strict_reads_fail_as_where_the_file_is_not(strict: dict[str, Any], name: str) -> None:
    kind, number, text = strict[name]["error"]
    assert (kind, number) == ("FileNotFoundError", 2)
    assert "No such file or directory: " in text
    assert strict[name]["reports"][0][4] is True


@pytest.mark.parametrize("name", DATABASES)
def test_strict_databases_cannot_be_opened(strict: dict[str, Any], name: str) -> None:
    assert strict[name]["error"] == ["OperationalError", None, "unable to open database file"]


@pytest.mark.parametrize("name", IMPORTS)
def test_strict_imports_find_no_module(strict: dict[str, Any], name: str) -> None:
    assert strict[name]["error"] == ["ModuleNotFoundError", None, "No module named 'gone'"]
    assert [one[:2] for one in strict[name]["reports"]] == [["imports", "gone/__init__.py"]]


@pytest.mark.parametrize("name", HARMLESS)
def test_everything_else_is_left_alone(
    loose: dict[str, Any], strict: dict[str, Any], name: str
) -> None:
    for results in (loose, strict):
        assert results[name] == {"error": None, "reports": []}


@pytest.mark.parametrize("name", LOOKS)
def test_a_look_is_nobodys_fault_but_strict_says_no(
    loose: dict[str, Any], strict: dict[str, Any], name: str
) -> None:
    assert loose[name] == {"error": None, "reports": []}
    assert strict[name]["error"] is not None
    assert strict[name]["reports"][0][0] == "looks for"


@pytest.mark.parametrize("name", MISSING)
def test_what_never_was_there_is_the_kernels_error(loose: dict[str, Any], name: str) -> None:
    assert loose[name]["error"][0] == "FileNotFoundError"
    assert loose[name]["reports"] == []

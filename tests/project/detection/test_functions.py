"""Files in `api/`: which are functions, what they answer, in which order, what collides."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.project.helpers import write
from vercel_emu.errors import EmuError
from vercel_emu.project.detection.functions import (
    apply_settings,
    check_conflicts,
    find_functions,
    other_functions,
    path_of,
    sort_functions,
    unused_patterns,
)
from vercel_emu.project.detection.globs import matches
from vercel_emu.project.detection.sources import Sources
from vercel_emu.project.model import FunctionSettings

HANDLER = "class handler: ...\n"


def test_which_files_are_functions(tmp_path: Path) -> None:
    files = [
        "api/index.py",
        "api/users/[id].py",
        "api/_helper.py",
        "api/_lib/x.py",
        "api/.hidden/x.py",
        "api/node_modules/x.py",
        "other/x.py",
    ]
    write(tmp_path, {**dict.fromkeys(files, HANDLER), "api/util.py": "x = 1"})
    functions = find_functions(Sources(tmp_path))
    assert [function.name for function in functions] == ["api/users/[id]", "api/index"]
    assert functions[0].entrypoint.file == "api/users/[id].py"
    assert functions[0].entrypoint.variable == "handler"


def test_no_api_folder(tmp_path: Path) -> None:
    assert find_functions(Sources(tmp_path)) == ()
    assert other_functions(tmp_path) == []


def test_functions_of_other_runtimes(tmp_path: Path) -> None:
    names = ["api/a.ts", "api/b_test.go", "api/c.go", "api/_d.js", "api/e.css"]
    write(tmp_path, dict.fromkeys(names, ""))
    assert other_functions(tmp_path) == ["api/a.ts", "api/c.go"]


@pytest.mark.parametrize(
    ("file", "path", "expected"),
    [
        ("api/index.py", "/api", {}),
        ("api/index.py", "/api/", {}),
        ("api/index.py", "/api/index", {}),
        ("api/index.py", "/api/index.py", {}),
        ("api/index.py", "/api/x", None),
        ("api/x.py", "/api/x", {}),
        ("api/x.py", "/api/x/", {}),
        ("api/x.py", "/api/x.py", {}),
        ("api/x.py", "/api/xapy", None),
        ("api/x.py", "/api/x/y", None),
        ("api/[id].py", "/api/42", {"id": "42"}),
        ("api/[id].py", "/api/a%20b", {"id": "a%20b"}),
        ("api/[id].py", "/api/4/2", None),
        ("api/[id].py", "/api/", None),
        ("api/[...x].py", "/api/42", {"...x": "42"}),
        ("api/[...x].py", "/api/4/2", None),
        ("api/[a]/[b].py", "/api/1/2", {"a": "1", "b": "2"}),
        ("api/[a]/index.py", "/api/1", {"a": "1"}),
        ("api/[a]/index.py", "/api/1/", {"a": "1"}),
        ("api/[a]/x.py", "/api/1/x", {"a": "1"}),
        ("api/a+b.py", "/api/a+b", {}),
        ("api/[].py", "/api/[]", {}),
    ],
)
def test_paths(file: str, path: str, expected: dict[str, str] | None) -> None:
    assert path_of(file).match(path) == expected


def test_order() -> None:
    files = ["api/b.py", "api/[x].py", "api/a.py", "api/[x]/[y].py", "api/a/[y].py", "api/a/b.py"]
    assert sort_functions(files) == [
        "api/a/b.py", "api/a/[y].py", "api/[x]/[y].py", "api/a.py", "api/b.py", "api/[x].py",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("files", "code"),
    [
        (["api/[a]/[a].py"], "conflicting_path_segment"),
        (["api/[user].py", "api/[team]/[id].py"], "conflicting_file_path"),
        (["api/[a].py", "api/[b].py"], "conflicting_file_path"),
        (["api/[a].py", "api/[a]/[id].py"], None),
        (["api/x.py", "api/[a].py"], None),
        (["api/x.py", "api/x/index.py"], None),
    ],
)
def test_conflicts(files: list[str], code: str | None) -> None:
    if code is None:
        check_conflicts(files)
        return
    with pytest.raises(EmuError) as caught:
        check_conflicts(files)
    assert caught.value.code == code
    assert files[0] in caught.value.message


def test_the_first_matching_glob_gives_the_settings(tmp_path: Path) -> None:
    write(tmp_path, {"api/a.py": HANDLER, "api/b/[id].py": HANDLER})
    functions = find_functions(Sources(tmp_path))
    settings = {
        "api/b/[id].py": FunctionSettings(max_duration=10),
        "api/**/*.py": FunctionSettings(max_duration=20, memory_mb=512),
        "api/a.py": FunctionSettings(max_duration=30),
        "lib/*.py": FunctionSettings(),
    }
    dynamic, plain = apply_settings(functions, settings)
    assert (dynamic.max_duration, dynamic.memory_mb) == (10, 2048)
    assert (plain.max_duration, plain.memory_mb) == (20, 512)
    files = [function.entrypoint.file for function in functions]
    assert unused_patterns(files, settings) == ["lib/*.py"]


@pytest.mark.parametrize(
    ("pattern", "file", "expected"),
    [
        ("app.py", "app.py", True),
        ("./app.py", "app.py", True),
        ("*.py", "app.py", True),
        ("*.py", "api/app.py", False),
        ("**/*.py", "app.py", True),
        ("api/**", "api/a/b.py", True),
        ("api/**", "api", False),
        ("api/**/*.py", "api/a.py", True),
        ("api/**/*.py", "api/.x/a.py", False),
        ("api/*", "api/.env", False),
        ("api/?.py", "api/a.py", True),
        ("api/{a,b}.py", "api/b.py", True),
        ("api/{a,{b,c}/d}.py", "api/c/d.py", True),
        ("api/{a.py", "api/{a.py", True),
        ("api/[ab].py", "api/b.py", True),
        ("api/[!ab].py", "api/b.py", False),
        ("api/[id].py", "api/[id].py", True),
        ("api/[z-a].py", "api/b.py", False),
    ],
)
def test_globs(pattern: str, file: str, expected: bool) -> None:
    assert matches(pattern, file) is expected


@given(st.text("a*?[]{},!^-\\/.", max_size=12), st.text("a/.[]", max_size=8))
def test_any_glob_has_an_answer(pattern: str, file: str) -> None:
    assert isinstance(matches(pattern, file), bool)

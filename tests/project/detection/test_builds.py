"""Legacy `builds`: which functions they name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.real.support import write_project
from vercel_emu.errors import EmuError, Where
from vercel_emu.project.detection.builds import built_functions, static_sources
from vercel_emu.project.detection.sources import Sources
from vercel_emu.project.vercel_json.model import Build

PYTHON = "@vercel/python"


def test_a_single_file_is_the_app(tmp_path: Path) -> None:
    write_project(tmp_path, {"site/wsgi.py": "app = 1", "app.py": "app = 1"})
    (function,) = built_functions(Sources(tmp_path), [Build("./site/wsgi.py", "@now/python@2.0.1")])
    assert (function.name, function.path) == ("app", None)
    assert (function.entrypoint.module, function.entrypoint.variable) == ("site.wsgi", "app")


def test_several_files_are_functions_by_path(tmp_path: Path) -> None:
    write_project(tmp_path, {"api/a.py": "app = 1", "api/b.py": "app = 1", "api/c.py": "x = 1"})
    builds = [Build("api/*.py", PYTHON), Build("web/**", "@vercel/static")]
    functions = built_functions(Sources(tmp_path), builds)
    assert [one.name for one in functions] == ["api/a", "api/b"]
    assert functions[0].path is not None
    assert functions[0].path.match("/api/a.py") == {}
    assert static_sources(builds) == ["web/**"]


@pytest.mark.parametrize(("file", "text"), [("other.py", "app = 1"), ("main.py", "x = 1")])
def test_a_file_that_is_none(tmp_path: Path, file: str, text: str) -> None:
    write_project(tmp_path, {file: text})
    with pytest.raises(EmuError, match=r"main\.py"):
        built_functions(Sources(tmp_path), [Build("main.py", PYTHON)])


def test_a_file_that_is_not_there_is_told_with_its_place_and_what_is(tmp_path: Path) -> None:
    write_project(tmp_path, {"api/index.py": "app = 1", "api/other.py": "app = 1"})
    builds = [Build("api/*.py", PYTHON), Build("./index.py", PYTHON)]
    with pytest.raises(EmuError) as caught:
        built_functions(Sources(tmp_path), builds)
    assert caught.value.where == Where("vercel.json", "builds[1].src")
    assert (caught.value.hint or "").endswith("The project has api/index.py.")


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("try:\n    from bot import app\nexcept Exception:\n    app = 1", "stands inside `try`"),
        ("", "Only top-level statements count"),
        ("def helper(): ...", "it defines helper"),
        ("from flask import Flask\nserver = Flask('x')", "named `server`"),
    ],
)
def test_a_file_without_an_app_is_told_why(tmp_path: Path, source: str, hint: str) -> None:
    write_project(tmp_path, {"api/index.py": source})
    with pytest.raises(EmuError, match="Could not find a top-level") as caught:
        built_functions(Sources(tmp_path), [Build("api/index.py", PYTHON)])
    assert hint in (caught.value.hint or "")

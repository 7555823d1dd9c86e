"""Which files a function's bundle lacks: `.vercelignore`, `functions`, `builds`, the builder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.project.helpers import write
from vercel_emu.deployment.config import load_vercel_config
from vercel_emu.guest.file_system.left_out import LeftOut
from vercel_emu.project.bundle import left_out
from vercel_emu.project.detection.globs import bundle_regex
from vercel_emu.project.load import load_project

APP = "app = object()\n"
FASTAPI = {"requirements.txt": "fastapi", "main.py": APP}


def bundle(root: Path, config: dict[str, Any] | None = None, **files: str) -> LeftOut:
    """What the first function of a project lacks; `files` by name, with `__` for a slash."""
    named = {name.replace("__", "/"): text for name, text in files.items()}
    write(root, {**FASTAPI, **named, "vercel.json": json.dumps(config or {})})
    loaded = load_vercel_config(root)
    project = load_project(root, loaded, environ={})
    return LeftOut(left_out(project, loaded, project.functions[0]))


def ignoring(root: Path, text: str) -> LeftOut:
    write(root, {".vercelignore": text})
    return bundle(root)


@pytest.mark.parametrize(
    ("text", "lacks", "has"),
    [
        ("data", ["data/a.json", "x/data/b/c", "data"], ["data.json", "mydata/a"]),
        ("/data/", ["data/a.json", "data/b/c"], ["x/data/a"]),
        ("./data", ["data/a"], []),
        ("*.md", ["README.md", "docs/a.md"], ["a.mdx"]),
        ("docs/*.txt", ["docs/a.txt"], ["docs/x/a.txt", "a.txt"]),
        ("data/*\n!data/keep.json", ["data/a.json", "data/x/y"], ["data/keep.json"]),
        ("data\n!data/keep.json", ["data/keep.json"], []),
        ("*\n!main.py\n!lib\n!lib/**", ["a.txt", "x/y"], ["main.py", "lib/a.txt", "lib/x/y"]),
        ("# data\n\n  \n", [], ["data/a.json"]),
        ("a\\ b", ["a b"], ["a"]),
        ("data\r\nother\r\n", ["data/x", "other"], []),
        ("\\#x", ["#x"], []),
        ("**/tmp/**", ["tmp/a", "x/tmp/b/c"], ["tmp"]),
        ("/*\n!/api", ["x.txt", "lib/y"], ["api/z"]),
    ],
)
def test_vercelignore(tmp_path: Path, text: str, lacks: list[str], has: list[str]) -> None:
    found = ignoring(tmp_path, text)
    assert {file: bool(found.why(file)) for file in (*lacks, *has)} == {
        **dict.fromkeys(lacks, True),
        **dict.fromkeys(has, False),
    }


def test_the_reason_names_the_line_that_decides(tmp_path: Path) -> None:
    found = ignoring(tmp_path, "# big files\n*.bin\ndata/\n")
    assert found.why("data/x.bin").startswith(".vercelignore:3 (`data/`) leaves it out")
    assert found.why("x.bin").startswith(".vercelignore:2 (`*.bin`) leaves it out")


def test_nowignore_is_its_older_name(tmp_path: Path) -> None:
    write(tmp_path, {".nowignore": "data"})
    assert bundle(tmp_path).why("data/a").startswith(".nowignore:1")


@pytest.mark.parametrize(
    ("glob", "lacks", "has"),
    [
        ("data/**", ["data/a", "data/b/c", "data/.hidden/x"], ["x/data/a", "data"]),
        ("data", [], ["data/a"]),
        ("*.csv", ["a.csv"], ["x/a.csv"]),
        ("**/*.csv", ["a.csv", "x/y/a.csv", ".x/a.csv"], ["a.csv.gz"]),
        ("{a,b}/**", ["a/x", "b/y"], ["c/x"]),
        ("{tests/**,docs/*.md}", ["tests/a/b", "docs/x.md"], ["docs/x.txt"]),
        ("**/test_[a-c]*.py", ["test_b1.py", "x/test_a.py"], ["test_d.py"]),
        ("x?.txt", ["x1.txt"], ["x.txt"]),
        ("!(keep)/**", [], ["data/a"]),
        ("./data/**", [], ["data/a"]),
        ("/data/**", [], ["data/a"]),
        ("#data", [], ["#data", "data"]),
        ("[z-a]", [], ["[z-a]", "z"]),
        ("", [], ["a"]),
    ],
)
def test_exclude_files(tmp_path: Path, glob: str, lacks: list[str], has: list[str]) -> None:
    found = bundle(tmp_path, {"functions": {"main.py": {"excludeFiles": glob, "memory": 256}}})
    assert {file: bool(found.why(file)) for file in (*lacks, *has)} == {
        **dict.fromkeys(lacks, True),
        **dict.fromkeys(has, False),
    }
    assert all(f"`excludeFiles` (`{glob}`) in vercel.json" in found.why(file) for file in lacks)


def test_include_files_bring_back_what_the_bundle_would_lack(tmp_path: Path) -> None:
    settings = {"excludeFiles": "data/**", "includeFiles": "{data/keep/**,public/page.html}"}
    found = bundle(
        tmp_path, {"functions": {"main.py": settings}}, public__page_html="", public__b=""
    )
    assert [bool(found.why(file)) for file in ("data/a", "public/other.html")] == [True, True]
    assert [found.why(file) for file in ("data/keep/x", "public/page.html")] == ["", ""]
    assert found.why_folder("data") == ""


@pytest.mark.parametrize("glob", ["!(x)", "./data/**", "{1..3}.txt", "#"])
def test_include_files_that_are_not_clear_may_mean_anything(tmp_path: Path, glob: str) -> None:
    settings = {"excludeFiles": "data/**", "includeFiles": glob}
    assert not bundle(tmp_path, {"functions": {"main.py": settings}}).why("data/a")


def test_include_files_bring_nothing_back_that_was_not_uploaded(tmp_path: Path) -> None:
    write(tmp_path, {".vercelignore": "data"})
    settings = {"functions": {"main.py": {"includeFiles": "data/**"}}}
    assert bundle(tmp_path, settings).why("data/a").startswith(".vercelignore:1")


def test_each_function_has_the_first_glob_that_matches_it(tmp_path: Path) -> None:
    config = {
        "framework": None,
        "functions": {"api/a.py": {"excludeFiles": "x/**"}, "api/*.py": {"excludeFiles": "y/**"}},
    }
    write(tmp_path, {"api/a.py": APP, "api/b.py": APP, "vercel.json": json.dumps(config)})
    loaded = load_vercel_config(tmp_path)
    project = load_project(tmp_path, loaded, environ={})
    first, second = (LeftOut(left_out(project, loaded, one)) for one in project.functions)
    assert (bool(first.why("x/1")), bool(first.why("y/1"))) == (True, False)
    assert (bool(second.why("x/1")), bool(second.why("y/1"))) == (False, True)


@pytest.mark.parametrize("globs", ["data/**", ["data/**", "more/*"]])
def test_builds_have_the_globs_in_their_config(tmp_path: Path, globs: Any) -> None:
    config = {"excludeFiles": globs, "includeFiles": ["data/keep.txt"], "maxLambdaSize": "50mb"}
    builds = [{"src": "*.py", "use": "@vercel/python", "config": config}]
    found = bundle(tmp_path, {"builds": builds})
    assert found.why("data/a")
    assert not found.why("data/keep.txt")
    assert bool(found.why("more/x")) == isinstance(globs, list)


def test_what_the_builder_never_packs(tmp_path: Path) -> None:
    found = bundle(tmp_path, public__index_html="")
    for file in ("public/index.html", "src/public/x/y.css", "node_modules/a/b.js", ".git/HEAD"):
        assert found.why(file), file
    assert "`includeFiles` of `functions` in vercel.json" in found.why("public/a")
    for file in ("main.py", "publicity/a", "requirements.txt", "public", "data/public"):
        assert not found.why(file), file


@pytest.mark.parametrize("place", ["public", "src/public", "app/public", "api/public"])
def test_a_public_folder_where_apps_are_is_looked_for(tmp_path: Path, place: str) -> None:
    write(tmp_path, {f"{place}/a.txt": ""})
    assert bundle(tmp_path).why(f"{place}/a.txt")


def test_a_project_that_deploys_everything_has_no_rules(tmp_path: Path) -> None:
    write(tmp_path, {**FASTAPI, "data/a.json": "", "static/x.css": ""})
    config = load_vercel_config(tmp_path)
    project = load_project(tmp_path, config, environ={})
    assert left_out(project, config, project.functions[0]) == []


def test_django_packs_the_manifest_of_its_static_files(tmp_path: Path) -> None:
    files = {
        "requirements.txt": "django",
        "manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'x.settings')",
        "x/settings.py": "WSGI_APPLICATION = 'x.wsgi.application'\n",
        "x/wsgi.py": "application = object()\n",
        "public/static/app.css": "",
    }
    write(tmp_path, files)
    config = load_vercel_config(tmp_path)
    project = load_project(tmp_path, config, environ={})
    found = LeftOut(left_out(project, config, project.functions[0]))
    assert found.why("public/static/app.css")
    assert not found.why("public/static/staticfiles.json")


def test_a_root_directory_and_the_file_above_it(tmp_path: Path) -> None:
    settings = {"settings": {"rootDirectory": "apps/web"}}
    write(
        tmp_path,
        {
            ".vercel/project.json": json.dumps(settings),
            ".vercelignore": "/apps/web/data\nnotes\n",
            "apps/web/requirements.txt": "fastapi",
            "apps/web/main.py": APP,
        },
    )
    config = load_vercel_config(tmp_path / "apps/web")
    project = load_project(tmp_path, config, environ={})
    found = LeftOut(left_out(project, config, project.functions[0]))
    assert found.why("data/a")
    assert found.why("x/notes")
    assert not found.why("apps/web/data/a")


@pytest.mark.parametrize(
    ("text", "folder", "gone"),
    [
        ("data", "data", True),
        ("data", "data/deep", True),
        ("data/*.json", "data", False),
        ("data/*", "data", False),
        ("data/*\n!data/keep", "data", False),
        ("data\n!data/keep", "data", True),
        ("*.md", "docs", False),
    ],
)
def test_folders_in_which_no_file_can_be(
    tmp_path: Path, text: str, folder: str, gone: bool
) -> None:
    assert bool(ignoring(tmp_path, text).why_folder(folder)) == gone


def test_folders_of_exclude_files_and_of_the_builder(tmp_path: Path) -> None:
    settings = {"functions": {"main.py": {"excludeFiles": "{data/**,docs/*.md}"}}}
    found = bundle(tmp_path, settings)
    assert found.why_folder("data")
    assert found.why_folder("web/public")
    assert not found.why_folder("docs")
    assert not found.why_folder("web")


def test_a_file_that_cannot_be_read_leaves_out_nothing(tmp_path: Path) -> None:
    (tmp_path / ".vercelignore").write_bytes(b"\xff\xfe\x00data\n")
    assert not bundle(tmp_path).why("data/a")


@pytest.mark.parametrize("glob", ["**/**", "a/**/b", "[!a]*", "{a,{b,c}}", "[", "{a", "**"])
def test_any_glob_is_a_regex_or_none(glob: str) -> None:
    regex = bundle_regex(glob)
    assert regex is None or isinstance(regex, str)

"""Which paths are watched."""

from __future__ import annotations

import pytest

from vercel_emu.watching.rules import Rules, ignore_lines

RULES = Rules()


@pytest.mark.parametrize(
    "path",
    [
        "app.py",
        "templates/index.html",
        "data/words.json",
        "queries/all.sql",
        "settings.toml",
        "vercel.json",
        "pyproject.toml",
        ".env",
        ".env.local",
        ".env.development.local",
        "requirements.txt",
        "requirements-dev.txt",
        "uv.lock",
        "public/logo.svg",
        "no_suffix",
    ],
)
def test_what_the_app_may_read_is_watched(path: str) -> None:
    assert not RULES.skips_file(path)


@pytest.mark.parametrize(
    "path",
    [
        ".app.py.swp",
        "app.py~",
        "4913",
        ".#app.py",
        "#app.py#",
        "pkg/module.cpython-313.pyc",
        ".DS_Store",
        "server.log",
        "db.sqlite3",
        "db.sqlite3-journal",
        "app.db-wal",
        ".env.swp",
        "requirements.txt~",
        "sedA1b2C3",
        "app.py___jb_tmp___",
        ".goutputstream-ABC123",
    ],
)
def test_what_editors_and_programs_write_beside_is_not(path: str) -> None:
    assert RULES.skips_file(path)


@pytest.mark.parametrize(
    "folder",
    [".git", ".venv", "venv", "node_modules", "__pycache__", ".vercel", "pkg/__pycache__"],
)
def test_folders_that_are_never_looked_into(folder: str) -> None:
    assert RULES.skips_folder(folder)


def test_ignore_files_exclude_below_their_own_folder() -> None:
    rules = Rules(ignore_files={"": ("build/", "*.csv", "!keep.csv"), "lib": ("/gen",)})
    assert rules.skips_folder("build")
    assert rules.skips_folder("deep/build")
    assert rules.skips_file("data/x.csv")
    assert not rules.skips_file("data/keep.csv")
    assert rules.skips_folder("lib/gen")
    assert not rules.skips_folder("gen")


def test_what_configures_the_project_is_watched_though_git_ignores_it() -> None:
    rules = Rules(ignore_files={"": (".env*", "*.local", "vercel.json")})
    assert not rules.skips_file(".env.local")
    assert not rules.skips_file("vercel.json")


def test_the_option_wins_over_everything() -> None:
    rules = Rules(ignore=("*.md", "docs/", ".env.local"))
    assert rules.skips_file("README.md")
    assert rules.skips_folder("docs")
    assert rules.skips_file(".env.local")
    assert not rules.skips_file(".env")


def test_lines_of_several_files_count_together() -> None:
    assert ignore_lines(["a\nb\n", "c"]) == ("a", "b", "c")

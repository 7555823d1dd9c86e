"""Files that are imported, but that git or .vercelignore keeps out of a deployment."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.check.helpers import checked, found

FILES = {
    "requirements.txt": "flask\n",
    "app.py": "import config\nfrom lib import keys\n"
    "from flask import Flask\napp = Flask(__name__)\n",
    "config.py": "",
    "lib/keys.py": "",
    "unused.py": "",
}


def git(root: Path, *arguments: str) -> None:
    options = ("-c", "user.name=a", "-c", "user.email=a@b.c")
    subprocess.run(["git", *options, *arguments], cwd=root, check=True, capture_output=True)


@pytest.mark.parametrize(
    ("patterns", "places"),
    [
        ("config.py\n", ["app.py:1"]),
        ("/config.py\n", ["app.py:1"]),
        ("./config.py\n", ["app.py:1"]),
        ("lib\n", ["app.py:2"]),
        ("lib/\n", ["app.py:2"]),
        ("*.py\n!app.py\n", ["app.py:1", "app.py:2"]),
        ("*.py\n!app.py\n!config.py\n!lib/keys.py\n", []),
        ("unused.py\nnothing\n# config.py\n", []),
        ("lib/other\nsub/config.py\n", []),
    ],
)
def test_vercelignore(tmp_path: Path, patterns: str, places: list[str]) -> None:
    report = checked(tmp_path, {**FILES, ".vercelignore": patterns})
    assert found(report) == [("error", "IMPORT_LEFT_OUT", place) for place in places]


@pytest.mark.parametrize("is_repository", [True, False])
def test_gitignore(tmp_path: Path, is_repository: bool) -> None:
    if is_repository:
        git(tmp_path, "init", "-q")
    report = checked(tmp_path, {**FILES, ".gitignore": "config.py\nunused.py\n"})
    assert found(report) == [("warning", "IMPORT_LEFT_OUT", "app.py:1")]
    assert "git ignores it" in report.findings[0].message


def test_what_git_has_is_deployed_although_it_is_ignored(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    checked(tmp_path, {**FILES, ".gitignore": "config.py\nlib/\n"})
    git(tmp_path, "add", "-f", "config.py")
    assert found(checked(tmp_path, {})) == [("warning", "IMPORT_LEFT_OUT", "app.py:2")]


def test_ignore_files_of_folders_above_and_below_count_in_a_repository(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / ".gitignore").write_text("config.py\n")
    report = checked(tmp_path / "web", {**FILES, "lib/.gitignore": "keys.py\n"})
    assert [one.place for one in report.findings] == ["app.py:1", "app.py:2"]


def test_an_entrypoint_that_git_ignores(tmp_path: Path) -> None:
    report = checked(tmp_path, {**FILES, ".gitignore": "app.py\n"})
    assert found(report) == [("warning", "IMPORT_LEFT_OUT", "app.py")]


def test_what_may_be_missing_may_be_left_out(tmp_path: Path) -> None:
    source = "try:\n    import config\nexcept ImportError:\n    config = None\n"
    files = {**FILES, "app.py": source + FILES["app.py"].partition("keys\n")[2]}
    ignored = {".gitignore": "config.py\n", ".vercelignore": "config.py\n"}
    assert checked(tmp_path, {**files, **ignored}).findings == ()


def test_a_repository_that_names_a_program_runs_none(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    git(tmp_path, "config", "core.fsmonitor", f"touch {tmp_path}/ran; false")
    checked(tmp_path, {**FILES, ".gitignore": "config.py\n"})
    assert not (tmp_path / "ran").exists()

"""Requirements that are places, and whether something was installed from there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from vercel_emu.errors import EmuError
from vercel_emu.project.python import dependency_stamp
from vercel_emu.project.python.dependencies import find_dependencies
from vercel_emu.project.python.dependency_stamp import Looked
from vercel_emu.project.python.interpreter import Interpreter, Origin
from vercel_emu.project.python.manifest import manifests_in
from vercel_emu.project.python.placed import comparable, placed_packages


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "env" / "lib" / "python3.13" / "site-packages"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "my project"
    (folder / "libs" / "mylib").mkdir(parents=True)
    return folder


def interpreter(site: Path) -> Interpreter:
    return Interpreter(
        path=site.parents[2] / "bin" / "python",
        version=(3, 13, 1),
        prefix=site.parents[2],
        site_packages=(site,),
        source="`.venv`",
        origin=Origin.PROJECT,
        virtual=True,
    )


def install(site: Path, name: str, *requires: str, noted: dict[str, Any] | None = None) -> None:
    info = site / f"{name}-1.0.dist-info"
    info.mkdir()
    lines = ["Metadata-Version: 2.1", f"Name: {name}", "Version: 1.0"]
    lines += [f"Requires-Dist: {one}" for one in requires]
    (info / "METADATA").write_text("\n".join(lines))
    if noted is not None:
        (info / "direct_url.json").write_text(json.dumps(noted))


def missing(root: Path, site: Path) -> list[str]:
    found = find_dependencies(root, manifests_in(root, ""), interpreter(site))
    assert found.problems == ()
    return [str(one) for one in found.missing]


LINES = [
    "-e .",
    "--editable=libs/mylib",
    "./libs/mylib",
    "libs/mylib[extra]",
    "file:libs/mylib/",
    "git+https://github.com/pallets/click.git@8.1.7",
    "git+ssh://git@github.com/pallets/click",
    "https://example.com/some/thing.tar.gz#sha256=aa",
    "https://example.com/thing/archive/main.zip",
]


@pytest.mark.parametrize("line", LINES)
def test_a_place_that_nothing_came_from_is_missing(root: Path, site: Path, line: str) -> None:
    (root / "requirements.txt").write_text(f"{line}  # ours\n")
    install(site, "click")
    install(site, "mylib")
    assert missing(root, site) == [line]


@pytest.mark.parametrize(
    "line", ["libs/mylib ; python_version < '3.13'", "-e . ; sys_platform == 'win32'"]
)
def test_a_place_that_is_not_for_this_python(root: Path, site: Path, line: str) -> None:
    (root / "requirements.txt").write_text(line)
    assert missing(root, site) == []


@pytest.mark.parametrize("line", ["-e .", "."])
@pytest.mark.parametrize("editable", [True, False])
def test_the_project_and_what_it_needs(root: Path, site: Path, line: str, editable: bool) -> None:
    (root / "requirements.txt").write_text(line)
    noted = {"url": root.as_uri(), "dir_info": {"editable": True} if editable else {}}
    install(site, "app", "flask>=3", "pytest ; extra == 'test'", noted=noted)
    assert missing(root, site) == ["flask>=3"]
    install(site, "flask")
    assert missing(root, site) == ["flask>=3 (1.0 is installed)"]


def test_a_folder_through_a_link(root: Path, site: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root)
    (root / "requirements.txt").write_text("-e libs/mylib")
    install(site, "mylib", noted={"url": f"file://{tmp_path}/link/libs/mylib", "dir_info": {}})
    assert missing(root, site) == []


def test_a_folder_that_setup_py_develop_linked(root: Path, site: Path) -> None:
    (root / "requirements.txt").write_text("-e libs/mylib")
    (site / "mylib.egg-link").write_text(f"{root / 'libs/mylib'}\n.")
    assert missing(root, site) == []


COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("line", "noted", "met"),
    [
        ("git+https://example.com/x/y", {}, True),
        ("git+https://example.com/x/y.git", {}, True),
        ("git+https://user:word@EXAMPLE.com/x/y.git/", {}, True),
        ("git+https://example.com/x/y@v1", {"requested_revision": "v1"}, True),
        (f"git+https://example.com/x/y@{COMMIT}", {}, True),
        ("git+https://example.com/x/y@v2", {"requested_revision": "v1"}, False),
        ("git+https://example.com/x/z", {}, False),
    ],
)
def test_a_repository(root: Path, site: Path, line: str, noted: dict[str, str], met: bool) -> None:
    (root / "requirements.txt").write_text(line)
    info = {"vcs": "git", "commit_id": COMMIT, **noted}
    install(site, "y", noted={"url": "https://example.com/x/y.git", "vcs_info": info})
    assert missing(root, site) == ([] if met else [line])


def test_an_archive_and_a_variable_in_its_address(
    root: Path, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "secret")
    (root / "requirements.txt").write_text(
        "https://${TOKEN}@example.com/a/thing-1.tar.gz#sha256=aa"
    )
    install(
        site, "thing", noted={"url": "https://example.com/a/thing-1.tar.gz", "archive_info": {}}
    )
    assert missing(root, site) == []


@pytest.mark.parametrize("text", ["", "[]", '{"url": 3}', '{"dir_info": {}}', "nothing"])
def test_a_note_that_nobody_can_read_is_none(site: Path, text: str) -> None:
    install(site, "x")
    (site / "x-1.0.dist-info" / "direct_url.json").write_text(text)
    assert list(placed_packages([site])) == []


def test_the_same_place_reads_the_same(tmp_path: Path) -> None:
    place = tmp_path / "a b"
    place.mkdir()
    assert comparable("./a b", tmp_path) == comparable(
        "file://" + str(tmp_path) + "/a%20b", tmp_path
    )


PYLOCK = """
lock-version = "1.0"
[[packages]]
name = "flask"
version = "3.1.0"
[[packages]]
name = "colorama"
version = "0.4"
marker = "sys_platform == 'win32'"
[[packages]]
name = "pytest"
version = "8"
marker = "'dev' in dependency_groups"
[[packages]]
name = "mine"
directory = { path = "libs/mylib" }
"""


def test_a_pylock_says_the_very_versions(root: Path, site: Path) -> None:
    (root / "pyproject.toml").write_text('[project]\nname = "a"\ndependencies = ["flask"]\n')
    (root / "pylock.toml").write_text(PYLOCK)
    install(site, "flask")
    assert missing(root, site) == ["flask==3.1.0 (1.0 is installed)", "mine"]


def test_a_pylock_that_can_not_be_read_names_itself(root: Path, site: Path) -> None:
    (root / "pyproject.toml").write_text('[project]\nname = "a"\n')
    (root / "pylock.toml").write_text("[[packages")
    with pytest.raises(EmuError, match=r"pylock\.toml can't be read"):
        missing(root, site)


def test_what_setuptools_takes_from_a_file(root: Path, site: Path) -> None:
    (root / "pyproject.toml").write_text(
        '[project]\nname = "a"\ndynamic = ["dependencies"]\n'
        '[tool.setuptools.dynamic]\ndependencies = { file = ["base.txt"] }\n'
    )
    (root / "base.txt").write_text("flask\n")
    assert missing(root, site) == ["flask"]


@pytest.mark.parametrize(
    "changed",
    [
        "requirements.txt",
        "base.txt",
        "pyproject.toml",
        "Pipfile",
        "pylock.toml",
        "vercel.json",
        "api/requirements.txt",
        "api/deep/pyproject.toml",
    ],
)
def test_the_last_check_holds_until_a_file_that_decides_it_changes(
    root: Path, site: Path, changed: str
) -> None:
    (root / "api" / "deep").mkdir(parents=True)
    (root / "requirements.txt").write_text("-r base.txt\n")
    (root / "base.txt").write_text("flask\n")
    python = interpreter(site)
    manifests = manifests_in(root, "")
    found = find_dependencies(root, manifests, python)
    assert not dependency_stamp.holds(root, python)
    dependency_stamp.remember(root, python, Looked(manifests.folders, found.files))
    (root / "app.py").write_text("x = 1")
    assert dependency_stamp.holds(root, python)
    (root / changed).write_text("{}")
    assert not dependency_stamp.holds(root, python)


def test_the_last_check_holds_until_packages_change(root: Path, site: Path) -> None:
    python = interpreter(site)
    dependency_stamp.remember(root, python, Looked())
    assert dependency_stamp.holds(root, python)
    install(site, "flask")
    assert not dependency_stamp.holds(root, python)

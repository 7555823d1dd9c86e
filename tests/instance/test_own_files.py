"""Which saves concern a function."""

from __future__ import annotations

from pathlib import Path

import pytest

from vercel_emu.instance.own_files import Kind, OwnFiles, kind_of
from vercel_emu.project.model import Entrypoint


@pytest.fixture
def files(tmp_path: Path) -> OwnFiles:
    """A function in `api/a.py` that has imported, read and listed something."""
    return used(OwnFiles(tmp_path, Entrypoint("api/a.py", "api.a", "app"), alone=False), tmp_path)


def used(found: OwnFiles, root: Path) -> OwnFiles:
    for name in ("lib/x.py", "tests/helper.py"):
        found.imported(str(root / name))
    found.read(str(root / "data.json"), "api/a.py:7")
    found.read(str(root / "README.md"), "")
    found.read(str(root / "maybe.json"), "api/a.py:8")
    found.listed(str(root / "content"))
    return found


def concerns(
    files: OwnFiles, file: str, *, new: bool = False, failed: bool = False, starting: bool = False
) -> bool:
    return bool(files.concern([file], {file} if new else (), failed=failed, starting=starting))


@pytest.mark.parametrize(
    ("file", "appeared", "failed", "concerned"),
    [
        ("api/a.py", False, False, True),
        ("lib/x.py", False, False, True),
        ("lib/y.py", False, False, False),
        ("lib/y.py", True, False, True),
        ("api/b.py", False, False, False),
        ("api/b.py", True, False, False),
        ("api/b.py", True, True, True),
        ("data.json", False, False, True),
        ("maybe.json", True, False, True),
        ("README.md", False, False, True),
        ("tests/helper.py", False, False, True),
    ],
)
def test_concern(files: OwnFiles, file: str, appeared: bool, failed: bool, concerned: bool) -> None:
    assert concerns(files, file, new=appeared, failed=failed) is concerned


@pytest.mark.parametrize(
    "file",
    [
        *("LICENSE", "Makefile", "CHANGELOG.md", "docs/README.rst", "Dockerfile", "compose.yaml"),
        *("tests/test_app.py", "lib/test_x.py", "conftest.py", ".github/workflows/ci.yml"),
        *("report.pdf", "uploads/a.PNG", "talk.mp4", "backup.tar.gz"),
    ],
)
@pytest.mark.parametrize("new", [True, False])
def test_what_is_beside_the_code_concerns_nobody(files: OwnFiles, file: str, new: bool) -> None:
    assert not concerns(files, file, new=new, starting=True)
    assert concerns(files, file, failed=True), "it may be what a failed start lacks"


@pytest.mark.parametrize(
    "file", ["other.json", "templates/b.html", "scripts/seed.py", "notes.md", "web/package.json"]
)
def test_what_no_instance_has_opened_matters_only_as_it_comes_or_goes(
    files: OwnFiles, file: str
) -> None:
    assert not concerns(files, file)
    assert concerns(files, file, new=True), "somebody may have looked whether it is there"
    assert concerns(files, file, starting=True), "it may just have been opened"


@pytest.mark.parametrize("file", ["table.csv", "data.parquet", "native.so", "model.onnx", "words"])
def test_what_c_libraries_open_is_never_known_to_be_unread(files: OwnFiles, file: str) -> None:
    assert concerns(files, file)


@pytest.mark.parametrize("file", ["content/a.png", "content/new/b.png"])
def test_something_new_in_a_folder_that_was_listed(files: OwnFiles, file: str) -> None:
    assert concerns(files, file, new=True)
    assert not concerns(files, file)


def test_a_listed_project_is_not_everything_below_it(tmp_path: Path, files: OwnFiles) -> None:
    files.listed(str(tmp_path))
    assert concerns(files, "a.png", new=True)
    assert not concerns(files, "uploads/a.png", new=True)


def test_reasons_are_told_where_they_are_not_plain(files: OwnFiles) -> None:
    saved = ["lib/x.py", "data.json", "new.json", "LICENSE"]
    assert files.concern(saved, {"new.json"}, failed=False, starting=False) == {
        "lib/x.py": "",
        "data.json": "read by api/a.py:7",
        "new.json": "came or went",
    }


def test_a_linked_file_is_read_by_either_name(tmp_path: Path, files: OwnFiles) -> None:
    (tmp_path / "real.json").write_text("1")
    (tmp_path / "link.json").symlink_to("real.json")
    files.read(str(tmp_path / "link.json"), "")
    assert concerns(files, "link.json")
    assert concerns(files, "real.json")


def test_a_new_module_may_be_the_only_functions_wherever_it_is(tmp_path: Path) -> None:
    alone = used(OwnFiles(tmp_path, Entrypoint("app.py", "app", "app"), alone=True), tmp_path)
    assert concerns(alone, "api/b.py", new=True)
    assert not concerns(alone, "api/b.py")


def test_kinds_by_name() -> None:
    assert [kind_of(one) for one in ("a.py", "a.json", "a.png", "latest.py", "a.bin")] == [
        *(Kind.PYTHON, Kind.TEXT, Kind.BESIDE, Kind.PYTHON, Kind.OTHER),
    ]

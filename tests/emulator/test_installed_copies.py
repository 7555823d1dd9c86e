"""Packages beside the app: some run as installed copies, some from their sources."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vercel_emu.emulator.installed_copies import InstalledCopies


def copies(tmp_path: Path, folder: Path, *, editable: bool) -> InstalledCopies:
    info = tmp_path / "site" / "mylib-1.0.dist-info"
    info.mkdir(parents=True)
    noted = {"url": folder.as_uri(), "dir_info": {"editable": editable}}
    (info / "direct_url.json").write_text(json.dumps(noted))
    (tmp_path / "app").mkdir(exist_ok=True)
    return InstalledCopies(tmp_path / "app", [tmp_path / "site"])


def test_the_sources_of_a_copy(tmp_path: Path) -> None:
    found = copies(tmp_path, tmp_path / "app/libs/mylib", editable=False)
    files = ["libs/mylib/src/mylib/a.py", "libs/mylib/data.json", "libs/other.py", "app.py"]
    sources = found.sources(files)
    assert list(sources) == ["libs/mylib/src/mylib/a.py"]
    notice = found.notice(sources)
    assert "runs the copy of `mylib`" in notice.message
    assert "`-e ./libs/mylib`" in str(notice.hint)


def test_an_editable_one_is_code_as_any_other(tmp_path: Path) -> None:
    found = copies(tmp_path, tmp_path / "app/libs/mylib", editable=True)
    assert found.sources(["libs/mylib/a.py"]) == {}
    assert found.followed() == ()


def test_an_editable_one_elsewhere_is_watched(tmp_path: Path) -> None:
    found = copies(tmp_path, tmp_path / "mylib", editable=True)
    assert found.followed() == (tmp_path / "mylib",)


@pytest.mark.parametrize("folder", ["app", "."])
def test_the_project_runs_from_its_folder(tmp_path: Path, folder: str) -> None:
    found = copies(tmp_path, (tmp_path / folder).resolve(), editable=False)
    assert found.sources(["app.py"]) == {}

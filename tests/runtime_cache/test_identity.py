"""Whose items: which projects share them on a server, and which do not."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from vercel_emu.options import Options
from vercel_emu.project.load import identify_project
from vercel_emu.runtime_cache import identity

SERVER = "redis://localhost/0"


def owner(folder: Path, cache: str = SERVER) -> str:
    return identity.cache_scope(identify_project(folder), Options(cache=cache)).project


def project(folder: Path, remote: str = "") -> Path:
    folder.mkdir(parents=True)
    if remote:
        subprocess.run(["git", "init", "-q", folder], check=True)
        subprocess.run(["git", "-C", folder, "remote", "add", "origin", remote], check=True)
    return folder


def test_two_folders_of_one_name_keep_apart(tmp_path: Path) -> None:
    one, two = project(tmp_path / "a" / "api"), project(tmp_path / "b" / "api")
    assert owner(one) != owner(two)
    assert owner(one) == owner(one), "kept"
    assert owner(one).startswith("api-")
    one.rename(tmp_path / "moved")
    assert owner(tmp_path / "moved").startswith("api-"), "it goes with the folder"


@pytest.mark.parametrize("cache", ["file", "memory"])
def test_a_cache_of_its_own_keeps_the_name(tmp_path: Path, cache: str) -> None:
    folder = project(tmp_path / "api", "git@github.com:acme/shop.git")
    assert owner(folder, cache) == "api"
    assert not (folder / ".vercel").exists()


def test_a_linked_project_keeps_its_id(tmp_path: Path) -> None:
    folder = project(tmp_path / "api", "git@github.com:acme/shop.git")
    (folder / ".vercel").mkdir()
    (folder / ".vercel" / "project.json").write_text(
        json.dumps({"projectId": "prj_1", "orgId": "team_1"})
    )
    assert owner(folder) == "prj_1"


@pytest.mark.parametrize(
    "remote", ["git@github.com:acme/shop.git", "https://user:secret@github.com/acme/shop"]
)
def test_clones_are_one_project_and_their_folders_are_several(tmp_path: Path, remote: str) -> None:
    one, two = project(tmp_path / "a" / "x", remote), project(tmp_path / "b" / "y", remote)
    assert owner(one) == owner(two) == "github.com/acme/shop"
    for folder in ("api", "web"):
        (one / folder).mkdir()
    assert owner(one / "api") == "github.com/acme/shop/api"
    assert owner(one / "web") == "github.com/acme/shop/web"


def test_a_remote_that_is_a_folder_says_nothing(tmp_path: Path) -> None:
    assert owner(project(tmp_path / "api", "/srv/git/api.git")).startswith("api-")


def test_where_nothing_can_be_kept_the_path_decides(tmp_path: Path) -> None:
    one, two = project(tmp_path / "a" / "api"), project(tmp_path / "b" / "api")
    for folder in (one, two):
        (folder / ".vercel").mkdir()
        (folder / ".vercel" / "emu").write_text("in the way")
    assert owner(one) == owner(one)
    assert owner(one) != owner(two)


def test_what_is_kept_and_is_no_name_is_made_anew(tmp_path: Path) -> None:
    folder = project(tmp_path / "api")
    first = owner(folder)
    (folder / ".vercel" / "emu" / "cache-identity").write_bytes(b"\xff\n\x00")
    assert owner(folder) not in ("", first)

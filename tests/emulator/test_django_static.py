"""Where Django's static files are published, from what Django says of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from vercel_emu.emulator.django_static import DjangoStatic, Found
from vercel_emu.project.model import DjangoSettings, Project


@pytest.mark.parametrize(
    ("url", "prefix"),
    [("/static/", "/static/"), ("/a/b", "/a/b/"), ("/", "/"), (None, None), ("https://x/", None)],
)
def test_prefix(url: str | None, prefix: str | None) -> None:
    mounts = Found(url=url, folders=[("", "/p/assets")]).mounts()
    assert [mount.prefix for mount in mounts] == ([prefix] if prefix else [])


def test_sources_come_before_what_was_collected() -> None:
    found = Found(url="/s/", folders=[("", "/p/a"), ("lib/", "/p/b")], collected="/c")
    assert [(str(one.folder), one.prefix) for one in found.mounts()] == [
        ("/p/a", "/s/"),
        ("/p/b", "/s/lib/"),
        ("/c", "/s/"),
    ]


@pytest.mark.parametrize(
    ("file", "appeared", "collects", "concerned"),
    [
        ("site/settings.py", False, False, True),
        ("site/settings/base.py", False, False, True),
        ("site/urls.py", False, True, False),
        ("blog/static/x.css", False, False, False),
        ("blog/static/x.css", False, True, True),
        ("new/static/x.css", True, False, True),
        ("new/static/x.css", False, False, False),
    ],
)
def test_when_to_look_again(
    tmp_path: Path, file: str, appeared: bool, collects: bool, concerned: bool
) -> None:
    settings = DjangoSettings(base_dir="", settings_module="site.settings")
    project = Project(root=tmp_path, name="x", django=settings)
    static = DjangoStatic(project, Path("python"), tmp_path)
    static.found = Found(
        url="/static/",
        folders=[("", str(tmp_path / "blog/static"))],
        collected=str(tmp_path) if collects else None,
    )
    assert static.concern([file], {file} if appeared else ()) is concerned

"""Public folders: never code, always watched."""

from __future__ import annotations

from vercel_emu.watching.meaning import meaning
from vercel_emu.watching.rules import Rules


def test_nothing_in_a_public_folder_is_code() -> None:
    found = meaning(["web/x.js", "web.py", "blog/static/a.css"], public=("web/", "blog/static/"))
    assert found.static == ("blog/static/a.css", "web/x.js")
    assert found.code == ("web.py",)


def test_both_configuration_files_are_rules() -> None:
    assert meaning(["vercel.json", "vercel.toml"]).rules == ("vercel.json", "vercel.toml")


def test_what_git_ignores_is_watched_where_it_is_public() -> None:
    rules = Rules(ignore_files={"": ("dist",)}, kept=("dist/web/",))
    assert not rules.skips_folder("dist")
    assert not rules.skips_folder("dist/web")
    assert not rules.skips_file("dist/web/a.js")
    assert rules.skips_folder("dist/other")
    assert rules.skips_file("dist/a.js")

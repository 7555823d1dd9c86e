"""What changed files mean, and how long to wait for more."""

from __future__ import annotations

import pytest

from vercel_emu.watching import settling
from vercel_emu.watching.meaning import Meaning, meaning
from vercel_emu.watching.settling import Pending, seconds_of_quiet


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("app.py", Meaning(code=("app.py",))),
        ("templates/a.html", Meaning(code=("templates/a.html",))),
        (".env.local", Meaning(environment=(".env.local",))),
        ("config/.env", Meaning(code=("config/.env",))),
        ("vercel.json", Meaning(rules=("vercel.json",))),
        (
            "pyproject.toml",
            Meaning(
                options=("pyproject.toml",),
                dependencies=("pyproject.toml",),
                structure=("pyproject.toml",),
            ),
        ),
        ("requirements.txt", Meaning(dependencies=("requirements.txt",))),
        ("uv.lock", Meaning(dependencies=("uv.lock",))),
        ("pylock.toml", Meaning(dependencies=("pylock.toml",))),
        ("api/requirements.txt", Meaning(dependencies=("api/requirements.txt",))),
        ("requirements/prod.txt", Meaning(dependencies=("requirements/prod.txt",))),
        ("requirements.in", Meaning(dependencies=("requirements.in",))),
        ("api/.python-version", Meaning(dependencies=("api/.python-version",))),
        (
            "api/pyproject.toml",
            Meaning(code=("api/pyproject.toml",), dependencies=("api/pyproject.toml",)),
        ),
        ("public/a.css", Meaning(static=("public/a.css",))),
        (".gitignore", Meaning()),
        (".vercelignore", Meaning(structure=(".vercelignore",))),
        ("package.json", Meaning(code=("package.json",), structure=("package.json",))),
        ("web/package.json", Meaning(code=("web/package.json",))),
    ],
)
def test_each_kind_of_file(file: str, expected: Meaning) -> None:
    assert meaning([file]) == expected


def test_a_new_function_file_changes_the_structure() -> None:
    found = meaning(["api/new.py", "lib/new.py"], appeared=frozenset({"api/new.py", "lib/new.py"}))
    assert found.structure == ("api/new.py",)
    assert found.code == ("api/new.py", "lib/new.py")


def test_the_extra_env_file_is_environment() -> None:
    assert meaning(["conf/test.env"], env_file="conf/test.env").environment == ("conf/test.env",)


@pytest.mark.parametrize(
    ("pending", "seconds"),
    [
        (Pending(changed=1), settling.SINGLE),
        (Pending(changed=2), settling.BURST),
        (Pending(changed=1, vanished=1), settling.UNFINISHED),
        (Pending(changed=1, unfinished=1), settling.UNFINISHED),
        (Pending(changed=9, git_is_busy=True), settling.LOCKED),
    ],
)
def test_one_save_is_acted_on_at_once_and_more_is_waited_for(
    pending: Pending, seconds: float
) -> None:
    assert seconds_of_quiet(pending) == seconds
    assert settling.SINGLE <= 0.02

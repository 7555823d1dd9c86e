"""Git facts: remote URLs in every form, and real repositories in every state."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vercel_emu.project.variables.git import (
    GitFacts,
    choose_remote,
    cut_utf8,
    parse_remote,
    read_git_facts,
)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://github.com/octo/hello.git", ("github", "octo", "hello")),
        ("https://github.com/octo/hello/", ("github", "octo", "hello")),
        ("https://github.com/octo/hello.world", ("github", "octo", "hello.world")),
        ("https://user:p%40ss@github.com/octo/hello.git", ("github", "octo", "hello")),
        ("https://user:p@ss@github.com/octo/hello.git", ("github", "octo", "hello")),
        ("https://github.com:443/octo/hello.git", ("github", "octo", "hello")),
        ("git@github.com:octo/hello.git", ("github", "octo", "hello")),
        ("git@github.com:/octo/hello.git", ("github", "octo", "hello")),
        ("github.com:octo/hello", ("github", "octo", "hello")),
        ("org-123@github.com:octo/hello.git", ("github", "octo", "hello")),
        ("[git@github.com:22]:octo/hello.git", ("github", "octo", "hello")),
        ("git@github-work:octo/hello.git", ("github", "octo", "hello")),
        ("ssh://git@ssh.github.com:443/octo/hello.git", ("github", "octo", "hello")),
        ("git+ssh://git@github.com/octo/hello.git", ("github", "octo", "hello")),
        ("git://github.com/octo/hello.git", ("github", "octo", "hello")),
        ("HTTPS://GitHub.com/Octo/Hello.git", ("github", "Octo", "Hello")),
        ("https://gitlab.com/a/b/c/hello.git", ("gitlab", "a/b/c", "hello")),
        ("git@gitlab.example.org:a/b/hello.git", ("gitlab", "a/b", "hello")),
        ("ssh://git@gitlab.example.org:2222/a/hello", ("gitlab", "a", "hello")),
        ("https://me@bitbucket.org/team/hello.git", ("bitbucket", "team", "hello")),
        ("https://bitbucket.example.org/scm/team/hello.git", ("bitbucket", "team", "hello")),
        ("https://git.example.org/team/hello.git", (None, "team", "hello")),
        ("ssh://git@[2001:db8::1]:22/team/hello.git", (None, "team", "hello")),
        ("https://github.com/octo/my%20repo", ("github", "octo", "my repo")),
        ("https://github.com/hello", None),
        ("/srv/git/hello.git", None),
        ("../hello.git", None),
        ("file:///srv/git/hello.git", None),
        ("C:\\git\\hello", None),
        ("C:/git/hello", None),
        ("", None),
    ],
)
def test_remote_urls(url: str, expected: tuple[str | None, str, str] | None) -> None:
    found = parse_remote(url)
    assert (found and (found.provider, found.owner, found.slug)) == expected


@given(st.text(max_size=60) | st.text("git@:/[].hub", max_size=30))
def test_any_remote_has_an_answer(url: str) -> None:
    found = parse_remote(url)
    assert found is None or found.slug


def test_origin_is_preferred_and_push_lines_are_not_read() -> None:
    listing = (
        "backup\thttps://gitlab.com/x/y (fetch)\n"
        "origin\tgit@github.com:a/b.git (push)\n"
        "origin\tgit@github.com:c/d.git (fetch) [blob:none]\n"
    )
    found = choose_remote(listing)
    assert found is not None
    assert (found.owner, found.slug) == ("c", "d")
    assert choose_remote("") is None


@given(st.text(max_size=50), st.integers(0, 60))
def test_cut_never_splits_a_character(text: str, limit: int) -> None:
    cut = cut_utf8(text, limit)
    assert len(cut.encode()) <= limit
    assert text.startswith(cut)
    assert len(text.encode()) <= limit or len(cut.encode()) > limit - 4


def git(folder: Path, *arguments: str) -> str:
    author = ("-c", "user.name=Zoë Müller", "-c", "user.email=zoe@example.org")
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    command = ["git", *author, "-C", str(folder), *arguments]
    return subprocess.run(
        command, check=True, capture_output=True, text=True, env=environ
    ).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    git(folder, "remote", "add", "origin", "git@github.com:octo/hello.git")
    return folder


def commit(repository: Path, message: str) -> str:
    git(repository, "commit", "-q", "--allow-empty", "-m", message)
    return git(repository, "rev-parse", "HEAD")


def test_no_repository(tmp_path: Path) -> None:
    environ = {**os.environ, "GIT_CEILING_DIRECTORIES": str(tmp_path.parent)}
    assert read_git_facts(tmp_path, environ) == GitFacts()


def test_no_git_binary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    facts = read_git_facts(tmp_path)
    assert facts.commit_sha is None
    assert facts.problem is not None
    assert "git could not be started" in facts.problem


def test_no_commits(repository: Path) -> None:
    facts = read_git_facts(repository)
    assert (facts.commit_sha, facts.commit_ref, facts.owner) == (None, "main", "octo")
    assert facts.problem is None


def test_a_commit_seen_from_a_subfolder_and_a_worktree(repository: Path, tmp_path: Path) -> None:
    sha = commit(repository, "Eins\n\nzwei äöü")
    (repository / "apps").mkdir()
    facts = read_git_facts(repository / "apps")
    assert facts == GitFacts(
        provider="github",
        owner="octo",
        slug="hello",
        commit_sha=sha,
        commit_ref="main",
        commit_message="Eins\n\nzwei äöü",
        author_name="Zoë Müller",
    )
    git(repository, "worktree", "add", "-q", "-b", "feature/x", str(tmp_path / "tree"))
    assert read_git_facts(tmp_path / "tree").commit_ref == "feature/x"


def test_a_detached_head_has_no_branch(repository: Path) -> None:
    sha = commit(repository, "one")
    git(repository, "checkout", "-q", "--detach")
    facts = read_git_facts(repository)
    assert (facts.commit_sha, facts.commit_ref) == (sha, None)


def test_a_long_message_is_cut_between_characters(repository: Path) -> None:
    commit(repository, "x" + "ü" * 2000)
    message = read_git_facts(repository).commit_message
    assert message == "x" + "ü" * 1023


def test_variables_of_a_surrounding_git_hook_do_not_count(repository: Path, tmp_path: Path) -> None:
    sha = commit(repository, "one")
    facts = read_git_facts(repository, {**os.environ, "GIT_DIR": str(tmp_path / "elsewhere")})
    assert facts.commit_sha == sha


def test_a_git_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "git"
    fake.write_text("#!/bin/sh\nexec sleep 60\n")
    fake.chmod(fake.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setattr("vercel_emu.project.variables.git._TIMEOUT_SECONDS", 0.2)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert "did not answer" in (read_git_facts(tmp_path).problem or "")

"""Links that lead anywhere, and a project that is renamed: requests are answered, saves count."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.real.support import (
    DevProcess,
    Emulation,
    Files,
    dev_process,
    emulation,
    wait_until,
    write_project,
)
from vercel_emu import events

APP = """
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"VERSION"})
"""
FILES = {"app.py": APP, "public/a.txt": "a"}


def answers_and_stops(emulator: DevProcess) -> None:
    """The emulator starts, answers, and ends when it is told to."""
    emulator.wait_ready()
    assert emulator.get("/").text == "VERSION"
    emulator.signal(signal.SIGTERM)
    assert emulator.exit_code() == 0


def running(tmp_path: Path, files: Files | None = None, **options: Any) -> Emulation:
    given = {"reload": True, "standby": True, **options}
    return emulation(tmp_path / "project", files or FILES, **given)


def test_a_link_to_everything(tmp_path: Path) -> None:
    write_project(tmp_path / "project", FILES)
    (tmp_path / "project" / "everything").symlink_to("/")
    with dev_process(tmp_path / "project") as emulator:
        answers_and_stops(emulator)


def test_folders_that_link_to_each_other_twice(tmp_path: Path) -> None:
    root = write_project(tmp_path / "project", FILES)
    for number in range(22):
        (root / f"d{number}").mkdir()
        if number:
            for name in ("a", "b"):
                (root / f"d{number - 1}" / name).symlink_to(f"../d{number}")
    with dev_process(root) as emulator:
        answers_and_stops(emulator)


def test_a_large_folder_behind_a_link_is_named_once_and_saves_count(tmp_path: Path) -> None:
    for number in range(2_100):
        (tmp_path / "large" / str(number)).mkdir(parents=True)
    root = write_project(tmp_path / "project", FILES)
    (root / "large").symlink_to(tmp_path / "large")
    with running(tmp_path) as emulator:
        emulator.wait_ready()
        told = emulator.events.wait(events.Notice, lambda e: e.code == "LINK_NOT_WATCHED")
        assert f"large leads to {tmp_path / 'large'}" in told.message
        assert told.hint is not None
        assert "--ignore large/" in told.hint
        assert "--watch" in told.hint
        # While it runs: more of them, and requests are answered with what was saved.
        (root / "later").symlink_to(tmp_path)
        (root / "app.py").write_text(APP.replace("VERSION", "second"))
        assert emulator.get("/").text == "second"
        told_of = emulator.events.all(events.Notice, lambda e: e.code == "LINK_NOT_WATCHED")
        named = [one.message.split()[0] for one in told_of]
        assert sorted(named) == ["large", "later"]


def test_api_that_leads_to_everything(tmp_path: Path) -> None:
    root = write_project(tmp_path / "project", {"index.html": "home"})
    (root / "api").symlink_to("/")
    with dev_process(root) as emulator:
        assert emulator.exit_code() == 1
        wait_until(lambda: "FOLDER_TOO_LARGE: api leads to /" in emulator.stderr)


def test_a_project_that_is_renamed_and_renamed_back(tmp_path: Path) -> None:
    with running(tmp_path) as emulator:
        emulator.wait_ready()
        assert emulator.get("/").text == "VERSION"
        aside = emulator.root.with_name("aside")
        emulator.root.rename(aside)
        gone = emulator.events.wait(events.Notice, lambda e: e.code == "PROJECT_GONE")
        assert str(emulator.root) in gone.message
        for path in ("/", "/a.txt"):
            answer = emulator.get(path, headers={"accept": "text/html"})
            assert answer.status_code == 503
            assert answer.headers["x-vercel-error"] == "SERVICE_UNAVAILABLE"
            assert "is gone" in answer.text
        assert not emulator.root.exists()
        aside.rename(emulator.root)
        emulator.events.wait(events.Notice, lambda e: e.code == "PROJECT_BACK")
        assert emulator.get("/").text == "VERSION"
        assert emulator.get("/a.txt").text == "a"
        (emulator.root / "app.py").write_text(APP.replace("VERSION", "after"))
        assert emulator.get("/").text == "after"


def test_another_project_in_its_place(tmp_path: Path) -> None:
    with running(tmp_path) as emulator:
        emulator.wait_ready()
        emulator.root.rename(tmp_path / "old")
        emulator.events.wait(events.Notice, lambda e: e.code == "PROJECT_GONE")
        write_project(tmp_path / "next", {"app.py": APP.replace("VERSION", "next")})
        (tmp_path / "next").rename(emulator.root)
        emulator.events.wait(events.Notice, lambda e: e.code == "PROJECT_BACK")
        assert emulator.get("/").text == "next"
        (emulator.root / "app.py").write_text(APP.replace("VERSION", "after"))
        assert emulator.get("/").text == "after"


def test_nothing_of_ours_is_made_at_the_old_place(tmp_path: Path) -> None:
    """An app that imports a module of its own, and uses the cache, while its folder is away."""
    late = APP.replace('b"VERSION"', "TEXT").replace("await", "from late import TEXT; await", 1)
    with running(tmp_path, {"app.py": late, "late.py": 'TEXT = b"late"'}, reload=False) as emulator:
        emulator.wait_ready()
        aside = emulator.root.with_name("aside")
        emulator.root.rename(aside)
        emulator.get("/")
        assert not emulator.root.exists()
        aside.rename(emulator.root)
        assert emulator.get("/").text == "late"


def test_a_link_that_replaces_a_public_file(tmp_path: Path) -> None:
    files = {**FILES, ".env": "SECRET=s3cret"}
    with running(tmp_path, files, reload=False) as emulator:
        emulator.wait_ready()
        assert emulator.get("/a.txt").text == "a"
        for target in ("../.env", "/dev/zero"):
            (emulator.root / "link").symlink_to(target)
            (emulator.root / "link").rename(emulator.root / "public" / "a.txt")
            assert emulator.get("/a.txt").text == "VERSION"
        (emulator.root / "public" / "a.txt").unlink()
        os.mkfifo(emulator.root / "public" / "a.txt")
        assert emulator.get("/a.txt").status_code == 404


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("pyproject.toml", "a = " + "[" * 50_000, "nested more than 100 levels deep"),
        (".vercel/project.json", "[" * 100_000, "nested more than 100 levels deep"),
        ("vercel.json", '{"a":' * 50_000, "nested more than 100 levels deep"),
        (".env", "A=1\n" * 300_000, "more than 256 KB"),
        ("vercel.json", "/dev/zero", "it is a device"),
        ("pyproject.toml", "/dev/zero", "it is a device"),
        (".vercel/project.json", "/dev/zero", "it is a device"),
        (".env", "/dev/zero", "it is a device"),
        ("vercel.json", "PIPE", "it is a named pipe"),
        (".env.local", "PIPE", "it is a named pipe"),
    ],
)
def test_a_file_that_can_t_be_a_configuration(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    root = write_project(tmp_path / "project", FILES)
    (root / ".vercel").mkdir()
    if text == "PIPE":
        os.mkfifo(root / name)
    elif text.startswith("/"):
        (root / name).symlink_to(text)
    else:
        (root / name).write_text(text)
    with dev_process(root) as emulator:
        assert emulator.exit_code() == 1
        wait_until(lambda: said in emulator.stderr, what=said)
    assert name in emulator.stderr
    assert "Traceback" not in emulator.stderr

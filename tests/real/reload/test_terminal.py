"""Reloads as `vercel-emu dev` shows them: options that change, and keys in a real terminal."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.real.support import PATIENCE, dev_process, wait_until, write_project
from tests.real.terminal import Terminal, terminal

APP = """
import os
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": os.environ.get("COLOUR", "none").encode()})
"""
FILES = {"app.py": APP, "other.env": "COLOUR=blue\n"}


def test_options_of_pyproject_change_while_it_runs(tmp_path: Path) -> None:
    files = {**FILES, "pyproject.toml": "[project]\nname = 'x'\n"}
    with dev_process(tmp_path / "p", files, "--app", "app:app") as emulator:
        emulator.wait_ready()
        assert emulator.get("/").text == "none"
        text = '[tool.vercel-emu]\nenv-file = "other.env"\ncache = "memory"\n'
        (tmp_path / "p" / "pyproject.toml").write_text(text)
        emulator.wait_for("Reloading")
        assert emulator.get("/").text == "blue"
        notices = [entry["message"] for entry in emulator.reported("Notice", level="warn")]
        assert any("cache: used from the next start on" in message for message in notices)
        (tmp_path / "p" / "pyproject.toml").write_text("[tool.vercel-emu]\nwrong = 1\n")
        assert "wrong" in emulator.wait_for("Notice", code="INVALID_OPTION")["message"]
        assert emulator.get("/").text == "blue"


def test_files_of_dependencies_that_are_wrong_or_ask_for_more(tmp_path: Path) -> None:
    root = tmp_path / "p"
    with dev_process(root, {**FILES, ".env": "not a line\n"}, "--app", "app:app") as emulator:
        emulator.wait_ready()
        (root / "requirements.txt").write_text("no-such-package-of-ours\n")
        missing = emulator.wait_for("Notice", code="DEPENDENCIES_MISSING")
        assert "`no-such-package-of-ours` (from requirements.txt)" in missing["message"]
        (root / "pyproject.toml").write_text("[tool\n")
        assert "TOML" in emulator.wait_for("Notice", code="PYPROJECT_INVALID")["message"]
        (root / "pyproject.toml").write_text('[tool.vercel-emu]\nregion = "fra1"\n')
        emulator.wait_for("Reloading")
        assert emulator.get("/").text == "none"
        notices = [entry["message"] for entry in emulator.reported("Notice")]
        assert sum(".env:1" in message for message in notices) == 1
        assert sum("TOML" in message for message in notices) == 1
    assert "Traceback" not in emulator.stderr


@contextlib.contextmanager
def dev(root: Path, *arguments: str) -> Iterator[Terminal]:
    write_project(root, FILES)
    app = ("--app", "app:app", "--python", sys.executable)
    with terminal("dev", str(root), "--listen", "localhost:0", *app, *arguments) as one:
        yield one


def test_the_keys_and_the_terminal_afterwards(tmp_path: Path) -> None:
    with dev(tmp_path / "p") as screen:
        assert screen.echoes()
        screen.wait_for("press h for the keys")
        assert not screen.echoes()
        for key, answer in {
            "h": "reload now, from scratch",
            "c": "the runtime cache is empty",
            "e": "VERCEL_REGION='iad1'",
            "r": "reloaded",
        }.items():
            screen.press(key)
            screen.wait_for(answer)
        screen.press("q")
        assert screen.process.wait(PATIENCE) == 0
        assert screen.echoes()


def test_suspended_and_continued(tmp_path: Path) -> None:
    with dev(tmp_path / "p") as screen:
        screen.wait_for("press h for the keys")
        screen.process.send_signal(signal.SIGTSTP)
        os.waitpid(screen.process.pid, os.WUNTRACED)
        assert screen.echoes()
        screen.process.send_signal(signal.SIGCONT)
        screen.press("h")
        screen.wait_for("quit")
        assert not screen.echoes()
        screen.process.send_signal(signal.SIGINT)
        assert screen.process.wait(PATIENCE) == 0
        assert screen.echoes()


def test_without_a_terminal_there_are_no_keys(tmp_path: Path) -> None:
    with dev_process(tmp_path / "p", FILES, "--app", "app:app", log_format="pretty") as emulator:
        wait_until(lambda: any("http://" in line for line in emulator.lines))
        assert not any("press h" in line for line in emulator.lines)


def test_a_key_runs_the_build_of_the_static_files(tmp_path: Path) -> None:
    script = "mkdir -p public && echo made > public/x.txt && echo done with it"
    pyproject = f'[tool.vercel.scripts]\nbuild = "{script}"\n'
    write_project(tmp_path / "p", {"pyproject.toml": pyproject})
    with dev(tmp_path / "p") as shown:
        shown.wait_for("press h for the keys")
        assert not (tmp_path / "p" / "public").exists()
        shown.press("b")
        shown.wait_for("  done with it")
        shown.wait_for("built")
        assert (tmp_path / "p" / "public" / "x.txt").read_text() == "made\n"

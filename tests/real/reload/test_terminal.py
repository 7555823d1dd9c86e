"""Reloads as `vercel-emu dev` shows them: options that change, and keys in a real terminal."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

from tests.real.support import PATIENCE, clean_environ, dev_process, wait_until, write_project

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


class Terminal:
    """`vercel-emu dev` in a terminal of its own."""

    def __init__(self, process: subprocess.Popen[bytes], master: int, slave: int) -> None:
        self.process = process
        self._master = master
        self.slave = slave
        self.shown = ""

    def press(self, key: str) -> None:
        os.write(self._master, key.encode())

    def wait_for(self, text: str, seconds: float = PATIENCE) -> None:
        give_up = time.monotonic() + seconds
        while text not in self.shown:
            assert time.monotonic() < give_up, f"{text!r} was not shown:\n{self.shown}"
            if select.select([self._master], [], [], 0.2)[0]:
                with contextlib.suppress(OSError):
                    self.shown += os.read(self._master, 65536).decode(errors="replace")

    def echoes(self) -> bool:
        """Whether the terminal shows what is typed, as it does where nobody reads keys."""
        return bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)


@contextlib.contextmanager
def terminal(root: Path, *arguments: str) -> Iterator[Terminal]:
    write_project(root, FILES)
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "vercel_emu", "dev", str(root), "--listen", "localhost:0"]
    command += ["--python", sys.executable]
    # `setsid --ctty` by hand: the new session's terminal is the one its leader opens first.
    start = (
        "import os, sys; os.close(os.open(os.ttyname(0), os.O_RDWR)); "
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", start, *command, "--app", "app:app", *arguments],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=clean_environ(NO_COLOR="1", TERM="xterm"),
        start_new_session=True,
    )
    try:
        yield Terminal(process, master, slave)
    finally:
        process.kill()
        process.wait()
        os.close(master)
        os.close(slave)


def test_the_keys_and_the_terminal_afterwards(tmp_path: Path) -> None:
    with terminal(tmp_path / "p") as screen:
        assert screen.echoes()
        screen.wait_for("press h for the keys")
        assert not screen.echoes()
        for key, answer in {
            "h": "reload now, from scratch",
            "c": "cache cleared",
            "e": "VERCEL_REGION='iad1'",
            "r": "reloaded",
        }.items():
            screen.press(key)
            screen.wait_for(answer)
        screen.press("q")
        assert screen.process.wait(PATIENCE) == 0
        assert screen.echoes()


def test_suspended_and_continued(tmp_path: Path) -> None:
    with terminal(tmp_path / "p") as screen:
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
    with terminal(write_project(tmp_path / "p", {"pyproject.toml": pyproject})) as shown:
        shown.wait_for("press h for the keys")
        assert not (tmp_path / "p" / "public").exists()
        shown.press("b")
        shown.wait_for("  done with it")
        shown.wait_for("built")
        assert (tmp_path / "p" / "public" / "x.txt").read_text() == "made\n"

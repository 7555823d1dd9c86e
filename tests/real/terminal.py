"""A person at a real terminal: what is typed, and what is seen then."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

from tests.real.support import PATIENCE, clean_environ
from tests.screen import Screen

COLUMNS = 90


class Terminal:
    """A command in a terminal of its own."""

    def __init__(self, process: subprocess.Popen[bytes], master: int, slave: int) -> None:
        self.process = process
        self._master = master
        self.slave = slave
        self.shown = ""
        """Everything that was written to the terminal."""
        self.screen = Screen(COLUMNS)

    def press(self, keys: str) -> None:
        """What is sent at once: a key, the sequence of an arrow key, a paste."""
        os.write(self._master, keys.encode())

    def read(self, seconds: float = 0.2) -> bool:
        """Take in what was written, waiting so long for something; whether there was any."""
        if not select.select([self._master], [], [], seconds)[0]:
            return False
        with contextlib.suppress(OSError):
            text = os.read(self._master, 65536).decode(errors="replace")
            self.shown += text
            self.screen.feed(text)
            return bool(text)
        return False

    def wait_for(self, text: str, seconds: float = PATIENCE) -> None:
        """Until the screen shows it."""
        give_up = time.monotonic() + seconds
        while text not in self.screen.text:
            assert time.monotonic() < give_up, f"{text!r} was not shown:\n{self.screen.text}"
            self.read()

    def wait_until_gone(self, text: str, seconds: float = PATIENCE) -> None:
        """Until the screen no longer shows it."""
        give_up = time.monotonic() + seconds
        while text in self.screen.text:
            assert time.monotonic() < give_up, f"{text!r} stays:\n{self.screen.text}"
            self.read()

    def exit_code(self) -> int:
        """How it ended; all it wrote has been read."""
        give_up = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < give_up, f"it does not end:\n{self.screen.text}"
            self.read()
        while self.read(0):
            pass
        return self.process.returncode

    def echoes(self) -> bool:
        """Whether the terminal shows what is typed, as it does where nobody reads keys."""
        return bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)


@contextlib.contextmanager
def terminal(
    *arguments: str, cwd: Path | None = None, columns: int = COLUMNS
) -> Iterator[Terminal]:
    """`vercel-emu` with these arguments, in a new terminal."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))
    # `setsid --ctty` by hand: the new session's terminal is the one its leader opens first.
    start = (
        "import os, sys; os.close(os.open(os.ttyname(0), os.O_RDWR)); "
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", start, sys.executable, "-m", "vercel_emu", *arguments],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=clean_environ(NO_COLOR="1", TERM="xterm"),
        start_new_session=True,
        cwd=cwd,
    )
    found = Terminal(process, master, slave)
    found.screen.columns = columns
    try:
        yield found
    finally:
        process.kill()
        process.wait()
        os.close(master)
        os.close(slave)

"""Single keys in the terminal while the emulator runs.

The terminal is put into a mode that hands over each key at once and doesn't show it, and is always
given back as it was: at the end, when the process is stopped with Ctrl+Z, and when it goes on.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import termios
import tty
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any, TextIO

from vercel_emu import tasks

type Action = Callable[[], Coroutine[Any, Any, None] | None]


@dataclass(frozen=True, slots=True)
class Key:
    """What a key does, and how the help says it."""

    key: str
    text: str
    action: Action


@dataclass(slots=True)
class _Question:
    prompt: str
    answered: Callable[[str], None]
    answer: str = ""


def _write(text: str) -> None:
    with contextlib.suppress(OSError, ValueError):  # the terminal may be gone
        sys.stdout.write(text)
        sys.stdout.flush()


class Keys:
    """The keys and what they do; others may add theirs before the terminal is listened to."""

    def __init__(
        self, say: Callable[[str], None], echo: Callable[[str], None] | None = None
    ) -> None:
        self._say = say
        self._echo = echo or _write
        self._keys: dict[str, Key] = {}
        self._question: _Question | None = None
        self._tasks: set[asyncio.Future[Any]] = set()
        self.add("h", "show these keys", self.help)

    def add(self, key: str, text: str, action: Action) -> None:
        """Give a key something to do; later ones win."""
        self._keys[key] = Key(key, text, action)

    def help(self) -> None:
        """Say which keys there are."""
        for key in sorted(self._keys.values(), key=lambda one: one.key):
            self._say(f"  {key.key}  {key.text}")

    def ask(self, prompt: str, answered: Callable[[str], None]) -> None:
        """Have the next line that is typed go to `answered`; Escape takes the question back."""
        self._question = _Question(prompt, answered)
        self._echo(f"{prompt}: ")

    def press(self, text: str) -> None:
        """React to what was typed; keys without a meaning are ignored."""
        for char in text:
            if self._question is not None:
                self._type(self._question, char)
            elif key := self._keys.get(char.lower()):
                self._run(key)

    def _type(self, question: _Question, char: str) -> None:
        """One more character of an answer; the terminal does not show it by itself."""
        if char in "\r\n":
            self._question = None
            self._echo("\n")
            if question.answer:
                self._run(Key("", question.prompt, lambda: question.answered(question.answer)))
        elif char == "\x1b":
            self._question = None
            self._echo("\n")
        elif char in "\x7f\b":
            if question.answer:
                question.answer = question.answer[:-1]
                self._echo("\b \b")
        elif char.isprintable():
            question.answer += char
            self._echo(char)

    def _run(self, key: Key) -> None:
        try:
            result = key.action()
        except Exception as error:
            self._say(f"{key.text}: {error}")
            return
        if result is not None:
            task = tasks.start(result, f"key {key.text}")
            self._tasks.add(task)
            task.add_done_callback(lambda done: self._finished(key, done))

    def _finished(self, key: Key, task: asyncio.Future[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self._say(f"{key.text}: {error}")


def has_keys(stdin: TextIO | None = None) -> bool:
    """Whether somebody can press keys: standard input is a terminal that we are in front of."""
    stdin = sys.stdin if stdin is None else stdin
    try:
        return stdin.isatty() and os.tcgetpgrp(stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError, AttributeError):
        return False


@contextlib.contextmanager
def listening(keys: Keys, descriptor: int | None = None) -> Iterator[None]:
    """Hand the keys that are pressed to `keys` for the length of the block."""
    fd = sys.stdin.fileno() if descriptor is None else descriptor
    loop = asyncio.get_running_loop()
    before = termios.tcgetattr(fd)

    def restore() -> None:
        with contextlib.suppress(termios.error, OSError):
            termios.tcsetattr(fd, termios.TCSADRAIN, before)

    def enter() -> None:
        # cbreak keeps Ctrl+C and Ctrl+Z, and what is printed looks as always.
        with contextlib.suppress(termios.error, OSError):
            tty.setcbreak(fd, termios.TCSANOW)

    def read() -> None:
        try:
            data = os.read(fd, 1024)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            keys.press(data.decode("utf-8", "replace"))
        else:
            loop.remove_reader(fd)

    def suspend() -> None:
        restore()
        os.kill(os.getpid(), signal.SIGSTOP)

    enter()
    loop.add_reader(fd, read)
    loop.add_signal_handler(signal.SIGTSTP, suspend)
    loop.add_signal_handler(signal.SIGCONT, enter)
    try:
        yield
    finally:
        loop.remove_reader(fd)
        loop.remove_signal_handler(signal.SIGTSTP)
        loop.remove_signal_handler(signal.SIGCONT)
        restore()

"""Single keys in the terminal while the emulator runs.

The terminal is put into a mode that hands over each key at once and doesn't show it, and is always
given back as it was: at the end, when the process is stopped with Ctrl+Z, and when it goes on.

A key is one character that comes alone: what arrives in a burst was pasted, or is no key of ours.
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
from vercel_emu.cli.terminal.key_presses import ESCAPE, KeyPresses, Typed

ALONE_SECONDS = 0.03
"""A key that nothing follows within this time was pressed; nobody types faster."""

type Action = Callable[[], Coroutine[Any, Any, None] | None]


@dataclass(frozen=True, slots=True)
class Key:
    """What a key does, and how the help says it."""

    key: str
    text: str
    action: Action


@dataclass(slots=True)
class _Question:
    """A line to be typed, or one key where `agreed` waits for a `y`."""

    prompt: str
    answered: Callable[[str], None] | None = None
    agreed: Action | None = None
    answer: str = ""


class Keys:
    """The keys and what they do; others may add theirs before the terminal is listened to.

    `say` prints a line; `show_prompt` keeps a text below all lines, and takes it away when empty.
    """

    def __init__(self, say: Callable[[str], None], show_prompt: Callable[[str], None]) -> None:
        self._say = say
        self._show_prompt = show_prompt
        self._presses = KeyPresses()
        self._burst: list[str] = []
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
        """Have the next line that is typed go to `answered`.

        Escape and Ctrl+C take the question back.
        """
        self._put(_Question(f"{prompt}: ", answered))

    def confirm(self, prompt: str, agreed: Action) -> None:
        """Do it if the next key is `y`; every other one means no."""
        self._put(_Question(f"{prompt} [y/N] ", agreed=agreed))

    def leave_question(self) -> bool:
        """Take back a question that is open; whether there was one."""
        was_open = self._question is not None
        self._burst.clear()
        self._put(None)
        return was_open

    def receive(self, data: bytes) -> None:
        """Bytes of the terminal: letters of an answer, else perhaps a key, see `quiet`."""
        for typed in self._presses.feed(data):
            self._typed(typed)

    def quiet(self) -> None:
        """Nothing came for ALONE_SECONDS: what came before, if it was one character, is a key."""
        for typed in self._presses.quiet():
            self._typed(typed)
        burst, self._burst = self._burst, []
        if len(burst) == 1:
            self._press(burst[0])

    def show_again(self) -> None:
        """Draw an open question anew, on a screen that others have written to."""
        self._put(self._question)

    def _put(self, question: _Question | None) -> None:
        self._question = question
        self._show_prompt("" if question is None else question.prompt + question.answer)

    def _typed(self, typed: Typed) -> None:
        if self._question is not None and self._question.answered is not None:
            # What follows an answer in the same burst is no key either.
            self._burst.append("")
            self._type(self._question, self._question.answered, typed.char)
        else:
            self._burst.append("" if typed.pasted else typed.char)

    def _type(self, question: _Question, answered: Callable[[str], None], char: str) -> None:
        """One more character of an answer; the terminal does not show it by itself."""
        if char in "\r\n":
            self._put(None)
            answer = question.answer.strip()
            if answer:
                self._run(question.prompt.rstrip(": "), lambda: answered(answer))
            return
        if char == ESCAPE:
            self._put(None)
            return
        if char in "\x7f\b":
            question.answer = question.answer[:-1]
        elif char == "\x15":  # Ctrl+U
            question.answer = ""
        elif char == "\x17":  # Ctrl+W
            question.answer = question.answer.rstrip().rpartition(" ")[0]
        elif char.isprintable():
            question.answer += char
        self._put(question)

    def _press(self, char: str) -> None:
        """React to a key; those without a meaning are ignored."""
        question = self._question
        if question is not None and question.agreed is not None:
            self._put(None)
            if char in ("y", "Y"):
                self._run(question.prompt, question.agreed)
        elif char and (key := self._keys.get(char.lower())):
            self._run(key.text, key.action)

    def _run(self, name: str, action: Action) -> None:
        try:
            result = action()
        except Exception as error:
            self._say(f"{name}: {error}")
            return
        if result is not None:
            task = tasks.start(result, f"key {name}")
            self._tasks.add(task)
            task.add_done_callback(lambda done: self._finished(name, done))

    def _finished(self, name: str, task: asyncio.Future[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self._say(f"{name}: {error}")


def has_keys(stdin: TextIO | None = None) -> bool:
    """Whether somebody can press keys: standard input is a terminal that we are in front of."""
    stdin = sys.stdin if stdin is None else stdin
    try:
        return stdin.isatty() and os.tcgetpgrp(stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError, AttributeError):
        return False


@contextlib.contextmanager
def _descriptor_of_its_own(terminal: int) -> Iterator[int]:
    """The event loop makes what it reads non-blocking, for all who share it: stdout and the shell.

    So it gets the terminal opened anew, where that can be done.
    """
    try:
        fd = os.open(os.ttyname(terminal), os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        yield terminal
        return
    try:
        yield fd
    finally:
        os.close(fd)


@contextlib.contextmanager
def listening(keys: Keys, descriptor: int | None = None) -> Iterator[None]:
    """Hand the keys that are pressed to `keys` for the length of the block."""
    terminal = sys.stdin.fileno() if descriptor is None else descriptor
    with _descriptor_of_its_own(terminal) as fd, _reading(keys, fd):
        yield


@contextlib.contextmanager
def _reading(keys: Keys, fd: int) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    before = termios.tcgetattr(fd)
    alone: asyncio.TimerHandle | None = None

    def restore() -> None:
        with contextlib.suppress(termios.error, OSError):
            termios.tcsetattr(fd, termios.TCSADRAIN, before)

    def enter() -> None:
        # cbreak keeps Ctrl+C and Ctrl+Z, and what is printed looks as always.
        with contextlib.suppress(termios.error, OSError):
            tty.setcbreak(fd, termios.TCSANOW)

    def read() -> None:
        nonlocal alone
        try:
            data = os.read(fd, 1024)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            loop.remove_reader(fd)
            return
        keys.receive(data)
        if alone is not None:
            alone.cancel()
        alone = loop.call_later(ALONE_SECONDS, keys.quiet)

    def suspend() -> None:
        restore()
        os.kill(os.getpid(), signal.SIGSTOP)

    def go_on() -> None:
        enter()
        keys.show_again()

    enter()
    loop.add_reader(fd, read)
    loop.add_signal_handler(signal.SIGTSTP, suspend)
    loop.add_signal_handler(signal.SIGCONT, go_on)
    try:
        yield
    finally:
        if alone is not None:
            alone.cancel()
        loop.remove_reader(fd)
        loop.remove_signal_handler(signal.SIGTSTP)
        loop.remove_signal_handler(signal.SIGCONT)
        keys.leave_question()
        restore()

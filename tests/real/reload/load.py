"""An app in versions, and users who ask for it while it is saved again and again."""

from __future__ import annotations

import os
import random
import threading
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.real.support import PATIENCE, Address, wait_until

ASGI = """
import asyncio, os, pathlib

VERSION = {version}

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    body = b""
    while (message := await receive())["type"] == "http.request":
        body += message["body"]
        if not message.get("more_body"):
            break
    path = scope["path"]
    if path == "/slow":
        await asyncio.sleep(1.0)
    if path == "/held":
        while not pathlib.Path("../released").exists():
            await asyncio.sleep(0.01)
    text = str(VERSION)
    if path == "/env":
        text = os.environ.get("COLOUR", "none")
    if path == "/data":
        text = pathlib.Path("data.json").read_text()
    if path == "/post":
        text += f" {{len(body)}}"
    await send({{"type": "http.response.start", "status": 200,
                "headers": [(b"content-type", b"text/html")]}})
    if path == "/stream":
        for _ in range(10):
            await send({{"type": "http.response.body", "body": text.encode() + b"\\n",
                        "more_body": True}})
            await asyncio.sleep(0.02)
        text = "end"
    await send({{"type": "http.response.body", "body": text.encode()}})
"""


def version(number: object) -> str:
    return ASGI.format(version=number)


@dataclass
class Load:
    """Users who send requests without a pause and check that no answer is older than it may be."""

    emulator: Address
    root: Path
    most_pause: int = 60
    """How many requests there may be between two saves."""
    saved: int = 0
    answered: int = 0
    """How many requests there were, about: users count without a lock."""
    wrong: list[str] = field(default_factory=list)
    stopping: bool = False
    _users: list[threading.Thread] = field(default_factory=list)
    _pauses: random.Random = field(default_factory=lambda: random.Random(1))

    def start(self, users: int) -> None:
        self._users = [
            threading.Thread(target=self._use, args=(seed,), daemon=True) for seed in range(users)
        ]
        for user in self._users:
            user.start()

    def save(self, number: int) -> None:
        """Save that version, in place or by renaming, and let a random number of requests pass."""
        file = self.root / "app.py"
        if number % 3:
            file.write_text(version(number))
        else:
            aside = self.root / ".app.py.tmp"
            aside.write_text(version(number))
            aside.replace(file)
        self.saved = number
        enough = self.answered + self._pauses.randint(1, self.most_pause)
        wait_until(lambda: self.answered >= enough)

    def stop(self) -> None:
        """Let the requests that run end."""
        self.stopping = True
        for user in self._users:
            user.join(PATIENCE)
            if user.is_alive():
                self.wrong.append("a request never ended")

    def _use(self, seed: int) -> None:
        kinds = random.Random(seed)
        with self.emulator.client() as client:
            while not self.stopping:
                path = kinds.choice(["/", "/", "/", "/", "/stream", "/post", "/slow"])
                try:
                    self._check(path, self.saved, client)
                except (httpx.HTTPError, AssertionError, ValueError) as error:
                    self.wrong.append(f"{path}: {error!r}")
                self.answered += 1

    def _check(self, path: str, least: int, client: httpx.Client) -> None:
        body = os.urandom(100_000) if path == "/post" else None
        answer = client.request("POST" if body else "GET", path, content=body)
        assert answer.status_code == 200, answer.text
        words = answer.text.split()
        assert int(words[0]) >= least, f"{words[0]} is older than {least}"
        if path == "/post":
            assert words[1] == "100000"
        if path == "/stream":
            assert words == [words[0]] * 10 + ["end"]

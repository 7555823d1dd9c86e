"""Kills at random moments under load: `python -m tests.soak.kills [--kills 1000] [--clients 8]`.

Each kill is a SIGKILL of the instance that serves; every fiftieth is one of the emulator, which is
then started again at the same port with the same cache. Nothing that was acknowledged may be lost,
no answer may have another request's bytes, a request fails only by a platform error or by a cut
connection, and the request after a kill is served.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import http.client
import itertools
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.real.support import (
    PATIENCE,
    DevProcess,
    alive,
    app_files,
    clean_environ,
    wait_until,
    write_project,
)

BY_A_KILL = {
    (500, "FUNCTION_INVOCATION_FAILED"),
    (502, "NO_RESPONSE_FROM_FUNCTION"),
    (504, "FUNCTION_INVOCATION_TIMEOUT"),
}
"""Answers a request may get whose instance was killed."""
KEYS = 20
"""How many cache items a client writes again and again."""


class Failed(Exception):
    """The request failed as it may when something is killed."""


@dataclass
class Seen:
    """What all clients have seen; written by all of them, so only ever counted or appended to."""

    kills: int = 0
    answered: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    up: threading.Event = field(default_factory=threading.Event)
    """Whether the emulator runs."""
    recovering: bool = False
    """Since a kill no request has been served yet."""
    over: bool = False


def name_of(error: Exception) -> str:
    """How a request failed, to be counted."""
    match error:
        case Failed():
            return str(error)
        case http.client.IncompleteRead():
            return "cut in the response"
        case ConnectionRefusedError():
            return "refused"
        case _:
            return "cut before the response"


class Client(threading.Thread):
    """Sends requests without a pause and checks each byte of their answers."""

    def __init__(self, number: int, seed: int, port: int, seen: Seen) -> None:
        super().__init__(name=f"client {number}", daemon=True)
        self.number = number
        self.acknowledged: dict[str, int] = {}
        """Key -> the turn in which it was last written, as far as an answer told."""
        self._random = random.Random(f"{seed} {number}")
        self._turns = itertools.count(1)
        self._port = port
        self._seen = seen
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)

    def run(self) -> None:
        kinds = (self._token, self._pieces, self._digest, self._write, self._read)
        while not self._seen.over:
            self._seen.up.wait(PATIENCE)
            kills, expected = self._seen.kills, self._seen.recovering
            try:
                self._random.choice(kinds)(next(self._turns))
                self._seen.answered += 1
            except (Failed, OSError, http.client.IncompleteRead) as error:
                self._seen.failed[name_of(error)] += 1
                self._connection.close()
                if self._seen.kills == kills and not expected:
                    self._seen.wrong.append(f"{self.name}: {error!r} though nothing was killed")
            except (AssertionError, http.client.HTTPException) as error:
                self._seen.wrong.append(f"{self.name}: {error!r}")
                self._connection.close()
        self._connection.close()

    def lost(self) -> list[str]:
        """The acknowledged writes that can't be read any more."""
        wrong = []
        for key in self.acknowledged:
            try:
                self._check_stored(key)
            except AssertionError as error:
                wrong.append(f"{self.name}: {error}")
        self._connection.close()
        return wrong

    # The kinds of requests ---------------------------------------------------------------------

    def _token(self, turn: int) -> None:
        token = self._new_token(turn)
        wait = self._random.choice(("0", "0", "0.02"))
        assert self._ask("GET", f"/token?token={token}&wait={wait}") == token

    def _pieces(self, turn: int) -> None:
        token = self._new_token(turn)
        assert self._ask("GET", f"/pieces?token={token}") == f"{token}\n" * 10 + "end"

    def _digest(self, turn: int) -> None:
        token = self._new_token(turn)
        body = token.encode() * self._random.randint(1, 8000)
        told = self._ask("POST", f"/digest?token={token}", body)
        assert told == f"{token} {hashlib.sha256(body).hexdigest()}"

    def _write(self, turn: int) -> None:
        key = f"c{self.number}-{turn % KEYS}"
        assert self._ask("GET", f"/put?key={key}&value={turn}") == f"{key}={turn}"
        self.acknowledged[key] = turn

    def _read(self, turn: int) -> None:
        if self.acknowledged:
            self._check_stored(self._random.choice(list(self.acknowledged)))

    def _check_stored(self, key: str) -> None:
        last = self.acknowledged[key]
        found = int(json.loads(self._ask("GET", f"/take?key={key}")) or 0)
        # A later one may have been written without an answer; it counts from now on.
        assert found >= last, f"{key} is {found}, but {last} was acknowledged"
        assert found % KEYS == last % KEYS, f"{key} is {found}, which was never written there"
        self.acknowledged[key] = found

    def _new_token(self, turn: int) -> str:
        return f"{self.number}-{turn}-{self._random.randbytes(8).hex()}"

    def _ask(self, method: str, path: str, body: bytes | None = None) -> str:
        self._connection.request(method, path, body)
        answer = self._connection.getresponse()
        text = answer.read().decode()
        if answer.status == 200:
            return text
        error = answer.getheader("x-vercel-error", "")
        assert (answer.status, error) in BY_A_KILL, f"{path}: {answer.status} {text[:200]}"
        raise Failed(f"{answer.status} {error}")


class Killer:
    """Starts the emulator, kills instances and emulators, and sees to it that it goes on."""

    def __init__(self, root: Path, seen: Seen, seed: int) -> None:
        self._root = write_project(root, app_files("faulty"))
        self._seen = seen
        self._random = random.Random(seed)
        self._stack = contextlib.ExitStack()
        self._emulator = self._start("localhost:0")
        self._pids = {self._emulator.process.pid}

    @property
    def port(self) -> int:
        return self._emulator.port

    def kill(self, *, emulator: bool) -> None:
        """Kill at a random moment; return when a request has been served after it."""
        time.sleep(self._random.uniform(0, 0.1))
        self._seen.recovering = True
        self._seen.kills += 1
        if emulator:
            self._kill_emulator()
        else:
            for pid in self._emulator.children():
                self._kill(pid)
        try:
            answer = self._emulator.get(f"/token?token=after-{self._seen.kills}")
            if answer.text != f"after-{self._seen.kills}":
                self._seen.wrong.append(f"after a kill: {answer.status_code} {answer.text[:200]}")
        except httpx.HTTPError as error:
            self._seen.wrong.append(f"after a kill: {error!r}")
        self._seen.recovering = False
        self._emulator.forget()

    def close(self) -> None:
        """Stop the emulator; nothing that was ever started may be left."""
        self._pids |= set(self._emulator.children())
        self._stack.close()
        if left := [pid for pid in self._pids if alive(pid)]:
            self._seen.wrong.append(f"processes are left: {left}")

    def _kill_emulator(self) -> None:
        self._seen.up.clear()
        children, port = self._emulator.children(), self.port
        self._kill(self._emulator.process.pid)
        self._stack.close()
        wait_until(lambda: not any(map(alive, children)), what="the instances end")
        self._emulator = self._start(f"127.0.0.1:{port}")
        self._pids.add(self._emulator.process.pid)

    def _kill(self, pid: int) -> None:
        self._pids.add(pid)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not alive(pid), what=f"{pid} ends")

    def _start(self, listen: str) -> DevProcess:
        process = DevProcess(
            self._root, "--listen", listen, "--no-reload", "--no-install", environ=clean_environ()
        )
        self._stack.enter_context(process)
        process.wait_ready()
        self._seen.up.set()
        return process


def run(root: Path, *, kills: int, clients: int, emulator_every: int, seed: int = 1) -> Seen:
    """Kill under load; what was wrong stands in the result."""
    seen = Seen()
    killer = Killer(root, seen, seed)
    try:
        users = [Client(number, seed, killer.port, seen) for number in range(clients)]
        for user in users:
            user.start()
        for number in range(1, kills + 1):
            killer.kill(emulator=number % emulator_every == 0)
        seen.over = True
        for user in users:
            user.join(PATIENCE)
            if user.is_alive():
                seen.wrong.append(f"{user.name} hangs")
        seen.wrong += [text for user in users for text in user.lost()]
    finally:
        seen.over = True
        killer.close()
    return seen


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--emulator-every", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        seen = run(
            Path(folder) / "project",
            kills=given.kills,
            clients=given.clients,
            emulator_every=given.emulator_every,
            seed=given.seed,
        )
    failed = ", ".join(f"{count} {name}" for name, count in sorted(seen.failed.items())) or "none"
    print(
        f"kills: {seen.kills} in {time.monotonic() - started:.0f} s, {seen.answered} answers, "
        f"failed by a kill: {failed}; {len(seen.wrong)} wrong"
    )
    for text in seen.wrong[:20]:
        print(f"  {text}")
    sys.exit(1 if seen.wrong else 0)


if __name__ == "__main__":
    main()

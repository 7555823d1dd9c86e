"""How a command asks a running emulator: one JSON request to its control listener."""

from __future__ import annotations

import http.client
import json
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from vercel_emu.control.registry import RunningEmulator, find_running
from vercel_emu.errors import EmuError

_TIMEOUT = 60.0


def running_emulator(root: Path) -> RunningEmulator:
    """The emulator that runs for the project.

    Raises:
        EmuError: none does.
    """
    found = find_running(root)
    if found is None:
        raise EmuError(
            "NO_EMULATOR",
            f"No emulator runs for the project in {root}.",
            "Start `vercel-emu dev` there, or give the project's folder.",
        )
    return found


class ControlClient:
    """Requests to a running emulator's control listener, over one connection. A context manager."""

    def __init__(self, emulator: RunningEmulator) -> None:
        address = urlsplit(emulator.control_url)
        self._pid = emulator.pid
        self._connection = http.client.HTTPConnection(
            address.hostname or "", address.port, timeout=_TIMEOUT
        )
        self._headers = {
            "authorization": f"Bearer {emulator.token}",
            "content-type": "application/json",
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """The answer of `/emu/v1` + `path`; `body` and answer are JSON.

        Raises:
            EmuError: the emulator refused, with its own words, or does not answer.
        """
        try:
            self._connection.request(method, f"/emu/v1{path}", body, self._headers)
            response = self._connection.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise self._silent(str(error)) from None
        if response.status != 200:
            raise _refused(response.status, answer)
        return answer

    def _silent(self, why: str) -> EmuError:
        return EmuError(
            "EMULATOR_SILENT",
            f"The emulator of this project (process {self._pid}) does not answer: {why}.",
            "Is it stopped, or of another version? Start it again; without one, `cache` commands "
            "work on the cache itself.",
        )


def ask(emulator: RunningEmulator, method: str, path: str, body: Any = None) -> Any:
    """One request; `body` and the answer are values that JSON knows.

    Raises:
        EmuError: the emulator refused, with its own words, or does not answer.
    """
    text = None if body is None else json.dumps(body).encode()
    with ControlClient(emulator) as client:
        return json.loads(client.ask(method, path, text) or b"null")


def _refused(status: int, answer: bytes) -> EmuError:
    try:
        return EmuError.from_dict(json.loads(answer)["error"])
    except (ValueError, LookupError, TypeError):
        return EmuError("REFUSED", f"The emulator answered {status}.")

"""How a command asks a running emulator: one JSON request to its control listener."""

from __future__ import annotations

import http.client
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from vercel_emu.control.registry import RunningEmulator, find_running
from vercel_emu.errors import EmuError

_TIMEOUT = 30.0


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


def ask(emulator: RunningEmulator, method: str, path: str, body: Any = None) -> Any:
    """The answer of `/emu/v1` + `path`.

    Raises:
        EmuError: the emulator refused, with its own words, or does not answer.
    """
    address = urlsplit(emulator.control_url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=_TIMEOUT)
    headers = {"authorization": f"Bearer {emulator.token}", "content-type": "application/json"}
    try:
        text = None if body is None else json.dumps(body)
        connection.request(method, f"/emu/v1{path}", text, headers)
        response = connection.getresponse()
        answer = json.loads(response.read() or b"null")
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise EmuError(
            "EMULATOR_SILENT",
            f"The emulator of this project (process {emulator.pid}) does not answer: {error}.",
            "Is it stopped, or of another version? Start it again.",
        ) from None
    finally:
        connection.close()
    if response.status != 200:
        told = answer.get("error") if isinstance(answer, dict) else None
        if not isinstance(told, dict):
            told = {"code": "REFUSED", "message": f"The emulator answered {response.status}."}
        raise EmuError.from_dict(told)
    return answer

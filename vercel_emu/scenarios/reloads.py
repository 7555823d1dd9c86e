"""When a running emulator has reloaded, from the control API's stream of events."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator

from vercel_emu.transport.client import HttpClient, NoAnswer


async def reloads(control_url: str, token: str) -> AsyncIterator[list[str]]:
    """The changed files of each reload from now on; ends with the emulator."""
    client = HttpClient(control_url, {"authorization": f"Bearer {token}"})
    with contextlib.suppress(NoAnswer):
        async for line in client.lines("/emu/v1/events"):
            event = json.loads(line)
            if event["event"] == "Reloaded":
                yield list(event["files"])

"""One call of a cron job, exactly as the platform makes it (vercel.com/docs/cron-jobs)."""

from __future__ import annotations

from collections.abc import Mapping

from vercel_emu.errors import EmuError
from vercel_emu.platform.header_names import CRON_PROOF, CRON_SCHEDULE
from vercel_emu.transport.client import HttpClient, Response

SECRET = "CRON_SECRET"


def cron_headers(schedule: str, secret: str, proof: str = "") -> dict[str, str]:
    """The headers that tell a function it is called by the platform's scheduler.

    `proof` is the emulator's token: without it the edge takes the schedule for a client's claim.

    Raises:
        EmuError: the secret can't be sent in a header.
    """
    headers = {"user-agent": "vercel-cron/1.0", CRON_SCHEDULE: schedule}
    if proof:
        headers[CRON_PROOF] = proof
    if secret:
        if not secret.isascii() or any(ord(character) < 0x20 for character in secret):
            raise EmuError(
                "INVALID_CRON_SECRET",
                f"{SECRET} holds characters that a header can't carry.",
                "Use letters, digits and punctuation of ASCII, without line breaks.",
            )
        headers["authorization"] = f"Bearer {secret}"
    return headers


async def call_cron(url: str, path: str, headers: Mapping[str, str]) -> Response:
    """GET `path` of the emulator at `url`. A redirect is an answer like any other.

    Raises:
        NoAnswer: there is none.
    """
    async with HttpClient(url) as client:
        return await client.send("GET", path, headers.items())

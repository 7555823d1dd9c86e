"""One call of a cron job, exactly as the platform makes it (vercel.com/docs/cron-jobs)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from vercel_emu.errors import EmuError
from vercel_emu.platform.header_names import CRON_PROOF, CRON_SCHEDULE
from vercel_emu.transport.connection import Connection, ConnectionFailed

SECRET = "CRON_SECRET"


@dataclass(frozen=True, slots=True, kw_only=True)
class CronAnswer:
    """What the function answered; a redirect is an answer like any other: it is not followed."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    duration_ms: float

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")


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


def request_head(host: str, path: str, headers: Mapping[str, str]) -> bytes:
    """The request's bytes."""
    lines = [f"GET {path} HTTP/1.1", f"host: {host}", "accept: */*", "connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8")


async def call_cron(url: str, path: str, headers: Mapping[str, str]) -> CronAnswer:
    """GET `path` of the emulator at `url`.

    Raises:
        OSError, ConnectionFailed: there is no answer.
    """
    address = urlsplit(url)
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    _, connection = await loop.create_connection(
        lambda: Connection(loop), address.hostname or "", address.port or 80
    )
    try:
        connection.begin(b"GET", request_head(address.netloc, path, headers))
        head = await connection.head()
        body = b"".join([part async for part in connection.body()])
    finally:
        connection.close()
    return CronAnswer(
        status=head.status,
        headers=tuple(
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers
        ),
        body=body,
        duration_ms=(time.perf_counter() - started) * 1000,
    )


__all__ = ["SECRET", "ConnectionFailed", "CronAnswer", "call_cron", "cron_headers", "request_head"]

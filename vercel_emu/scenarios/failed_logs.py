"""What the app wrote for the requests that failed: asked of the emulator's control API."""

from __future__ import annotations

import asyncio
import json

from vercel_emu.scenarios.report import Report, Result
from vercel_emu.transport.client import HttpClient, NoAnswer

MOST_ASKED = 100
"""Failed requests whose lines are asked for."""
END_SECONDS = 1
"""How long an invocation may still run (`wait_until`) before its lines are taken as they are."""
TRACEBACK_TRIES = 5
TRACEBACK_PAUSE = 0.1
"""A server writes the traceback of a failed request when its invocation is over."""


async def add_logs(report: Report, control: HttpClient) -> None:
    """Fill `report.logs`, as far as the emulator still has the lines."""
    asked = [result for result in report.failed if result.identity][:MOST_ASKED]
    for _ in range(TRACEBACK_TRIES):
        found = await asyncio.gather(*(_lines(one, control) for one in asked))
        report.logs |= {one.identity: lines for one, lines in zip(asked, found, strict=True)}
        asked = [one for one in asked if _lacks_traceback(one, report.logs[one.identity])]
        if not asked:
            return
        await asyncio.sleep(TRACEBACK_PAUSE)


async def _lines(result: Result, control: HttpClient) -> list[str]:
    path = f"/emu/v1/invocations/{result.identity}?wait={END_SECONDS}"
    try:
        answer = await control.send("GET", path)
    except NoAnswer:
        return []
    if answer.status != 200:
        return []
    return [line["text"] for line in json.loads(answer.body)["logs"]]


def _lacks_traceback(result: Result, lines: list[str]) -> bool:
    return result.status >= 500 and not any("Traceback" in line for line in lines)

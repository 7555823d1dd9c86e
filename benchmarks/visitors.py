"""What visitors cost: the first place, every further one, a choice per request, a big scenario.

Run: python benchmarks/visitors.py
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from vercel_emu import Emulator
from vercel_emu.scenarios.play import Player, cast
from vercel_emu.scenarios.report import Report, percentile
from vercel_emu.scenarios.scenario import read_scenario
from vercel_emu.transport.client import HttpClient
from vercel_emu.visitors.asking import by_fields, by_name
from vercel_emu.visitors.directory import VisitorDirectory
from vercel_emu.visitors.find import find_place
from vercel_emu.visitors.places import gazetteer
from vercel_emu.visitors.resolve import resolve_visitor

REQUESTS, CITIES, AT_ONCE = 5000, 100, 16

APP = """
import json
from urllib.parse import unquote

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    city = unquote(dict(scope["headers"])[b"x-vercel-ip-city"].decode())
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps({"city": city}).encode()})
"""


def microseconds(call: Callable[[], object], times: int = 2000) -> float:
    started = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - started) / times * 1e6


def show(what: str, cost: float, unit: str) -> None:
    print(f"{what:<58} {cost:>9.1f} {unit}")


def main() -> None:
    started = time.perf_counter()
    resolve_visitor("Tokyo")
    show("the first place (the data is loaded)", (time.perf_counter() - started) * 1000, "ms")
    names = [place.label for place, _ in zip(gazetteer().cities(), range(500), strict=False)]
    each = [microseconds(lambda n=name: find_place(n), 1) for name in names]  # type: ignore[misc]
    show("a place not asked for before, 99 % of 500 under", percentile(sorted(each), 99), "µs")
    choices()
    scenario()


def choices() -> None:
    visitors = VisitorDirectory()
    tokyo = resolve_visitor("Tokyo")
    browser = [(b"host", b"localhost"), (b"accept", b"*/*"), (b"cookie", b"a=1; b=2")]
    named = [*browser, *((name.encode(), value.encode()) for name, value in by_name("Tokyo"))]
    fields = [*browser, *((name.encode(), value.encode()) for name, value in by_fields(tokyo))]
    for what, headers in (
        ("a request that doesn't say who asks", browser),
        ("a request with x-emu-visitor", named),
        ("a request with every x-emu-* field", fields),
    ):
        show(what, microseconds(lambda h=headers: visitors.choose(h)), "µs")  # type: ignore[misc]


def scenario() -> None:
    cities = [place.label for place, _ in zip(gazetteer().cities(), range(CITIES), strict=False)]
    source = (
        "seed = 1\n[places.world]\n"
        + "\n".join(f'"{city}" = {1 + number % 5}' for number, city in enumerate(cities))
        + f'\n[[steps]]\npath = "/"\ndraw = "world"\nrepeat = {REQUESTS}\nat-once = {AT_ONCE}\n'
        + '[steps.expect]\nstatus = 200\njson = [{path = "city", equals = "{visitor.city}"}]\n'
    )
    parsed = read_scenario(source, "world.toml")
    players = cast(parsed, "world.toml")

    async def play(url: str) -> Report:
        async with HttpClient(url) as client:
            player = Player(parsed, players, client, file="world.toml")
            report = player.new_report()
            await player.play(report)
            return report

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "app.py").write_text(APP)
        with Emulator(folder) as emulator:
            report = asyncio.run(play(emulator.url))
    assert not report.failed
    times = sorted(result.duration_ms for result in report.results)
    what = f"{REQUESTS:,} checked requests from {CITIES} cities, {AT_ONCE} at once"
    show(what, report.seconds, f"s  ({REQUESTS / report.seconds:,.0f}/s)")
    show("  each, half of them under", percentile(times, 50), "ms")


if __name__ == "__main__":
    main()

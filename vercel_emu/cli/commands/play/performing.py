"""Playing a scenario at its venue, what is seen of it, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vercel_emu import tasks
from vercel_emu.control.registry import RunningEmulator
from vercel_emu.emulator.prepare import Prepared
from vercel_emu.errors import EmuError
from vercel_emu.scenarios.cache_look import CacheLook
from vercel_emu.scenarios.failed_logs import add_logs
from vercel_emu.scenarios.formats import as_junit
from vercel_emu.scenarios.play import Cast, Player
from vercel_emu.scenarios.report import Report
from vercel_emu.scenarios.scenario import Scenario
from vercel_emu.transport.client import HttpClient
from vercel_emu.transport.listen import DEFAULT_PORT

if TYPE_CHECKING:
    from vercel_emu.cli.terminal.play_view import PlayView

STOPPED = 130
"""The exit code after Ctrl+C, as a shell has it for SIGINT."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """The flags of the command."""

    junit: Path | None
    json: bool
    watch: bool
    quiet: bool
    verbose: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where a scenario is played. Without a control address the cache can't be seen."""

    url: str
    control_url: str = ""
    token: str = ""
    repeat_at: str = ""
    """Where a person can repeat a request, if not at `url`."""


type Venue = RunningEmulator | Prepared | str


async def perform(
    scenario: Scenario, players: Cast, file: str, venue: Venue, wishes: Wishes
) -> int:
    """The exit code."""
    from vercel_emu.cli.signals import stop_requested

    with stop_requested() as stop:
        playing = tasks.start(_played(scenario, players, file, venue, wishes), "play")
        stopped = tasks.start(stop.wait(), "Ctrl+C")
        await asyncio.wait((playing, stopped), return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        playing.cancel()
        try:
            return int(await playing)
        except asyncio.CancelledError:
            return STOPPED


async def _played(
    scenario: Scenario, players: Cast, file: str, venue: Venue, wishes: Wishes
) -> bool:
    """Whether an expectation was not met (the last time, with --watch)."""
    from vercel_emu.cli.terminal.play_view import PlayView

    view = PlayView(quiet=wishes.quiet, verbose=wishes.verbose, json=wishes.json)
    async with contextlib.AsyncExitStack() as stack:
        if isinstance(venue, Prepared):
            stage = await stack.enter_async_context(_started(venue, view))
        elif isinstance(venue, RunningEmulator):
            stage = Stage(url=venue.url, control_url=venue.control_url, token=venue.token)
        else:
            stage = Stage(url=venue)
        client = await stack.enter_async_context(HttpClient(stage.url))
        await client.check()
        control = None
        if stage.control_url:
            access = {"authorization": f"Bearer {stage.token}"}
            control = await stack.enter_async_context(HttpClient(stage.control_url, access))
        player = Player(
            scenario,
            players,
            client,
            file=file,
            look=CacheLook(control) if control else None,
            repeat_at=stage.repeat_at,
        )
        return await _played_and_told(player, control, stage, wishes, view)


async def _played_and_told(
    player: Player, control: HttpClient | None, stage: Stage, wishes: Wishes, view: PlayView
) -> bool:
    async def once() -> Report:
        report = player.new_report()
        try:
            with view.progress(report.planned) as on_result:
                await player.play(report, on_result)
                if control is not None:
                    await add_logs(report, control)
        finally:
            # Stopped or not: what came until now. An error of ours is told instead.
            if report.complete or isinstance(sys.exception(), asyncio.CancelledError):
                view.report(report)
                if wishes.junit is not None:
                    _write(wishes.junit, as_junit(report))
        return report

    report = await once()
    if wishes.watch:
        from vercel_emu.scenarios.reloads import reloads

        if not stage.control_url:
            raise EmuError(
                "CANNOT_WATCH",
                f"--watch can't see when {stage.url} reloads.",
                "Play at the emulator of the project in this folder, or give its DIRECTORY.",
            )
        async for files in reloads(stage.control_url, stage.token):
            view.say(f"reloaded {', '.join(files)}")
            report = await once()
    return bool(report.failed)


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise EmuError("NOT_WRITTEN", f"--junit {path}: {error.strerror}.") from None


@contextlib.asynccontextmanager
async def _started(prepared: Prepared, view: PlayView) -> AsyncIterator[Stage]:
    """An emulator for this one play."""
    from vercel_emu.control.waiting import functions_started
    from vercel_emu.emulator.start import running
    from vercel_emu.events import EventBus

    bus = EventBus()
    bus.subscribe(view.show)
    async with running(prepared, bus, announce=False) as project:
        await functions_started(project)
        yield Stage(
            url=project.url,
            control_url=project.control_url,
            token=project.token,
            repeat_at=f"http://localhost:{DEFAULT_PORT}",
        )
